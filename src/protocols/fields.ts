/**
 * Typed reading of a request body, by value and by field. `null` counts as
 * unsaid; a wrong type is the 400 that names the field and what is expected.
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
  return invalidField(
    path,
    `Cannot use ${path}: it is ${shown(value)}, expected ${wanted}`,
    "invalid_type",
  );
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "an array";
  return isJsonObject(value) ? "an object" : JSON.stringify(value).slice(0, 80);
}

/** Reads a text that may be left out. */
export function optionalString(
  value: JsonValue | undefined,
  path: string,
): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  throw wrongField(path, value, "a string");
}

/** Reads a text that must be there, though it may be empty. */
export function requiredString(
  value: JsonValue | undefined,
  path: string,
): string {
  if (typeof value === "string") return value;
  throw wrongField(path, value, "a string");
}

/** Reads a number that may be left out. */
export function optionalNumber(
  value: JsonValue | undefined,
  path: string,
): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrongField(path, value, "a number");
}

/** Reads a whole number of at least `minimum` that may be left out. */
export function optionalCount(
  value: JsonValue | undefined,
  path: string,
  minimum = 0,
): number | null {
  const count = optionalNumber(value, path);
  if (count === null || (Number.isSafeInteger(count) && count >= minimum)) {
    return count;
  }
  throw wrongField(path, count, `a whole number of at least ${minimum}`);
}

/** Reads true or false that may be left out. */
export function optionalBoolean(
  value: JsonValue | undefined,
  path: string,
): boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "boolean") return value;
  throw wrongField(path, value, "true or false");
}

/** Reads an object that may be left out. */
export function optionalObject(
  value: JsonValue | undefined,
  path: string,
): JsonObject | null {
  return value === undefined || value === null
    ? null
    : requiredObject(value, path);
}

/** Reads an object that must be there. */
export function requiredObject(
  value: JsonValue | undefined,
  path: string,
): JsonObject {
  if (isJsonObject(value)) return value;
  throw wrongField(path, value, "an object");
}

/** Reads a list, empty where it is left out. */
export function optionalList(
  value: JsonValue | undefined,
  path: string,
): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw wrongField(path, value, "an array");
}

/** Reads a text field, `null` where it is absent. */
export function textField(
  holder: JsonObject,
  name: string,
  path: string = name,
): string | null {
  return optionalString(holder[name], path);
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
  return optionalNumber(holder[name], path);
}

/** Reads a whole number of at least `minimum`, `null` where it is absent. */
export function countField(
  holder: JsonObject,
  name: string,
  minimum: number,
): number | null {
  return optionalCount(holder[name], name, minimum);
}

/** Reads a boolean field, `null` where it is absent. */
export function booleanField(
  holder: JsonObject,
  name: string,
  path: string = name,
): boolean | null {
  return optionalBoolean(holder[name], path);
}

/** Reads an object field, `null` where it is absent. */
export function objectField(
  holder: JsonObject,
  name: string,
  path: string = name,
): JsonObject | null {
  return optionalObject(holder[name], path);
}

/** Reads an array of objects, empty where the field is absent. */
export function objectsField(
  holder: JsonObject,
  name: string,
  path: string = name,
): JsonObject[] {
  return optionalList(holder[name], path).map((entry, index) =>
    requiredObject(entry, `${path}[${index}]`)
  );
}
