/**
 * Typed reading of the fields of a Responses body. `null` counts as unsaid; a
 * wrong type is the 400 that names the field and what is expected.
 *
 * @module
 */

import { invalidField } from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";

/** Names the type of a value in words that fit an error message. */
function typeName(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function wrongType(path: string, value: JsonValue, wanted: string): Error {
  return invalidField(
    path,
    `Invalid value for '${path}': expected ${wanted}, got ${typeName(value)}`,
    "invalid_type",
  );
}

/** Reads a text field, `null` where it is absent. */
export function textField(
  holder: JsonObject,
  name: string,
  path: string = name,
): string | null {
  const value = holder[name] ?? null;
  if (value === null || typeof value === "string") return value;
  throw wrongType(path, value, "a string");
}

/** Reads a text field that must be there. */
export function requiredText(
  holder: JsonObject,
  name: string,
  path: string = name,
): string {
  const value = textField(holder, name, path);
  if (value !== null) return value;
  throw invalidField(
    path,
    `Missing required parameter '${path}': give it a string`,
    "missing_required_parameter",
  );
}

/** Reads a number field, `null` where it is absent. */
export function numberField(
  holder: JsonObject,
  name: string,
  path: string = name,
): number | null {
  const value = holder[name] ?? null;
  if (value === null || typeof value === "number") return value;
  throw wrongType(path, value, "a number");
}

/** Reads a boolean field, `null` where it is absent. */
export function booleanField(
  holder: JsonObject,
  name: string,
  path: string = name,
): boolean | null {
  const value = holder[name] ?? null;
  if (value === null || typeof value === "boolean") return value;
  throw wrongType(path, value, "a boolean");
}

/** Reads an object field, `null` where it is absent. */
export function objectField(
  holder: JsonObject,
  name: string,
  path: string = name,
): JsonObject | null {
  const value = holder[name] ?? null;
  if (value === null || isJsonObject(value)) return value;
  throw wrongType(path, value, "an object");
}

/** Reads an array of objects, empty where the field is absent. */
export function objectsField(
  holder: JsonObject,
  name: string,
  path: string = name,
): JsonObject[] {
  const value = holder[name] ?? null;
  if (value === null) return [];
  if (!Array.isArray(value)) throw wrongType(path, value, "an array");
  return value.map((entry, index) => {
    if (isJsonObject(entry)) return entry;
    throw wrongType(`${path}[${index}]`, entry, "an object");
  });
}
