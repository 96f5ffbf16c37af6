/** JSON as it comes off the wire: the types every codec shares. @module */

/** Any JSON value. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonValue[]
  | JsonObject;

/** A JSON object. A field that is absent reads as `undefined`. */
export type JsonObject = { [key: string]: JsonValue | undefined };

/** Tells an object from every other JSON value, arrays included. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a text that should be a JSON object; `null` for everything else. */
export function parseJsonObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
