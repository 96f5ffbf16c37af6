/** Usage of the messages protocol, in both directions. @module */

import {
  emptyLedger,
  type Ledger,
  noUsage,
  totalOutput,
  type Usage,
  type UsagePass,
} from "../../exchange/usage.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import { tokenCount } from "../token_count.ts";

/**
 * Reads a usage object. Cache reads and writes stand outside of
 * `input_tokens`, thinking inside of `output_tokens`. Where `iterations` says
 * what each pass consumed, their sum counts: the top level leaves compaction
 * and advisor passes out.
 */
export function readMessagesUsage(
  usage: JsonObject,
  response: JsonObject,
): Usage {
  const iterations = Array.isArray(usage.iterations)
    ? usage.iterations.filter(isJsonObject)
    : [];
  const passes = iterations.length === 0 ? [usage] : iterations;
  const ledger = emptyLedger();
  let thinking = 0;
  for (const pass of passes) {
    addPass(ledger, pass);
    thinking += thinkingOf(pass) ?? 0;
  }
  const fallback = servingModel(iterations);
  const model = textOf(response.model);
  const unassigned = thinking > 0 ? 0 : thinkingOf(usage) ?? 0;
  splitThinking(ledger, thinking + unassigned);
  const tools = isJsonObject(usage.server_tool_use)
    ? usage.server_tool_use
    : {};
  ledger.webSearch = count(tools.web_search_requests);
  return {
    ledger,
    raw: usage,
    source: passes.some(saysAnything) ? "reported" : "none",
    serviceTier: textOf(usage.service_tier),
    model: fallback ?? model,
    ...(iterations.length === 0
      ? {}
      : { passes: splitPasses(iterations, fallback && model, unassigned) }),
  };
}

/**
 * The passes, each for its own price; `model` is that of passes which name
 * none. Thinking that only the sum tells of is that of the first passes.
 */
function splitPasses(
  iterations: readonly JsonObject[],
  model: string | null,
  unassigned: number,
): readonly UsagePass[] {
  let left = unassigned;
  return iterations.map((pass) => {
    const ledger = emptyLedger();
    addPass(ledger, pass);
    const own = thinkingOf(pass) ?? left;
    splitThinking(ledger, own);
    left -= Math.min(left, ledger.reasoning);
    return { model: textOf(pass.model) ?? model, ledger };
  });
}

/**
 * Lays later usage over earlier: counts are cumulative, so that each field of
 * `message_delta` replaces the one of `message_start`. Null says nothing.
 */
export function mergeUsage(earlier: JsonObject, later: JsonObject): JsonObject {
  const merged: JsonObject = { ...earlier };
  for (const [field, value] of Object.entries(later)) {
    if (value !== null && value !== undefined) merged[field] = value;
  }
  return merged;
}

/** Marks usage that was read off a stream which broke before the final counts. */
export function partialUsage(usage: JsonObject, message: JsonObject): Usage {
  const read = readMessagesUsage(usage, message);
  return read.source === "none" ? noUsage() : { ...read, source: "partial" };
}

/** Writes the usage object of a whole answer or of `message_start`. */
export function encodeMessagesUsage(usage: Usage): JsonObject {
  const { ledger } = usage;
  const encoded: JsonObject = {
    ...encodeDeltaUsage(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: ledger.cacheWrite5m,
      ephemeral_1h_input_tokens: ledger.cacheWrite1h,
    },
  };
  const tier = tierOf(usage.serviceTier);
  if (tier !== null) encoded.service_tier = tier;
  return encoded;
}

/** Writes the usage object of `message_delta`. */
export function encodeDeltaUsage(usage: Usage): JsonObject {
  const { ledger } = usage;
  const encoded: JsonObject = {
    input_tokens: ledger.input + ledger.inputAudio,
    cache_creation_input_tokens: ledger.cacheWrite5m + ledger.cacheWrite1h,
    cache_read_input_tokens: ledger.cacheRead + ledger.cacheReadAudio,
    output_tokens: totalOutput(ledger),
  };
  if (ledger.reasoning > 0) {
    encoded.output_tokens_details = { thinking_tokens: ledger.reasoning };
  }
  if (ledger.webSearch > 0) {
    encoded.server_tool_use = {
      web_search_requests: ledger.webSearch,
      web_fetch_requests: 0,
    };
  }
  return encoded;
}

function addPass(ledger: Ledger, pass: JsonObject): void {
  ledger.input += count(pass.input_tokens);
  ledger.cacheRead += count(pass.cache_read_input_tokens);
  ledger.output += count(pass.output_tokens);
  const split = isJsonObject(pass.cache_creation) ? pass.cache_creation : {};
  const fiveMinutes = count(split.ephemeral_5m_input_tokens);
  const oneHour = count(split.ephemeral_1h_input_tokens);
  // The split may be older than the total: `message_delta` repeats only the total.
  const total = typeof pass.cache_creation_input_tokens === "number"
    ? count(pass.cache_creation_input_tokens)
    : fiveMinutes + oneHour;
  ledger.cacheWrite1h += Math.min(oneHour, total);
  ledger.cacheWrite5m += total - Math.min(oneHour, total);
}

function splitThinking(ledger: Ledger, thinking: number): void {
  ledger.reasoning = Math.min(thinking, ledger.output);
  ledger.output -= ledger.reasoning;
}

function thinkingOf(pass: JsonObject): number | null {
  const details = pass.output_tokens_details;
  return isJsonObject(details) ? count(details.thinking_tokens) : null;
}

// After a fallback the answer is another model's than `message.model` says.
function servingModel(iterations: readonly JsonObject[]): string | null {
  const fallback = iterations.findLast((pass) =>
    pass.type === "fallback_message"
  );
  return textOf(fallback?.model);
}

const COUNTS = [
  "input_tokens",
  "output_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
] as const;

function saysAnything(pass: JsonObject): boolean {
  return COUNTS.some((field) => typeof pass[field] === "number");
}

function count(value: JsonValue | undefined): number {
  return tokenCount(value) ?? 0;
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function tierOf(tier: string | null): string | null {
  switch (tier) {
    case "standard":
    case "default":
      return "standard";
    case "priority":
    case "batch":
      return tier;
    default:
      return null;
  }
}
