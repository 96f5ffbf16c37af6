/** Refuses what a provider of the messages protocol refuses, beside its turns. @module */

import { invalidField, type RequestError } from "../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import {
  foreignField,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
} from "./body_read.ts";
import { checkTurns } from "./messages_turns_check.ts";
import type { ReasoningProofs } from "./proof.ts";

// Fields of the other protocols: the real provider takes no unknown ones.
const FOREIGN = [
  "input",
  "instructions",
  "max_completion_tokens",
  "max_output_tokens",
  "response_format",
  "reasoning_effort",
  "reasoning",
  "stop",
  "n",
  "parallel_tool_calls",
  "presence_penalty",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "seed",
  "stream_options",
  "store",
  "user",
  "text",
  "include",
  "previous_response_id",
  "prompt_cache_key",
  "modalities",
] as const;

const MAX_CACHE_BREAKPOINTS = 4;
const TOOL_NAME_REGEXP = /^[a-zA-Z0-9_-]{1,128}$/;
const CHOICES = ["auto", "any", "tool", "none"] as const;
const THINKING = ["enabled", "disabled", "adaptive", "between_tools"] as const;

/** What differs between the operations of this protocol. */
export interface MessagesCheckOptions {
  /** Counting needs no `max_tokens`. */
  readonly counting: boolean;
}

/** Refuses a messages body that is wrong. @throws {RequestError} */
export function checkMessages(
  body: JsonObject,
  proofs: ReasoningProofs,
  { counting }: MessagesCheckOptions,
): void {
  if (typeof body.model !== "string" || body.model === "") {
    throw refuse("model", "Field required");
  }
  const foreign = foreignField(body, FOREIGN);
  if (foreign !== null) {
    throw refuse(foreign, "Extra inputs are not permitted");
  }
  if (!counting) checkMaxTokens(body.max_tokens);
  checkRange(body, "temperature", 0, 1);
  checkRange(body, "top_p", 0, 1);
  for (const [index, stop] of listOf(body.stop_sequences).entries()) {
    if (textOf(stop).trim() === "") {
      throw refuse(
        `stop_sequences.${index}`,
        "each stop sequence must contain non-whitespace",
      );
    }
  }
  checkSystem(body.system);
  const names = checkTools(body);
  checkToolChoice(body, names);
  checkThinking(body);
  checkFormat(objectOf(body.output_config));
  checkTurns(body, proofs);
  checkCacheBreakpoints(body);
}

/** Builds a 400 in the words of this protocol: the place, then what is wrong. */
export function refuse(place: string, problem: string): RequestError {
  return invalidField(place, `${place}: ${problem}`);
}

// 0 is allowed: it warms the cache and answers nothing.
function checkMaxTokens(value: JsonValue | undefined): void {
  if (value === undefined) throw refuse("max_tokens", "Field required");
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw refuse("max_tokens", "Input should be a valid integer");
  }
  if (value < 0) {
    throw refuse(
      "max_tokens",
      "Input should be greater than or equal to 0",
    );
  }
}

function checkRange(
  body: JsonObject,
  name: string,
  least: number,
  most: number,
): void {
  const value = body[name];
  if (value === undefined || value === null) return;
  if (typeof value !== "number") {
    throw refuse(name, "Input should be a valid number");
  }
  if (value < least || value > most) {
    throw refuse(name, `range: ${least}..${most}`);
  }
}

function checkSystem(system: JsonValue | undefined): void {
  for (const [index, block] of objectsOf(system).entries()) {
    if (block.type !== "text") {
      throw refuse(
        `system.${index}.type`,
        `Input should be 'text', but got '${textOf(block.type)}'`,
      );
    }
    if (textOf(block.text) === "") {
      throw refuse(`system.${index}`, "text content blocks must be non-empty");
    }
  }
}

function checkTools(body: JsonObject): string[] {
  const names: string[] = [];
  for (const [index, tool] of objectsOf(body.tools).entries()) {
    const place = `tools.${index}`;
    names.push(textOf(tool.name));
    // Tools with a type of their own run at the provider and have no schema.
    if (tool.type !== undefined && tool.type !== "custom") continue;
    if (!TOOL_NAME_REGEXP.test(textOf(tool.name))) {
      throw refuse(
        `${place}.custom.name`,
        "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
      );
    }
    const schema = tool.input_schema;
    if (!isJsonObject(schema)) {
      throw refuse(`${place}.custom.input_schema`, "Field required");
    }
    if (schema.type !== "object") {
      throw refuse(
        `${place}.custom.input_schema.type`,
        "Input should be 'object'",
      );
    }
    if (["oneOf", "anyOf", "allOf"].some((name) => schema[name])) {
      throw refuse(
        `${place}.custom.input_schema`,
        "input_schema does not support oneOf, allOf, or anyOf at the top level",
      );
    }
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refuse("tools", "Tool names must be unique");
  return names;
}

function checkToolChoice(body: JsonObject, names: readonly string[]): void {
  const choice = body.tool_choice;
  if (choice === undefined || choice === null) return;
  const { type, name } = objectOf(choice);
  const known: readonly (JsonValue | undefined)[] = CHOICES;
  if (!known.includes(type)) {
    throw refuse(
      "tool_choice",
      `Input tag '${
        textOf(type)
      }' found does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`,
    );
  }
  if (names.length === 0 && type !== "none" && type !== "auto") {
    throw refuse(
      "tool_choice",
      "tool_choice may only be specified while providing tools",
    );
  }
  if (type === "tool" && !names.includes(textOf(name))) {
    throw refuse(
      "tool_choice",
      `Tool '${textOf(name)}' not found in provided tools`,
    );
  }
  const serial = objectOf(choice).disable_parallel_tool_use;
  if (type === "none" && serial !== undefined) {
    throw refuse(
      "tool_choice.none.disable_parallel_tool_use",
      "Extra inputs are not permitted",
    );
  }
}

function checkThinking(body: JsonObject): void {
  if (body.thinking === undefined) return;
  const { type, budget_tokens: budget } = objectOf(body.thinking);
  const known: readonly (JsonValue | undefined)[] = THINKING;
  if (!known.includes(type)) {
    throw refuse(
      "thinking",
      `Input tag '${
        textOf(type)
      }' found using 'type' does not match any of the expected tags: 'disabled', 'enabled', 'adaptive'`,
    );
  }
  if (type !== "enabled") return;
  if (typeof budget !== "number") {
    throw refuse("thinking.enabled.budget_tokens", "Field required");
  }
  if (budget < 1024) {
    throw refuse(
      "thinking.enabled.budget_tokens",
      "Input should be greater than or equal to 1024",
    );
  }
  if (budget >= (numberOf(body.max_tokens) ?? Infinity)) {
    throw refuse(
      "max_tokens",
      "`max_tokens` must be greater than `thinking.budget_tokens`",
    );
  }
  checkThinkingNeighbours(body);
}

function checkThinkingNeighbours(body: JsonObject): void {
  const temperature = numberOf(body.temperature);
  if (temperature !== null && temperature !== 1) {
    throw refuse(
      "temperature",
      "`temperature` may only be set to 1 when thinking is enabled",
    );
  }
  if (body.top_k !== undefined) {
    throw refuse("top_k", "`top_k` must be unset when thinking is enabled");
  }
  if ((numberOf(body.top_p) ?? 1) < 0.95) {
    throw refuse(
      "top_p",
      "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled",
    );
  }
  const forced = textOf(objectOf(body.tool_choice).type);
  if (forced === "any" || forced === "tool") {
    throw refuse(
      "thinking",
      "Thinking may not be enabled when tool_choice forces tool use",
    );
  }
}

function checkFormat(config: JsonObject): void {
  const { format } = config;
  if (!isJsonObject(format)) return;
  if (format.type !== "json_schema") {
    throw refuse("output_config.format.type", "Input should be 'json_schema'");
  }
  if (!isJsonObject(format.schema)) {
    throw refuse("output_config.format.schema", "Field required");
  }
  const extra = Object.keys(format).find((name) =>
    name !== "type" && name !== "schema"
  );
  if (extra !== undefined) {
    throw refuse(
      `output_config.format.${extra}`,
      "Extra inputs are not permitted",
    );
  }
  if (openObject(format.schema)) {
    throw refuse(
      "output_config.format.schema",
      "For 'object' type, 'additionalProperties' must be explicitly set to false",
    );
  }
}

// Whether some object within the schema takes further properties.
function openObject(root: JsonObject): boolean {
  const stack: JsonValue[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (Array.isArray(value)) stack.push(...value);
    if (!isJsonObject(value)) continue;
    if (value.type === "object" && value.additionalProperties !== false) {
      return true;
    }
    for (const [name, inner] of Object.entries(value)) {
      // Values are no schemas, whatever they look like.
      if (name === "const" || name === "enum" || name === "default") continue;
      if (inner !== undefined) stack.push(inner);
    }
  }
  return false;
}

function checkCacheBreakpoints(body: JsonObject): void {
  const found = cacheControls(body).length;
  if (found > MAX_CACHE_BREAKPOINTS) {
    throw refuse(
      "cache_control",
      `A maximum of ${MAX_CACHE_BREAKPOINTS} blocks with cache_control may be provided. Found ${found}.`,
    );
  }
}

/** Finds every cache breakpoint of a body. */
export function cacheControls(body: JsonObject): JsonObject[] {
  const holders: JsonObject[] = [
    body,
    ...objectsOf(body.tools),
    ...objectsOf(body.system),
  ];
  for (const message of objectsOf(body.messages)) {
    holders.push(...objectsOf(message.content));
  }
  return holders.map((holder) => holder.cache_control).filter(isJsonObject);
}
