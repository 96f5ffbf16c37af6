/** JSON Schemas as the messages protocol takes them. Copies change; the originals stay. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";

/** A schema that fits, and what had to be changed for it. */
export interface FittedSchema {
  /** The schema to send. */
  readonly schema: JsonObject;
  /** What changed, one clause; `null` where nothing that matters did. */
  readonly change: string | null;
}

const UNIONS = ["anyOf", "oneOf", "allOf"] as const;

/**
 * Fits a tool's parameters: the root must be an object without a union. A
 * union of objects becomes one object with the properties of all; required is
 * what every branch requires (of `allOf`: any branch).
 */
export function fitToolSchema(parameters: JsonObject | null): FittedSchema {
  if (parameters === null || Object.keys(parameters).length === 0) {
    return { schema: { type: "object", properties: {} }, change: null };
  }
  const unions = UNIONS.filter((keyword) => Array.isArray(parameters[keyword]));
  if (unions.length === 0) {
    const schema = parameters.type === "object"
      ? parameters
      : { ...parameters, type: "object" };
    return { schema, change: null };
  }
  const schema: JsonObject = { ...parameters, type: "object" };
  for (const keyword of unions) {
    delete schema[keyword];
    mergeUnion(schema, keyword, parameters[keyword], parameters);
  }
  return {
    schema,
    change: `the union (${unions.join(", ")}) at its root became one object`,
  };
}

function mergeUnion(
  schema: JsonObject,
  keyword: string,
  branches: JsonValue | undefined,
  root: JsonObject,
): void {
  const objects = (Array.isArray(branches) ? branches : [])
    .filter(isJsonObject)
    .map((branch) => resolved(branch, root));
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  schema.properties = Object.assign(
    {},
    ...objects.map((branch) => branch.properties),
    properties,
  );
  const lists = objects.map((branch) => stringsOf(branch.required));
  const required = keyword === "allOf"
    ? lists.flat()
    : (lists[0] ?? []).filter((name) =>
      lists.every((list) => list.includes(name))
    );
  const all = [...new Set([...stringsOf(schema.required), ...required])];
  if (all.length > 0) schema.required = all;
}

// A branch is often `{"$ref": "#/$defs/Name"}`.
function resolved(branch: JsonObject, root: JsonObject): JsonObject {
  const match = typeof branch.$ref === "string"
    ? /^#\/(\$defs|definitions)\/([^/]+)$/.exec(branch.$ref)
    : null;
  const definitions = root[match?.[1] ?? ""];
  const target = isJsonObject(definitions)
    ? definitions[match?.[2] ?? ""]
    : null;
  return isJsonObject(target) ? target : branch;
}

function stringsOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value)
    ? value.filter((item) => typeof item === "string")
    : [];
}

const SCHEMA_MAPS: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "$defs",
  "definitions",
  "dependentSchemas",
]);
const SCHEMA_LISTS: ReadonlySet<string> = new Set([
  "anyOf",
  "oneOf",
  "allOf",
  "prefixItems",
]);
const SCHEMAS: ReadonlySet<string> = new Set([
  "items",
  "additionalProperties",
  "not",
  "if",
  "then",
  "else",
]);

// Bodies are limited to this depth before they are parsed.
const MAX_DEPTH = 128;

/**
 * Fits the schema of an answer: every object must say
 * `additionalProperties: false`. It is added where nothing is said; a schema
 * that allows more says so itself and is left to the provider.
 */
export function closeSchema(schema: JsonObject): FittedSchema {
  const closer = new SchemaCloser();
  const closed = closer.close(schema, 0);
  return {
    schema: closed,
    change: closer.added
      ? "additionalProperties: false was added to its objects"
      : null,
  };
}

class SchemaCloser {
  added = false;

  close(schema: JsonObject, depth: number): JsonObject {
    if (depth > MAX_DEPTH) return schema;
    const closed: JsonObject = {};
    for (const [keyword, value] of Object.entries(schema)) {
      closed[keyword] = this.#closeKeyword(keyword, value, depth + 1);
    }
    if (isObjectSchema(schema) && schema.additionalProperties === undefined) {
      closed.additionalProperties = false;
      this.added = true;
    }
    return closed;
  }

  #closeKeyword(
    keyword: string,
    value: JsonValue | undefined,
    depth: number,
  ): JsonValue | undefined {
    if (SCHEMAS.has(keyword) && isJsonObject(value)) {
      return this.close(value, depth);
    }
    if (SCHEMA_LISTS.has(keyword) && Array.isArray(value)) {
      return value.map((item) =>
        isJsonObject(item) ? this.close(item, depth) : item
      );
    }
    if (SCHEMA_MAPS.has(keyword) && isJsonObject(value)) {
      return this.#closeMap(value, depth);
    }
    return value;
  }

  #closeMap(map: JsonObject, depth: number): JsonObject {
    const closed: JsonObject = {};
    for (const [name, value] of Object.entries(map)) {
      closed[name] = isJsonObject(value) ? this.close(value, depth) : value;
    }
    return closed;
  }
}

function isObjectSchema(schema: JsonObject): boolean {
  const { type } = schema;
  return type === "object" ||
    (Array.isArray(type) && type.includes("object")) ||
    (type === undefined && isJsonObject(schema.properties));
}
