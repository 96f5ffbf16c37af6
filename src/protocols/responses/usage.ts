/**
 * Usage of OpenAI Responses to the disjoint ledger and back. On the wire
 * `input_tokens` contains what was read from and written to a cache, and
 * `output_tokens` contains reasoning, unless the totals prove otherwise.
 *
 * @module
 */

import {
  emptyLedger,
  noUsage,
  totalInput,
  totalOutput,
  type Usage,
} from "../../exchange/usage.ts";
import { isJsonObject, type JsonObject } from "../../support/json.ts";
import { tokenCount } from "../token_count.ts";

/** Counts the web searches that are billed apart; opening a found page is not one. */
function countWebSearches(response: JsonObject): number {
  if (!Array.isArray(response.output)) return 0;
  let searches = 0;
  for (const item of response.output) {
    if (!isJsonObject(item) || item.type !== "web_search_call") continue;
    const action = isJsonObject(item.action) ? item.action.type : undefined;
    if (typeof action !== "string" || action === "search") searches++;
  }
  return searches;
}

/** The wire's sums, taken apart. */
type Split = { input: number; output: number; reasoning: number };

/**
 * Tells what the sums contain. Most providers count cached and reasoning
 * tokens inside; where `total_tokens` or the parts themselves say that they
 * stand outside, they are added instead of subtracted.
 */
function split(
  usage: JsonObject,
  cached: number,
  thought: number,
): Split {
  const input = tokenCount(usage.input_tokens) ?? 0;
  const output = tokenCount(usage.output_tokens) ?? 0;
  const total = tokenCount(usage.total_tokens) ?? 0;
  const excess = total - input - output;
  const cachedOutside = cached > input ||
    (excess > 0 && excess !== thought &&
      (excess === cached || excess === cached + thought));
  const reasoningOutside = thought > output ||
    (excess > 0 && (excess === thought || excess === cached + thought));
  if (cachedOutside || reasoningOutside || excess <= 0) {
    return {
      input: cachedOutside ? input : input - cached,
      output: reasoningOutside ? output : output - thought,
      reasoning: thought,
    };
  }
  // Output that nobody names but the total bills is hidden thinking.
  return {
    input: input - cached,
    output: output - thought,
    reasoning: thought + excess,
  };
}

/** Reads a usage object; `response` is the object that held it. */
export function readResponsesUsage(
  usage: JsonObject | null,
  response: JsonObject,
): Usage {
  const result = noUsage();
  if (typeof response.service_tier === "string") {
    result.serviceTier = response.service_tier;
  }
  if (typeof response.model === "string") result.model = response.model;
  if (usage === null) return result;
  result.raw = usage;
  const told = [
    tokenCount(usage.input_tokens),
    tokenCount(usage.output_tokens),
  ];
  if (told.every((value) => value === null)) return result;
  const inputDetails = isJsonObject(usage.input_tokens_details)
    ? usage.input_tokens_details
    : {};
  const outputDetails = isJsonObject(usage.output_tokens_details)
    ? usage.output_tokens_details
    : {};
  const read = tokenCount(inputDetails.cached_tokens) ?? 0;
  const written = tokenCount(inputDetails.cache_write_tokens) ?? 0;
  const thought = tokenCount(outputDetails.reasoning_tokens) ?? 0;
  const parts = split(usage, read + written, thought);
  const ledger = emptyLedger();
  ledger.input = parts.input;
  ledger.cacheRead = read;
  ledger.cacheWrite5m = written;
  ledger.output = parts.output;
  ledger.reasoning = parts.reasoning;
  ledger.webSearch = countWebSearches(response);
  result.ledger = ledger;
  result.source = told.includes(null) ? "partial" : "reported";
  return result;
}

/** Builds the usage object of an answer. Its integers always exist: clients add them up. */
export function encodeResponsesUsage(usage: Usage): JsonObject {
  const { ledger } = usage;
  const input = totalInput(ledger);
  const output = totalOutput(ledger);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: ledger.cacheRead + ledger.cacheReadAudio,
      cache_write_tokens: ledger.cacheWrite5m + ledger.cacheWrite1h,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: ledger.reasoning },
    total_tokens: input + output,
  };
}
