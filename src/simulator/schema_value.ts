/**
 * Draws a value that satisfies a JSON Schema: tool arguments and structured
 * answers. Where a schema cannot be satisfied, or asks for what the generator
 * does not understand (lookaround in patterns, `unevaluated...`, references
 * to other documents), the best try is given.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "../support/json.ts";
import { formatText } from "./format_text.ts";
import { patternText } from "./pattern_text.ts";
import {
  dependentNames,
  satisfiesSchema,
  schemaOfItem,
  schemasOfProperty,
  typeHolds,
} from "./schema_check.ts";
import {
  asSchema,
  canonicalJson,
  joinSchemas,
  type Schema,
  SchemaDocument,
  schemaList,
  schemaMap,
} from "./schema_document.ts";
import { numberValue } from "./schema_number.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { seededWord } from "./text.ts";

// From this depth on only what is required is made, so that recursion ends.
const LEAN_DEPTH = 5;
const MAX_DEPTH = 40;
const TRIES = 24;
const MAX_VALUES = 10_000;
const MAX_LENGTH = 10_000;

/** Draws a value that satisfies `schema`. The same random stream gives the same value. */
export function schemaValue(
  schema: JsonValue | undefined,
  random: SeededRandom,
): JsonValue {
  return new ValueGenerator(asSchema(schema), random).value();
}

class ValueGenerator {
  readonly #document: SchemaDocument;
  readonly #root: Schema;
  readonly #random: SeededRandom;
  #made = 0;

  constructor(root: Schema, random: SeededRandom) {
    this.#root = root;
    this.#document = new SchemaDocument(root);
    this.#random = random;
  }

  value(): JsonValue {
    return this.#value(this.#root, 0);
  }

  #lean(depth: number): boolean {
    return depth >= LEAN_DEPTH || this.#made > MAX_VALUES / 2;
  }

  // Tries until the schema holds: branches of oneOf, `not`, patterns and the
  // like cannot be met by construction alone.
  #value(schema: Schema, depth: number): JsonValue {
    const resolved = this.#document.resolve(schema);
    if (typeof resolved === "boolean") return seededWord(this.#random);
    if (depth > MAX_DEPTH || this.#made > MAX_VALUES) return null;
    let value: JsonValue = null;
    for (let i = 0; i < TRIES; i++) {
      this.#made++;
      value = this.#attempt(resolved, depth, i);
      if (satisfiesSchema(value, resolved, this.#document)) return value;
      if (this.#made > MAX_VALUES) break;
    }
    return value;
  }

  #attempt(schema: JsonObject, depth: number, attempt: number): JsonValue {
    const flat = this.#flatten(schema, depth, attempt);
    if (typeof flat === "boolean") return null;
    if (flat["const"] !== undefined) return flat["const"];
    if (Array.isArray(flat["enum"])) {
      const allowed = flat["enum"].filter((one) =>
        typeHolds(one, flat["type"])
      );
      return allowed.length > 0 ? this.#random.pick(allowed) : null;
    }
    switch (this.#type(flat, depth)) {
      case "object":
        return this.#object(flat, depth, attempt);
      case "array":
        return this.#array(flat, depth, attempt);
      case "number":
        return numberValue(flat, false, this.#random);
      case "integer":
        return numberValue(flat, true, this.#random);
      case "boolean":
        return this.#random.next() < 0.5;
      case "null":
        return null;
      default:
        return this.#string(flat, attempt);
    }
  }

  // One schema without allOf, anyOf, oneOf, if and $ref: a branch is chosen.
  #flatten(schema: JsonObject, depth: number, attempt: number): Schema {
    let flat: Schema = schema;
    for (let i = 0; i < MAX_DEPTH; i++) {
      flat = this.#document.resolve(flat);
      if (typeof flat === "boolean") return flat;
      const { allOf, anyOf, oneOf, if: test, then, else: other, ...rest }:
        JsonObject = flat;
      if (
        allOf === undefined && anyOf === undefined && oneOf === undefined &&
        test === undefined
      ) return flat;
      flat = rest;
      for (const one of schemaList(allOf)) {
        flat = joinSchemas(flat, this.#document.resolve(one));
      }
      for (const branches of [anyOf, oneOf]) {
        const list = schemaList(branches);
        if (list.length === 0) continue;
        const chosen = this.#branch(list, depth, attempt);
        flat = joinSchemas(flat, this.#document.resolve(chosen));
      }
      if (test !== undefined) {
        const met = this.#random.next() < 0.5;
        const branch = met
          ? [asSchema(test), asSchema(then)]
          : [asSchema(other)];
        for (const one of branch) {
          flat = joinSchemas(flat, this.#document.resolve(one));
        }
      }
    }
    return flat;
  }

  #branch(list: readonly Schema[], depth: number, attempt: number): Schema {
    const usable = list.filter((one) => one !== false);
    if (usable.length === 0) return false;
    if (!this.#lean(depth) || attempt >= TRIES / 2) {
      return this.#random.pick(usable);
    }
    const weights = usable.map((one) => this.#weight(one));
    const least = Math.min(...weights);
    const light = usable.filter((_one, index) => weights[index] === least);
    return this.#random.pick(light);
  }

  // How much a schema is likely to grow.
  #weight(schema: Schema): number {
    const resolved = this.#document.resolve(schema);
    if (typeof resolved === "boolean") return 1;
    const { const: only, enum: allowed, required, minItems } = resolved;
    if (only !== undefined || allowed !== undefined) return 0;
    switch (this.#type(resolved, 0, false)) {
      case "null":
        return 0;
      case "object":
        return 2 + (Array.isArray(required) ? required.length : 0);
      case "array":
        return 2 + (typeof minItems === "number" ? minItems : 0);
      case undefined:
        return 4;
      default:
        return 1;
    }
  }

  #type(
    schema: JsonObject,
    depth: number,
    draw = true,
  ): JsonValue | undefined {
    const { type } = schema;
    if (Array.isArray(type)) {
      if (type.length === 0) return undefined;
      if (this.#lean(depth) && type.includes("null")) return "null";
      const solid = type.filter((one) => one !== "null");
      if (!draw || solid.length === 0) return type[0];
      return this.#random.pick(solid);
    }
    return type ?? inferredType(schema);
  }

  #string(schema: JsonObject, attempt: number): string {
    const { pattern, format } = schema;
    const least = Math.min(MAX_LENGTH, bound(schema["minLength"], 0));
    const most = Math.max(least, bound(schema["maxLength"], Infinity));
    if (typeof pattern === "string") {
      const extra = attempt < 4 ? 4 : attempt < 12 ? Math.max(8, least) : 0;
      const text = patternText(pattern, this.#random, extra);
      return attempt % 2 === 0
        ? text
        : Array.from(text).slice(0, most).join("");
    }
    const formatted = typeof format === "string"
      ? formatText(format, this.#random)
      : null;
    if (formatted !== null) return formatted;
    let text = seededWord(this.#random);
    while (text.length < least) text += ` ${seededWord(this.#random)}`;
    return text.length > most ? text.slice(0, most) : text;
  }

  #array(schema: JsonObject, depth: number, attempt: number): JsonValue[] {
    const prefix = schema["prefixItems"] ?? schema["items"];
    const tuple = Array.isArray(prefix) ? prefix.length : 0;
    const { contains } = schema;
    const wanted = contains === undefined ? 0 : bound(schema["minContains"], 1);
    const least = Math.max(bound(schema["minItems"], 0), wanted);
    const most = Math.max(least, bound(schema["maxItems"], Infinity));
    const closed = schemaOfItem(schema, tuple) === false;
    const usual = this.#lean(depth)
      ? least
      : Math.max(least, tuple, this.#random.integer(1, 3));
    const count = Math.min(most, closed ? Math.min(usual, tuple) : usual);
    const items: JsonValue[] = [];
    const seen = schema["uniqueItems"] === true ? new Set<string>() : null;
    for (let i = 0; i < count && this.#made <= MAX_VALUES; i++) {
      const own = schemaOfItem(schema, i);
      const both = i >= count - wanted
        ? joinSchemas(this.#document.resolve(own), asSchema(contains))
        : own;
      items.push(this.#item(both, seen, depth));
    }
    return attempt < TRIES / 2 || items.length <= least
      ? items
      : items.slice(0, least);
  }

  // An item that is not among those seen, where they are kept.
  #item(schema: Schema, seen: Set<string> | null, depth: number): JsonValue {
    let item = this.#value(schema, depth + 1);
    if (seen === null) return item;
    for (let i = 0; i < TRIES * 4 && seen.has(canonicalJson(item)); i++) {
      item = this.#value(schema, depth + 1);
    }
    seen.add(canonicalJson(item));
    return item;
  }

  #object(schema: JsonObject, depth: number, attempt: number): JsonObject {
    const properties = schemaMap(schema["properties"]);
    const names = new Set<string>();
    const { required } = schema;
    if (Array.isArray(required)) {
      for (const name of required) names.add(String(name));
    }
    const most = bound(schema["maxProperties"], Infinity);
    // Later tries leave optional properties out: fewer can go wrong.
    const share = this.#lean(depth) ? 0 : attempt < TRIES / 2 ? 0.8 : 0;
    for (const [name, one] of properties) {
      if (names.size >= most) break;
      if (one !== false && this.#random.next() < share) names.add(name);
    }
    for (const [name, others] of dependentNames(schema)) {
      if (!names.has(name)) continue;
      for (const other of others) names.add(other);
    }
    this.#fillUp(schema, names, properties);
    const entries: [string, JsonValue][] = [];
    for (const name of orderedNames(properties, names)) {
      let joined: Schema = true;
      for (const one of schemasOfProperty(schema, name)) {
        joined = joinSchemas(joined, this.#document.resolve(one));
      }
      entries.push([name, this.#value(joined, depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  // Adds properties until minProperties is reached.
  #fillUp(
    schema: JsonObject,
    names: Set<string>,
    properties: ReadonlyMap<string, Schema>,
  ): void {
    const least = bound(schema["minProperties"], 0);
    for (const name of properties.keys()) {
      if (names.size >= least) return;
      names.add(name);
    }
    const [pattern] = schemaMap(schema["patternProperties"]).keys();
    const { propertyNames, additionalProperties } = schema;
    for (let i = 0; i < TRIES * 4 && names.size < least; i++) {
      if (propertyNames !== undefined) {
        names.add(String(this.#value(asSchema(propertyNames), LEAN_DEPTH)));
      } else if (additionalProperties === false && pattern !== undefined) {
        names.add(patternText(pattern, this.#random, 4));
      } else names.add(`${seededWord(this.#random)}${i}`);
    }
  }
}

// Declared order first: that is how models write their arguments.
function orderedNames(
  properties: ReadonlyMap<string, Schema>,
  names: ReadonlySet<string>,
): string[] {
  const declared = [...properties.keys()].filter((name) => names.has(name));
  const others = [...names].filter((name) => !properties.has(name));
  return [...declared, ...others];
}

function bound(value: JsonValue | undefined, otherwise: number): number {
  return typeof value === "number" && value >= 0 ? value : otherwise;
}

const TYPE_OF_KEYWORD: readonly (readonly [string, string])[] = [
  ["properties", "object"],
  ["required", "object"],
  ["additionalProperties", "object"],
  ["patternProperties", "object"],
  ["minProperties", "object"],
  ["items", "array"],
  ["prefixItems", "array"],
  ["minItems", "array"],
  ["contains", "array"],
  ["minimum", "number"],
  ["maximum", "number"],
  ["exclusiveMinimum", "number"],
  ["exclusiveMaximum", "number"],
  ["multipleOf", "number"],
];

function inferredType(schema: JsonObject): string | undefined {
  return TYPE_OF_KEYWORD.find(([keyword]) => schema[keyword] !== undefined)
    ?.[1];
}
