/** The JSON Schema of the config file, for editors and for finding known keys. @module */

import { z } from "zod";
import type { JsonObject } from "../support/json.ts";
import { isJsonObject } from "../support/json.ts";
import type { ConfigPath } from "./problem.ts";
import { configSchema } from "./schema.ts";

/** Builds the JSON Schema of the config file as it is written, defaults optional. */
export function configJsonSchema(): JsonObject {
  const schema = z.toJSONSchema(configSchema, { io: "input" }) as JsonObject;
  return { ...schema, title: "Signalbox configuration" };
}

/** The alternatives of a schema, itself included. */
function alternatives(schema: JsonObject): readonly JsonObject[] {
  const branches = [schema.anyOf, schema.oneOf].flatMap((list) =>
    Array.isArray(list) ? list.filter(isJsonObject) : []
  );
  return [schema, ...branches.flatMap((branch) => alternatives(branch))];
}

/** What a schema says of one key or index. */
function descend(
  schema: JsonObject,
  part: string | number,
): readonly JsonObject[] {
  return alternatives(schema).flatMap((branch) => {
    if (typeof part === "number") {
      return isJsonObject(branch.items) ? [branch.items] : [];
    }
    const properties = branch.properties;
    const property = isJsonObject(properties) &&
        Object.hasOwn(properties, part)
      ? properties[part]
      : branch.additionalProperties;
    return isJsonObject(property) ? [property] : [];
  });
}

/** The schemas that a value at this path may follow. */
export function schemasAt(path: ConfigPath): readonly JsonObject[] {
  let schemas: readonly JsonObject[] = [configJsonSchema()];
  for (const part of path) {
    schemas = schemas.flatMap((schema) => descend(schema, part));
  }
  return schemas;
}

/** The keys that an object at this path may have. */
export function knownKeys(path: ConfigPath): readonly string[] {
  const keys = schemasAt(path).flatMap(alternatives).flatMap((schema) =>
    isJsonObject(schema.properties) ? Object.keys(schema.properties) : []
  );
  return [...new Set(keys)];
}
