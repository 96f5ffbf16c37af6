/**
 * Typed reading of the fields of a request body. `null` counts as unsaid; a
 * wrong type is the 400 that names the field and what is expected.
 *
 * @module
 */

import { invalidField, type RequestError } from "../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

/** Builds the 400 for a value of the wrong type or range. */
export function wrongField(
  path: string,
  value: JsonValue | undefined,
  wanted: string,
): RequestError {
  const shown = typeof value === "object" && value !== null
    ? Array.isArray(value) ? "an array" : "an object"
    : JSON.stringify(value ?? null).slice(0, 80);
  return invalidField(
    path,
    `Cannot use ${path}: it is ${shown}, expected ${wanted}`,
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
  throw wrongField(path, value, "a string");
}

/** Reads a text field that must be there and not be empty. */
export function requiredText(
  holder: JsonObject,
  name: string,
  path: string = name,
): string {
  const value = textField(holder, name, path);
  if (value !== null && value !== "") return value;
  throw invalidField(
    path,
    `Cannot do without ${path}: give it a string that is not empty`,
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
  if (value === null) return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrongField(path, value, "a number");
}

/** Reads a whole number of at least `minimum`, `null` where it is absent. */
export function countField(
  holder: JsonObject,
  name: string,
  minimum: number,
): number | null {
  const value = numberField(holder, name);
  if (value === null || (Number.isInteger(value) && value >= minimum)) {
    return value;
  }
  throw wrongField(name, value, `a whole number of at least ${minimum}`);
}

/** Reads a boolean field, `null` where it is absent. */
export function booleanField(
  holder: JsonObject,
  name: string,
  path: string = name,
): boolean | null {
  const value = holder[name] ?? null;
  if (value === null || typeof value === "boolean") return value;
  throw wrongField(path, value, "true or false");
}

/** Reads an object field, `null` where it is absent. */
export function objectField(
  holder: JsonObject,
  name: string,
  path: string = name,
): JsonObject | null {
  const value = holder[name] ?? null;
  if (value === null || isJsonObject(value)) return value;
  throw wrongField(path, value, "an object");
}

/** Reads an array of objects, empty where the field is absent. */
export function objectsField(
  holder: JsonObject,
  name: string,
  path: string = name,
): JsonObject[] {
  const value = holder[name] ?? null;
  if (value === null) return [];
  if (!Array.isArray(value)) throw wrongField(path, value, "an array");
  return value.map((entry, index) => {
    if (isJsonObject(entry)) return entry;
    throw wrongField(`${path}[${index}]`, entry, "an object");
  });
}
