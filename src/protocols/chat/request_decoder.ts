/** Chat Completions requests to canonical form. @module */

import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type {
  CanonicalRequest,
  OutputFormat,
  ReasoningRequest,
  Sampling,
} from "../canonical.ts";
import {
  booleanField,
  countField,
  numberField,
  objectField,
  objectsField,
  requiredText,
  textField,
  wrongField,
} from "../fields.ts";
import { MessageDecoder } from "./message_decoder.ts";
import { decodeToolChoice, decodeTools } from "./tools.ts";

/** Fields that have a place in the canonical form; all others are native. */
const CANONICAL_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_completion_tokens",
  "max_tokens",
  "temperature",
  "top_p",
  "top_k",
  "seed",
  "frequency_penalty",
  "presence_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "stop",
  "tools",
  "tool_choice",
  "functions",
  "function_call",
  "parallel_tool_calls",
  "response_format",
  "verbosity",
  "reasoning_effort",
  "reasoning",
  "include_reasoning",
  "thinking",
  "enable_thinking",
  "thinking_budget",
  "service_tier",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "metadata",
  "store",
]);

/**
 * Reads the client's body.
 * @throws {RequestError} for a field that is wrong in itself
 */
export function decodeChatRequest(body: JsonObject): CanonicalRequest {
  const messages = decodeMessages(body);
  const stream = booleanField(body, "stream") ?? false;
  return {
    model: requiredText(body, "model"),
    stream,
    instructions: messages.instructions,
    turns: messages.turns,
    tools: decodeTools(body),
    toolChoice: decodeToolChoice(body),
    parallelToolCalls: booleanField(body, "parallel_tool_calls"),
    maxOutputTokens: countField(body, "max_completion_tokens", 1) ??
      countField(body, "max_tokens", 1),
    stop: decodeStop(body),
    sampling: decodeSampling(body),
    format: decodeFormat(body),
    verbosity: textField(body, "verbosity"),
    reasoning: decodeReasoning(body),
    serviceTier: textField(body, "service_tier"),
    userId: textField(body, "user"),
    safetyIdentifier: textField(body, "safety_identifier"),
    promptCacheKey: textField(body, "prompt_cache_key"),
    metadata: objectField(body, "metadata"),
    store: booleanField(body, "store"),
    includeUsage: stream && wantsUsage(body),
    native: { chat: { ...nativeFields(body), ...messages.native } },
    places: messages.places,
  };
}

function decodeMessages(body: JsonObject): MessageDecoder {
  const list = objectsField(body, "messages");
  if (list.length === 0) {
    throw wrongField(
      "messages",
      body.messages,
      "an array with at least one message",
    );
  }
  const decoder = new MessageDecoder();
  list.forEach((message, index) => decoder.push(message, index));
  return decoder;
}

function wantsUsage(body: JsonObject): boolean {
  const options = objectField(body, "stream_options") ?? {};
  return booleanField(
    options,
    "include_usage",
    "stream_options.include_usage",
  ) ??
    false;
}

function nativeFields(body: JsonObject): JsonObject {
  const native: JsonObject = {};
  for (const [name, value] of Object.entries(body)) {
    if (!CANONICAL_FIELDS.has(name)) native[name] = value;
  }
  countField(body, "n", 1);
  return native;
}

function decodeStop(body: JsonObject): string[] {
  const stop = body.stop ?? null;
  if (stop === null) return [];
  if (typeof stop === "string") return [stop];
  const wanted = "a string or an array of strings";
  if (!Array.isArray(stop)) throw wrongField("stop", stop, wanted);
  return stop.map((sequence, index) => {
    if (typeof sequence === "string") return sequence;
    throw wrongField(`stop[${index}]`, sequence, "a string");
  });
}

function decodeSampling(body: JsonObject): Sampling {
  return {
    temperature: numberField(body, "temperature"),
    topP: numberField(body, "top_p"),
    topK: numberField(body, "top_k"),
    seed: numberField(body, "seed"),
    frequencyPenalty: numberField(body, "frequency_penalty"),
    presencePenalty: numberField(body, "presence_penalty"),
    logitBias: objectField(body, "logit_bias"),
    logprobs: booleanField(body, "logprobs"),
    topLogprobs: numberField(body, "top_logprobs"),
  };
}

function decodeFormat(body: JsonObject): OutputFormat | null {
  const format = objectField(body, "response_format");
  if (format === null) return null;
  const type = requiredText(format, "type", "response_format.type");
  if (type === "text") return null;
  if (type === "json_object") return { kind: "json-object" };
  const path = "response_format.json_schema";
  const holder = objectField(format, "json_schema", path);
  const schema = holder === null
    ? null
    : objectField(holder, "schema", `${path}.schema`);
  if (type !== "json_schema" || holder === null) {
    throw wrongField(
      "response_format",
      type,
      "text, json_object or json_schema",
    );
  }
  return {
    kind: "json-schema",
    name: textField(holder, "name", `${path}.name`),
    description: textField(holder, "description", `${path}.description`),
    schema: schema ?? {},
    strict: booleanField(holder, "strict", `${path}.strict`),
  };
}

/** Reads OpenAI's field and the dialects of OpenRouter, GLM, DeepSeek and Qwen. */
function decodeReasoning(body: JsonObject): ReasoningRequest | null {
  const dialect = objectField(body, "reasoning") ?? {};
  const effort = textField(body, "reasoning_effort") ??
    textField(dialect, "effort", "reasoning.effort");
  const thinking = isJsonObject(body.thinking) ? body.thinking : {};
  const budgetTokens =
    numberField(dialect, "max_tokens", "reasoning.max_tokens") ??
      numberField(thinking, "budget_tokens", "thinking.budget_tokens") ??
      numberField(body, "thinking_budget");
  const enabled = booleanField(dialect, "enabled", "reasoning.enabled") ??
    booleanField(body, "enable_thinking");
  const mode = modeOf(thinking.type) ??
    (enabled === null ? null : enabled ? "enabled" : "disabled");
  const hidden =
    booleanField(dialect, "exclude", "reasoning.exclude") === true ||
    booleanField(body, "include_reasoning") === false;
  const summary = textField(dialect, "summary", "reasoning.summary") ??
    (hidden ? "omitted" : null);
  if (
    effort === null && budgetTokens === null && mode === null &&
    summary === null
  ) {
    return null;
  }
  return { effort, budgetTokens, mode, summary };
}

function modeOf(type: unknown): ReasoningRequest["mode"] {
  if (type === "enabled" || type === "disabled" || type === "adaptive") {
    return type;
  }
  return type === "auto" ? "adaptive" : null;
}
