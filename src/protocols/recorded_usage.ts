/**
 * Reads usage off what was recorded of an answer: its usage object, its whole
 * body or its events, in one of the three protocols or a foreign shape.
 *
 * @module
 */

import { noUsage, totalOutput, type Usage } from "../exchange/usage.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import { estimateTokensOfLength } from "../support/token_estimate.ts";
import { findUsage, readChatUsage } from "./chat/usage.ts";
import { readForeignUsage } from "./foreign_usage.ts";
import { readMessagesUsage } from "./messages/usage.ts";
import type { Protocol, SseEvent } from "./protocol.ts";
import { readResponsesUsage } from "./responses/usage.ts";

/** Fields that tell a whole answer from a bare usage object. */
const ANSWER_FIELDS = [
  "usage",
  "choices",
  "content",
  "output",
  "candidates",
  "usageMetadata",
  "x_groq",
  "meta",
] as const;

/** Reads usage off a usage object or a whole body. */
export function usageOfBody(protocol: Protocol, body: JsonObject): Usage {
  const wrapped = isJsonObject(body.response) ? body.response : body;
  const foreign = readForeignUsage(wrapped);
  if (foreign !== null) return foreign;
  if (!ANSWER_FIELDS.some((field) => field in wrapped)) {
    return read(protocol, wrapped, {});
  }
  const usage = protocol.name === "chat"
    ? findUsage(wrapped)
    : isJsonObject(wrapped.usage)
    ? wrapped.usage
    : null;
  return usage === null ? noUsage() : read(protocol, usage, wrapped);
}

function read(
  protocol: Protocol,
  usage: JsonObject,
  response: JsonObject,
): Usage {
  const found = readerOf(protocol, usage)(usage, response);
  // A bare object that says nothing of tokens is no usage.
  return found.source === "none" ? { ...noUsage(), raw: found.raw } : found;
}

/** Reads one usage object. */
type Reader = (usage: JsonObject, response: JsonObject) => Usage;

/**
 * Logs are kept by people: where the names of the counts are those of another
 * protocol, they say more than the protocol that the log states.
 */
function readerOf(protocol: Protocol, usage: JsonObject): Reader {
  const isChat = "prompt_tokens" in usage || "completion_tokens" in usage;
  if (isChat || hasPictures(usage)) return readChatUsage;
  const isResponses = isJsonObject(usage.input_tokens_details);
  if (protocol.name === "messages" && isResponses) return readResponsesUsage;
  const isMessages = "input_tokens" in usage && !("total_tokens" in usage) &&
    MESSAGES_FIELDS.some((field) => field in usage);
  return isMessages
    ? readMessagesUsage
    : (counts, response) => protocol.readUsage(counts, response);
}

/** OpenAI's picture endpoints spell sums as responses do, and parts as chat does. */
function hasPictures(usage: JsonObject): boolean {
  return [usage.input_tokens_details, usage.output_tokens_details].some((
    details,
  ) => isJsonObject(details) && "image_tokens" in details);
}

/** Counts that stand beside `input_tokens` in messages, and nowhere else. */
const MESSAGES_FIELDS = [
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "cache_creation",
] as const;

/** Reads usage off the events of a stream, as the gateway does while it relays them. */
export function usageOfEvents(
  protocol: Protocol,
  events: Iterable<SseEvent>,
): Usage {
  const observer = protocol.observer();
  let foreign: Usage | null = null;
  let searches = 0;
  for (const event of events) {
    observer.event(event);
    if (!FOREIGN_REGEXP.test(event.data)) continue;
    const value = parse(event.data);
    const found = value === null ? null : readForeignUsage(value);
    if (found === null) continue;
    // Counts are cumulative, so that the last ones hold; queries are listed once.
    searches = Math.max(searches, found.ledger.webSearch);
    foreign = found;
  }
  if (observer.usage.source !== "none" || foreign === null) {
    return withSeenOutput(observer.usage, observer.contentChars);
  }
  const ledger = { ...foreign.ledger, webSearch: searches };
  return { ...foreign, ledger };
}

/** A stream that broke names a placeholder for its output: what was seen of it counts. */
function withSeenOutput(usage: Usage, contentChars: number): Usage {
  if (usage.source !== "partial") return usage;
  const { passes: _, ...rest } = usage;
  const seen = estimateTokensOfLength(contentChars);
  const missing = Math.max(0, seen - totalOutput(usage.ledger));
  const output = usage.ledger.output + missing;
  return { ...rest, ledger: { ...usage.ledger, output } };
}

// The keys of foreign usage; everything else need not be parsed again.
const FOREIGN_REGEXP = /"(?:usageMetadata|inputTokens|billed_units)"/;

function parse(data: string): JsonObject | null {
  try {
    const value = JSON.parse(data) as JsonValue;
    if (!isJsonObject(value)) return null;
    // Cohere's stream wraps its last words in `delta`.
    return isJsonObject(value.delta) ? value.delta : value;
  } catch {
    return null;
  }
}
