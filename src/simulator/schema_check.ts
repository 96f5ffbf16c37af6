/**
 * Tells whether a value satisfies a JSON Schema, as far as the generator of
 * `schema_value.ts` must know: it tries, looks, and tries again.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import { compilePattern } from "./pattern_text.ts";
import {
  asSchema,
  canonicalJson,
  sameJson,
  type Schema,
  type SchemaDocument,
  schemaList,
  schemaMap,
} from "./schema_document.ts";

const MAX_DEPTH = 128;

/** Whether `value` satisfies `schema`. Formats are not checked; what is too deep or too much to look at passes. */
export function satisfiesSchema(
  value: JsonValue,
  schema: Schema,
  document: SchemaDocument,
  depth = 0,
): boolean {
  const resolved = document.resolve(schema);
  if (typeof resolved === "boolean") return resolved;
  if (depth > MAX_DEPTH || !document.spendCheck()) return true;
  return typeHolds(value, resolved["type"]) && enumHolds(value, resolved) &&
    numberHolds(value, resolved) && stringHolds(value, resolved) &&
    arrayHolds(value, resolved, document, depth) &&
    objectHolds(value, resolved, document, depth) &&
    combinationHolds(value, resolved, document, depth);
}

/** Whether `value` is of the named type, or one of several. */
export function typeHolds(
  value: JsonValue,
  type: JsonValue | undefined,
): boolean {
  if (type === undefined) return true;
  if (Array.isArray(type)) return type.some((one) => typeHolds(value, one));
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isJsonObject(value);
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    default:
      return false;
  }
}

function enumHolds(value: JsonValue, schema: JsonObject): boolean {
  const { enum: allowed, const: only } = schema;
  if (only !== undefined && !sameJson(value, only)) return false;
  return !Array.isArray(allowed) ||
    allowed.some((entry) => sameJson(value, entry));
}

function numberHolds(value: JsonValue, schema: JsonObject): boolean {
  if (typeof value !== "number") return true;
  const limit = (name: string, otherwise: number) => {
    const bound = schema[name];
    return typeof bound === "number" ? bound : otherwise;
  };
  const step = limit("multipleOf", 0);
  return value >= limit("minimum", -Infinity) &&
    value <= limit("maximum", Infinity) &&
    value > limit("exclusiveMinimum", -Infinity) &&
    value < limit("exclusiveMaximum", Infinity) &&
    (step <= 0 || Number.isInteger(value / step));
}

function stringHolds(value: JsonValue, schema: JsonObject): boolean {
  if (typeof value !== "string") return true;
  const { minLength, maxLength, pattern } = schema;
  const length = Array.from(value).length;
  if (typeof minLength === "number" && length < minLength) return false;
  if (typeof maxLength === "number" && length > maxLength) return false;
  if (typeof pattern !== "string") return true;
  return compilePattern(pattern)?.test(value) ?? true;
}

function arrayHolds(
  value: JsonValue,
  schema: JsonObject,
  document: SchemaDocument,
  depth: number,
): boolean {
  if (!Array.isArray(value)) return true;
  const { minItems, maxItems, uniqueItems } = schema;
  if (typeof minItems === "number" && value.length < minItems) return false;
  if (typeof maxItems === "number" && value.length > maxItems) return false;
  if (uniqueItems === true && !allDifferent(value)) return false;
  for (const [index, item] of value.entries()) {
    const itemSchema = schemaOfItem(schema, index);
    if (!satisfiesSchema(item, itemSchema, document, depth + 1)) return false;
  }
  const { contains, minContains, maxContains } = schema;
  if (contains === undefined) return true;
  const found =
    value.filter((item) =>
      satisfiesSchema(item, asSchema(contains), document, depth + 1)
    ).length;
  return found >= (typeof minContains === "number" ? minContains : 1) &&
    found <= (typeof maxContains === "number" ? maxContains : Infinity);
}

function allDifferent(values: readonly JsonValue[]): boolean {
  return new Set(values.map(canonicalJson)).size === values.length;
}

/** The schema of the item at `index`, tuples of both drafts included. */
export function schemaOfItem(schema: JsonObject, index: number): Schema {
  const { prefixItems, items, additionalItems } = schema;
  if (Array.isArray(items)) {
    return asSchema(index < items.length ? items[index] : additionalItems);
  }
  if (Array.isArray(prefixItems) && index < prefixItems.length) {
    return asSchema(prefixItems[index]);
  }
  return asSchema(items);
}

function objectHolds(
  value: JsonValue,
  schema: JsonObject,
  document: SchemaDocument,
  depth: number,
): boolean {
  if (!isJsonObject(value)) return true;
  const names = Object.keys(value);
  const { required, minProperties, maxProperties, propertyNames } = schema;
  if (Array.isArray(required)) {
    if (!required.every((name) => Object.hasOwn(value, String(name)))) {
      return false;
    }
  }
  if (typeof minProperties === "number" && names.length < minProperties) {
    return false;
  }
  if (typeof maxProperties === "number" && names.length > maxProperties) {
    return false;
  }
  for (const name of names) {
    if (
      propertyNames !== undefined &&
      !satisfiesSchema(name, asSchema(propertyNames), document, depth + 1)
    ) return false;
    for (const one of schemasOfProperty(schema, name)) {
      if (!satisfiesSchema(value[name] ?? null, one, document, depth + 1)) {
        return false;
      }
    }
  }
  return dependenciesHold(value, schema, document, depth);
}

function dependenciesHold(
  value: JsonObject,
  schema: JsonObject,
  document: SchemaDocument,
  depth: number,
): boolean {
  for (const [name, needed] of dependentNames(schema)) {
    if (!Object.hasOwn(value, name)) continue;
    if (!needed.every((other) => Object.hasOwn(value, other))) return false;
  }
  for (const [name, dependent] of schemaMap(schema["dependentSchemas"])) {
    if (!Object.hasOwn(value, name)) continue;
    if (!satisfiesSchema(value, dependent, document, depth + 1)) return false;
  }
  return true;
}

/** Which properties demand which others. */
export function dependentNames(schema: JsonObject): Map<string, string[]> {
  const map = new Map<string, string[]>();
  const { dependentRequired } = schema;
  if (!isJsonObject(dependentRequired)) return map;
  for (const [name, others] of Object.entries(dependentRequired)) {
    if (Array.isArray(others)) map.set(name, others.map(String));
  }
  return map;
}

/** The schemas that the property `name` must satisfy. */
export function schemasOfProperty(schema: JsonObject, name: string): Schema[] {
  const found: Schema[] = [];
  const { properties, patternProperties } = schema;
  if (isJsonObject(properties) && Object.hasOwn(properties, name)) {
    found.push(asSchema(properties[name]));
  }
  if (patternProperties !== undefined) {
    for (const [pattern, one] of schemaMap(patternProperties)) {
      if (compilePattern(pattern)?.test(name)) found.push(one);
    }
  }
  return found.length > 0 ? found : [asSchema(schema["additionalProperties"])];
}

function combinationHolds(
  value: JsonValue,
  schema: JsonObject,
  document: SchemaDocument,
  depth: number,
): boolean {
  const holds = (one: Schema) =>
    satisfiesSchema(value, one, document, depth + 1);
  const { allOf, anyOf, oneOf, not } = schema;
  if (!schemaList(allOf).every(holds)) return false;
  if (Array.isArray(anyOf) && !schemaList(anyOf).some(holds)) return false;
  if (
    Array.isArray(oneOf) && schemaList(oneOf).filter(holds).length !== 1
  ) return false;
  if (not !== undefined && holds(asSchema(not))) return false;
  if (schema["if"] === undefined) return true;
  const branch = holds(asSchema(schema["if"])) ? "then" : "else";
  return holds(asSchema(schema[branch]));
}
