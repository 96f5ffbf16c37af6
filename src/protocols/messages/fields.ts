/** Typed reads of request fields; each wrong type is a 400 that names the field. @module */

import {
  invalidField,
  type RequestError,
} from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";

/** Builds the 400 for a field of the wrong type. */
export function wrongType(
  path: string,
  expected: string,
  value: JsonValue | undefined,
): RequestError {
  return invalidField(
    path,
    `Cannot read ${path}: it is ${describe(value)}, expected ${expected}`,
  );
}

function describe(value: JsonValue | undefined): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "string") {
    return value.length <= 40 ? `"${value}"` : "a string";
  }
  return String(value);
}

/** Reads a string that may be left out or null. */
export function optionalString(
  value: JsonValue | undefined,
  path: string,
): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") throw wrongType(path, "a string", value);
  return value;
}

/** Reads a string that must be there. */
export function requiredString(
  value: JsonValue | undefined,
  path: string,
): string {
  if (typeof value !== "string") throw wrongType(path, "a string", value);
  return value;
}

/** Reads a number that may be left out or null. */
export function optionalNumber(
  value: JsonValue | undefined,
  path: string,
): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "number") throw wrongType(path, "a number", value);
  return value;
}

/** Reads a whole number, 0 or more, that may be left out or null. */
export function optionalCount(
  value: JsonValue | undefined,
  path: string,
): number | null {
  const number = optionalNumber(value, path);
  if (number !== null && (!Number.isSafeInteger(number) || number < 0)) {
    throw wrongType(path, "a whole number, 0 or more", value);
  }
  return number;
}

/** Reads a boolean that may be left out or null. */
export function optionalBoolean(
  value: JsonValue | undefined,
  path: string,
): boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "boolean") throw wrongType(path, "a boolean", value);
  return value;
}

/** Reads an object that may be left out or null. */
export function optionalObject(
  value: JsonValue | undefined,
  path: string,
): JsonObject | null {
  if (value === undefined || value === null) return null;
  if (!isJsonObject(value)) throw wrongType(path, "an object", value);
  return value;
}

/** Reads a list that may be left out or null. */
export function optionalList(
  value: JsonValue | undefined,
  path: string,
): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongType(path, "an array", value);
  return value;
}

/** Reads an object that must be there. */
export function requiredObject(
  value: JsonValue | undefined,
  path: string,
): JsonObject {
  if (!isJsonObject(value)) throw wrongType(path, "an object", value);
  return value;
}
