/**
 * Usage of Chat Completions to the disjoint ledger and back. On the wire
 * `prompt_tokens` contains what was read from and written to a cache, and
 * `completion_tokens` contains reasoning, unless the totals prove otherwise.
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
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import { tokenCount } from "../token_count.ts";

/** The first of the values that was told at all: a told zero is no gap. */
function firstCount(...values: (JsonValue | undefined)[]): number | null {
  for (const value of values) {
    const told = tokenCount(value);
    if (told !== null) return told;
  }
  return null;
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Finds the usage object of a chunk or body, wherever the provider puts it. */
export function findUsage(holder: JsonObject): JsonObject | null {
  if (isJsonObject(holder.usage)) return holder.usage;
  // Moonshot: inside the choice. Groq: under x_groq, on some models there alone.
  const choice = Array.isArray(holder.choices) ? holder.choices[0] : undefined;
  const inChoice = object(choice).usage;
  if (isJsonObject(inChoice)) return inChoice;
  const groq = object(holder.x_groq).usage;
  return isJsonObject(groq) ? groq : null;
}

/** What the prompt consisted of, as told. */
type PromptParts = {
  readonly cached: number;
  readonly cachedAudio: number;
  readonly written: number;
  readonly writtenHour: number;
  readonly audio: number;
};

function promptParts(usage: JsonObject): PromptParts {
  const details = object(
    usage.prompt_tokens_details ?? usage.prompt_token_details ??
      usage.input_tokens_details ?? usage.input_token_details,
  );
  const creation = object(details.cache_creation ?? usage.cache_creation);
  const hour = tokenCount(creation.ephemeral_1h_input_tokens) ?? 0;
  const fiveMinutes = tokenCount(creation.ephemeral_5m_input_tokens);
  const written = firstCount(
    details.cache_write_tokens,
    details.cache_creation_input_tokens,
    details.cache_creation_tokens,
    usage.cache_creation_input_tokens,
    usage.cache_write_tokens,
  ) ?? (fiveMinutes ?? 0) + hour;
  const cached = firstCount(
    details.cached_tokens,
    usage.prompt_cache_hit_tokens,
    usage.num_cached_tokens,
    usage.cached_tokens,
    usage.cache_read_input_tokens,
  ) ?? 0;
  const cachedDetails = object(details.cached_tokens_details);
  return {
    cached,
    cachedAudio: Math.min(tokenCount(cachedDetails.audio_tokens) ?? 0, cached),
    written,
    writtenHour: Math.min(hour, written),
    audio: tokenCount(details.audio_tokens) ?? 0,
  };
}

/** What was generated beside plain text, as told. */
type CompletionParts = {
  readonly reasoning: number;
  readonly audio: number;
  readonly image: number;
};

function completionParts(usage: JsonObject): CompletionParts {
  const details = object(
    usage.completion_tokens_details ?? usage.output_tokens_details ??
      usage.output_token_details,
  );
  return {
    reasoning: firstCount(details.reasoning_tokens, usage.reasoning_tokens) ??
      0,
    audio: tokenCount(details.audio_tokens) ?? 0,
    image: tokenCount(details.image_tokens) ?? 0,
  };
}

/** All that was billed as prompt and as completion. */
type Sums = { readonly prompt: number; readonly completion: number };

/**
 * Tells the sums that everything is inside of. `total_tokens` settles where
 * reasoning stands: xAI counts it beside `completion_tokens`, Gemini's
 * endpoint does not even name it, and only the total bills it.
 */
function sums(
  usage: JsonObject,
  prompt: number,
  completion: number,
  cached: number,
  reasoning: number,
): Sums {
  const total = tokenCount(usage.total_tokens);
  const excess = (total ?? 0) - prompt - completion;
  // More cached than prompt, or a total that only fits with it: the cache is
  // counted beside, as in messages.
  const beside = cached > prompt ||
    (cached > 0 && excess !== reasoning &&
      (excess === cached || excess === cached + reasoning));
  const wholePrompt = beside ? prompt + cached : prompt;
  // Perplexity names thinking beside the totals and leaves it out of them.
  const apart = tokenCount(usage.reasoning_tokens) ?? 0;
  if (apart > completion && (total ?? 0) <= wholePrompt + completion) {
    return { prompt: wholePrompt, completion: completion + apart };
  }
  if (total !== null && total >= wholePrompt + completion) {
    return { prompt: wholePrompt, completion: total - wholePrompt };
  }
  const outside = total === null && reasoning > completion;
  return {
    prompt: wholePrompt,
    completion: outside ? completion + reasoning : completion,
  };
}

/** Takes at most what is left, so that the buckets never exceed the sum. */
class Remainder {
  #left: number;

  constructor(sum: number) {
    this.#left = sum;
  }

  take(wanted: number): number {
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    return taken;
  }

  rest(): number {
    return this.take(this.#left);
  }
}

function webSearches(usage: JsonObject): number {
  return firstCount(
    object(usage.server_tool_use_details).web_search_requests,
    object(usage.server_tool_use).web_search_requests,
    usage.num_search_queries,
  ) ?? 0;
}

function tierAndModel(usage: JsonObject, response: JsonObject): Usage {
  const result = noUsage();
  const tier = response.service_tier ?? usage.service_tier;
  // Snowflake sends an empty tier.
  if (typeof tier === "string" && tier !== "") result.serviceTier = tier;
  const model = response.model;
  if (typeof model === "string" && model !== "") result.model = model;
  return result;
}

/** DeepSeek's prompt where only its parts are told. */
function hitsAndMisses(usage: JsonObject): number | undefined {
  const hits = tokenCount(usage.prompt_cache_hit_tokens);
  const misses = tokenCount(usage.prompt_cache_miss_tokens);
  return hits === null || misses === null ? undefined : hits + misses;
}

/** Embeddings name no completion: their total says that there is none. */
function completionInTotal(
  usage: JsonObject,
  prompt: number | null,
): number | undefined {
  const total = tokenCount(usage.total_tokens);
  return prompt === null || total === null || total < prompt
    ? undefined
    : total - prompt;
}

/** Reads a usage object; `response` is the chunk or body that held it. */
export function readChatUsage(usage: JsonObject, response: JsonObject): Usage {
  const result = tierAndModel(usage, response);
  const toldPrompt = firstCount(
    usage.prompt_tokens,
    usage.input_tokens,
    hitsAndMisses(usage),
  );
  const toldCompletion = firstCount(
    usage.completion_tokens,
    usage.output_tokens,
    completionInTotal(usage, toldPrompt),
  );
  result.raw = usage;
  if (toldPrompt === null && toldCompletion === null) return result;
  const parts = promptParts(usage);
  const made = completionParts(usage);
  const billed = sums(
    usage,
    toldPrompt ?? 0,
    toldCompletion ?? 0,
    parts.cached + parts.written,
    made.reasoning,
  );
  const ledger = emptyLedger();
  const prompt = new Remainder(billed.prompt);
  ledger.cacheReadAudio = prompt.take(parts.cachedAudio);
  ledger.cacheRead = prompt.take(parts.cached - parts.cachedAudio);
  ledger.cacheWrite1h = prompt.take(parts.writtenHour);
  ledger.cacheWrite5m = prompt.take(parts.written - parts.writtenHour);
  ledger.inputAudio = prompt.take(
    Math.max(0, parts.audio - parts.cachedAudio),
  );
  ledger.input = prompt.rest();
  // What the total bills beyond `completion_tokens` is thinking, named or not.
  const beyond = Math.max(0, billed.completion - (toldCompletion ?? 0));
  const completion = new Remainder(billed.completion);
  ledger.reasoning = completion.take(Math.max(made.reasoning, beyond));
  ledger.outputAudio = completion.take(made.audio);
  ledger.outputImage = completion.take(made.image);
  ledger.output = completion.rest();
  ledger.webSearch = webSearches(usage);
  result.ledger = ledger;
  result.source = toldPrompt === null || toldCompletion === null
    ? "partial"
    : "reported";
  return result;
}

/** Builds the usage object of an answer. */
export function encodeChatUsage(usage: Usage): JsonObject {
  const { ledger } = usage;
  const prompt = totalInput(ledger);
  const completion = totalOutput(ledger);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: ledger.cacheRead + ledger.cacheReadAudio,
      cache_write_tokens: ledger.cacheWrite5m + ledger.cacheWrite1h,
      audio_tokens: ledger.inputAudio + ledger.cacheReadAudio,
    },
    completion_tokens_details: {
      reasoning_tokens: ledger.reasoning,
      audio_tokens: ledger.outputAudio,
    },
  };
}
