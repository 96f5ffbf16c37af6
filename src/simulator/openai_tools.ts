/** Checks that chat and responses share: names, strict schemas and choice of tools. @module */

import { invalidField } from "../exchange/gateway_error.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import {
  listOf,
  missingParameter,
  objectOf,
  unsupportedValue,
} from "./body_read.ts";
import { schemaList, schemaMap } from "./schema_document.ts";

const NAME_REGEXP = /^[a-zA-Z0-9_-]{1,64}$/;
const MAX_DEPTH = 64;

/** Refuses a function without a valid name, or with a schema that `strict` forbids. */
export function checkFunction(definition: JsonObject, param: string): void {
  const { name, parameters, strict } = definition;
  if (typeof name !== "string") throw missingParameter(`${param}.name`);
  if (!NAME_REGEXP.test(name)) {
    throw invalidField(
      `${param}.name`,
      `Invalid '${param}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$' of at most 64 characters.`,
      "invalid_value",
    );
  }
  if (
    parameters !== undefined && parameters !== null && !isJsonObject(parameters)
  ) {
    throw invalidField(
      `${param}.parameters`,
      `Invalid type for '${param}.parameters': expected an object.`,
      "invalid_type",
    );
  }
  if (strict === true) {
    const fault = strictFault(objectOf(parameters), 0);
    if (fault !== null) {
      throw invalidField(
        `${param}.parameters`,
        `Invalid schema for function '${name}': ${fault}`,
        "invalid_function_parameters",
      );
    }
  }
}

/** Refuses a structured output without name or schema, or with a schema that `strict` forbids. */
export function checkJsonSchemaFormat(
  format: JsonObject,
  param: string,
): void {
  if (typeof format.name !== "string") throw missingParameter(`${param}.name`);
  if (!isJsonObject(format.schema)) throw missingParameter(`${param}.schema`);
  const fault = format.strict === true ? strictFault(format.schema, 0) : null;
  if (fault !== null) {
    throw invalidField(
      param,
      `Invalid schema for response_format '${format.name}': ${fault}`,
      "invalid_json_schema",
    );
  }
}

/** Finds what strict mode does not allow in a schema, `null` for nothing. */
export function strictFault(schema: JsonObject, depth: number): string | null {
  if (depth > MAX_DEPTH) return null;
  const properties = schemaMap(schema.properties);
  if (schema.type === "object" || properties.size > 0) {
    if (schema.additionalProperties !== false) {
      return "'additionalProperties' is required to be supplied and to be false.";
    }
    const required = listOf(schema.required);
    for (const name of properties.keys()) {
      if (!required.includes(name)) {
        return `'required' is required to be supplied and to be an array including every key in properties. Missing '${name}'.`;
      }
    }
  }
  const inner = [
    ...properties.values(),
    ...schemaMap(schema.$defs).values(),
    ...schemaList(schema.anyOf),
    objectOf(schema.items),
  ];
  for (const one of inner) {
    const fault = typeof one === "boolean" ? null : strictFault(one, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** Refuses the choice of a tool that is not there, and a forced choice without tools. */
export function checkToolChoice(
  body: JsonObject,
  names: readonly string[],
  chosen: string | null,
): void {
  const { tool_choice: choice, tools } = body;
  if (choice === undefined || choice === null) return;
  if (typeof choice === "string") {
    if (!["none", "auto", "required"].includes(choice)) {
      throw unsupportedValue("tool_choice", choice, [
        "none",
        "auto",
        "required",
      ]);
    }
    if (choice === "required" && listOf(tools).length === 0) {
      throw invalidField(
        "tool_choice",
        "Tool choice 'required' must be specified with 'tools' parameter.",
      );
    }
  }
  if (chosen !== null && !names.includes(chosen)) {
    throw invalidField(
      "tool_choice",
      `Tool choice '${chosen}' not found in 'tools' parameter.`,
    );
  }
}
