/** Reads and changes a field given as dotted path; copies what leads to it and shares the rest. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

function own(holder: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(holder, name) ? holder[name] : undefined;
}

function split(path: string): [string, string | null] {
  const dot = path.indexOf(".");
  return dot < 0 ? [path, null] : [path.slice(0, dot), path.slice(dot + 1)];
}

/** Reads a field, `undefined` where it was not said. */
export function readPath(
  body: JsonObject,
  path: string,
): JsonValue | undefined {
  const [name, rest] = split(path);
  const found = own(body, name);
  if (rest === null) return found;
  return isJsonObject(found) ? readPath(found, rest) : undefined;
}

/** Sets a field; what stands in its way and is no object is replaced. */
export function setPath(
  body: JsonObject,
  path: string,
  value: JsonValue,
): JsonObject {
  const [name, rest] = split(path);
  if (rest === null) return { ...body, [name]: value };
  const inner = own(body, name);
  return {
    ...body,
    [name]: setPath(isJsonObject(inner) ? inner : {}, rest, value),
  };
}

/** Whether something that is no object stands where the path must pass. */
export function isBlocked(body: JsonObject, path: string): boolean {
  const [name, rest] = split(path);
  if (rest === null) return false;
  const inner = own(body, name);
  if (inner === undefined) return false;
  return !isJsonObject(inner) || isBlocked(inner, rest);
}

/** Removes a field; the body itself where there is none. */
export function removePath(body: JsonObject, path: string): JsonObject {
  const [name, rest] = split(path);
  const found = own(body, name);
  if (found === undefined) return body;
  if (rest === null) {
    return Object.fromEntries(
      Object.entries(body).filter(([key]) => key !== name),
    );
  }
  if (!isJsonObject(found)) return body;
  const inner = removePath(found, rest);
  return inner === found ? body : { ...body, [name]: inner };
}
