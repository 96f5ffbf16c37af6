/**
 * One JSON Schema document: what its references point to, and the joining of
 * two schemas that must both hold.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

/** A schema: an object, `true` or `false`. */
export type Schema = JsonObject | boolean;

/** Reads any JSON value as a schema; what is none allows everything. */
export function asSchema(value: JsonValue | undefined): Schema {
  return isJsonObject(value) || typeof value === "boolean" ? value : true;
}

/** Reads a list of schemas; what is no list is empty. */
export function schemaList(value: JsonValue | undefined): Schema[] {
  return Array.isArray(value) ? value.map(asSchema) : [];
}

/** Reads an object whose values are schemas. */
export function schemaMap(value: JsonValue | undefined): Map<string, Schema> {
  const map = new Map<string, Schema>();
  if (!isJsonObject(value)) return map;
  for (const [name, entry] of Object.entries(value)) {
    map.set(name, asSchema(entry));
  }
  return map;
}

/** Compares two JSON values by content. */
export function sameJson(a: JsonValue, b: JsonValue): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}

/** Renders a JSON value so that equal values give equal texts. */
export function canonicalJson(value: JsonValue): string {
  return JSON.stringify(
    value,
    (_key, entry: JsonValue) =>
      isJsonObject(entry)
        ? Object.fromEntries(
          Object.entries(entry).sort(([x], [y]) => x < y ? -1 : 1),
        )
        : entry,
  );
}

const MAX_REFERENCES = 32;

// Schemas that refer to themselves in several branches grow without limit.
const MAX_CHECKS = 100_000;

/** A whole schema, within which references are resolved. */
export class SchemaDocument {
  readonly #root: Schema;
  #checks = 0;

  /** Takes the outermost schema. */
  constructor(root: Schema) {
    this.#root = root;
  }

  /** Counts one check of a value; false once there were so many that no more are worth it. */
  spendCheck(): boolean {
    return ++this.#checks <= MAX_CHECKS;
  }

  /** Follows `$ref` until a schema without one is found, keywords beside a reference kept. */
  resolve(schema: Schema): Schema {
    let current = schema;
    for (let i = 0; i < MAX_REFERENCES; i++) {
      if (typeof current === "boolean") return current;
      const { $ref: reference, ...rest } = current;
      if (typeof reference !== "string") return current;
      const target = this.#target(reference);
      current = Object.keys(rest).length === 0
        ? target
        : joinSchemas(target, rest);
    }
    return true;
  }

  #target(reference: string): Schema {
    if (reference === "#") return this.#root;
    if (!reference.startsWith("#/")) return true;
    let value: JsonValue | undefined = this.#root;
    for (const step of reference.slice(2).split("/")) {
      const name = pointerStep(step);
      if (isJsonObject(value) && Object.hasOwn(value, name)) {
        value = value[name];
      } else if (Array.isArray(value)) value = value[Number(name)];
      else return true;
    }
    return asSchema(value);
  }
}

function pointerStep(step: string): string {
  let text = step;
  try {
    text = decodeURIComponent(step);
  } catch {
    // Not percent-encoded after all: the pointer is taken as it stands.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** Joins two schemas into one that asks for both; keywords it cannot merge stay in `allOf`. */
export function joinSchemas(a: Schema, b: Schema): Schema {
  if (a === false || b === false) return false;
  if (a === true) return b;
  if (b === true) return a;
  const joined: JsonObject = { ...a };
  for (const [keyword, value] of Object.entries(b)) {
    const own = joined[keyword];
    if (own === undefined) joined[keyword] = value;
    else if (value !== undefined && !sameJson(own, value)) {
      joinKeyword(joined, keyword, own, value);
    }
  }
  return joined;
}

function joinKeyword(
  joined: JsonObject,
  keyword: string,
  own: JsonValue,
  value: JsonValue,
): void {
  switch (keyword) {
    case "type":
      joined["type"] = joinTypes(own, value);
      break;
    case "enum":
      joined["enum"] = joinEnums(own, value);
      break;
    case "required":
      joined["required"] = [...new Set([...list(own), ...list(value)])];
      break;
    case "minimum":
    case "exclusiveMinimum":
    case "minLength":
    case "minItems":
    case "minProperties":
      joined[keyword] = Math.max(Number(own), Number(value));
      break;
    case "maximum":
    case "exclusiveMaximum":
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      joined[keyword] = Math.min(Number(own), Number(value));
      break;
    case "properties":
    case "patternProperties":
      joined[keyword] = joinMaps(own, value);
      break;
    case "items":
    case "additionalProperties":
      joined[keyword] = joinSchemas(asSchema(own), asSchema(value));
      break;
    case "title":
    case "description":
    case "default":
    case "examples":
    case "$defs":
    case "definitions":
      break;
    default:
      joined["allOf"] = [...list(joined["allOf"]), { [keyword]: value }];
  }
}

function list(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function joinTypes(a: JsonValue, b: JsonValue): JsonValue {
  const left = Array.isArray(a) ? a : [a];
  const right = Array.isArray(b) ? b : [b];
  const both = left.filter((type) => right.includes(type));
  if (both.length > 0) return both;
  // An integer is a number, so that the narrower of the two is left.
  const integers = left.includes("integer") || right.includes("integer");
  const numbers = left.includes("number") || right.includes("number");
  return integers && numbers ? "integer" : [];
}

function joinEnums(a: JsonValue, b: JsonValue): JsonValue {
  return list(a).filter((value) =>
    list(b).some((other) => sameJson(value, other))
  );
}

function joinMaps(a: JsonValue, b: JsonValue): JsonObject {
  const joined = schemaMap(a);
  for (const [name, schema] of schemaMap(b)) {
    const own = joined.get(name);
    joined.set(name, own === undefined ? schema : joinSchemas(own, schema));
  }
  return Object.fromEntries(joined);
}
