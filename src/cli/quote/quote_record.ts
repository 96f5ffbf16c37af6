/**
 * Reads one answer that is to be priced: who gave it, what it consumed, and
 * what is known of its request. Names of providers' own fields are understood
 * beside ours, because logs hold them.
 *
 * @module
 */

import type { PricedRequest } from "../../accounting/cost_breakdown.ts";
import type { SearchContextSize } from "../../accounting/price_entry.ts";
import type { Usage } from "../../exchange/usage.ts";
import { chat } from "../../protocols/chat/chat.ts";
import { messages } from "../../protocols/messages/messages.ts";
import type { Protocol, SseEvent } from "../../protocols/protocol.ts";
import { usageOfBody, usageOfEvents } from "../../protocols/recorded_usage.ts";
import { responses } from "../../protocols/responses/responses.ts";
import { MOST_TOKENS } from "../../protocols/token_count.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import { SseReader } from "../../support/sse.ts";
import { encodeUtf8 } from "../../support/utf8.ts";

/** A record that cannot be priced; its message says why. */
export class InvalidRecord extends Error {
  /** Name of the class of errors. */
  override name = "InvalidRecord";
}

const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ["chat", chat],
  ["messages", messages],
  ["responses", responses],
]);

/** Longest event of a recorded stream. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** Numbers below are seconds since the epoch, those above milliseconds. */
const SECONDS_BELOW = 100_000_000_000;

/** What the reader of records knows of providers. */
export interface ProviderFacts {
  /** Whether the config has it, so that its name is the operator's own. */
  isConfigured(provider: string): boolean;
  /** Host of the provider's base URL, or `null`. */
  hostOf(provider: string): string | null;
  /** Whether the provider's own bill is believed. */
  trusts(provider: string): boolean;
}

function show(value: JsonValue | undefined): string {
  return value === undefined ? "absent" : JSON.stringify(value).slice(0, 80);
}

function requiredText(record: JsonObject, field: string): string {
  const value = record[field];
  if (typeof value === "string" && value !== "") return value;
  throw new InvalidRecord(
    `Cannot price record: ${field} is ${show(value)}, give a name`,
  );
}

function protocolOf(record: JsonObject): Protocol {
  const name = record.protocol;
  const protocol = typeof name === "string" ? PROTOCOLS.get(name) : undefined;
  if (protocol !== undefined) return protocol;
  throw new InvalidRecord(
    `Cannot price record: protocol is ${
      show(name)
    }, use chat, messages or responses`,
  );
}

/**
 * Reads a record `{provider, model, protocol, usage | events, request?}`.
 *
 * @throws {InvalidRecord} when it cannot be priced.
 */
export function readRecord(
  record: JsonObject,
  facts: ProviderFacts,
  nowMs: number,
): PricedRequest {
  const provider = requiredText(record, "provider");
  const protocol = protocolOf(record);
  const usage = usageOf(protocol, record);
  checkCounts(usage.raw, "usage");
  const isUnsaid = record.model === undefined || record.model === null;
  const model = isUnsaid && usage.model !== null
    ? usage.model
    : requiredText(record, "model");
  const request = isJsonObject(record.request) ? record.request : {};
  return {
    provider,
    isStatedProvider: !facts.isConfigured(provider),
    model,
    usage,
    host: hostIn(request) ?? facts.hostOf(provider),
    trustReportedCost: facts.trusts(provider),
    ...requestFacts(request),
    atMs: timeOf(request) ?? timeOf(record) ?? createdAt(record.usage) ?? nowMs,
  };
}

function usageOf(protocol: Protocol, record: JsonObject): Usage {
  const { usage, events } = record;
  if (Array.isArray(events)) {
    return usageOfEvents(protocol, events.flatMap(eventsOf));
  }
  if (typeof events === "string") {
    return usageOfEvents(protocol, parseEvents(events));
  }
  if (typeof usage === "string") return usageOfText(protocol, usage);
  if (usage === null) return usageOfBody(protocol, { usage: null });
  if (!isJsonObject(usage)) {
    throw new InvalidRecord(
      `Cannot price record: usage is ${show(usage)}, give an object, or events`,
    );
  }
  return usageOfBody(protocol, usage);
}

/**
 * Reads usage off the text of a file: JSON, or a recorded event stream.
 *
 * @throws {InvalidRecord} when it is neither.
 */
export function usageOfText(protocol: Protocol, text: string): Usage {
  const value = parseJson(text);
  if (isJsonObject(value)) return usageOfBody(protocol, value);
  if (Array.isArray(value)) {
    return usageOfEvents(protocol, value.flatMap(eventsOf));
  }
  const events = parseEvents(text);
  if (events.length === 0) {
    throw new InvalidRecord(
      `Cannot read usage: ${
        JSON.stringify(text.trim().slice(0, 40))
      } is neither JSON nor an event stream`,
    );
  }
  return usageOfEvents(protocol, events);
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** An event as logs hold it: its text, `{event, data}`, or the data alone. */
function eventsOf(item: JsonValue): readonly SseEvent[] {
  if (typeof item === "string") {
    const trimmed = item.trimStart();
    return /^(?:data|event|id|retry)?:/.test(trimmed)
      ? parseEvents(item)
      : [{ event: null, data: item }];
  }
  if (!isJsonObject(item)) return [];
  const { event, data } = item;
  const name = typeof event === "string" ? event : null;
  if (typeof data === "string") return [{ event: name, data }];
  if (isJsonObject(data)) return [{ event: name, data: JSON.stringify(data) }];
  return [{
    event: typeof item.type === "string" ? item.type : null,
    data: JSON.stringify(item),
  }];
}

function parseEvents(text: string): readonly SseEvent[] {
  const events: SseEvent[] = [];
  const reader = new SseReader(
    { onEvent: (event) => events.push(event) },
    MAX_EVENT_BYTES,
  );
  reader.push(encodeUtf8(text));
  reader.end();
  return events;
}

const COUNT_FIELD = /tokens?$|tokenCount$/i;

/**
 * A count that is negative, broken or no number says that the log is wrong:
 * it must not become 0. Goes through all parts of a usage object.
 */
function checkCounts(value: JsonValue, path: string): void {
  if (typeof value !== "object" || value === null) return;
  for (const [field, inner] of Object.entries(value)) {
    const place = `${path}.${field}`;
    if (typeof inner === "object") {
      checkCounts(inner, place);
      continue;
    }
    if (inner === undefined || !COUNT_FIELD.test(field)) continue;
    const isCount = Number.isInteger(inner) && Number(inner) >= 0;
    if (isCount && Number(inner) <= MOST_TOKENS) continue;
    throw new InvalidRecord(
      `Cannot price record: ${place} is ${
        show(inner)
      }, give a whole number of 0 or more`,
    );
  }
}

function textIn(
  request: JsonObject,
  ...names: readonly string[]
): string | null {
  for (const name of names) {
    const value = request[name];
    if (typeof value === "string" && value !== "") return value;
  }
  return null;
}

function requestFacts(request: JsonObject): Partial<PricedRequest> {
  return {
    serviceTier: textIn(request, "serviceTier", "service_tier"),
    speed: textIn(request, "speed"),
    region: textIn(request, "region", "inferenceGeo", "inference_geo"),
    batch: request.batch === true,
    searchContextSize: searchContextSize(request),
  };
}

function searchContextSize(request: JsonObject): SearchContextSize | null {
  const options = request.web_search_options ?? request.webSearchOptions;
  const size = textIn(request, "searchContextSize", "search_context_size") ??
    (isJsonObject(options) ? textIn(options, "search_context_size") : null);
  return size === "low" || size === "medium" || size === "high" ? size : null;
}

function hostIn(request: JsonObject): string | null {
  const address = textIn(request, "host", "baseUrl", "base_url");
  if (address === null) return null;
  return URL.canParse(address) ? new URL(address).host : address;
}

/** A moment as logs write it: ISO 8601, seconds or milliseconds since the epoch. */
export function momentOf(value: JsonValue | undefined): number | null {
  if (typeof value === "number" && Number.isFinite(value)) {
    return value < SECONDS_BELOW ? value * 1000 : value;
  }
  if (typeof value !== "string") return null;
  if (/^\d{9,13}(?:\.\d+)?$/.test(value)) return momentOf(Number(value));
  // Without a zone a time is UTC, as everywhere in this program.
  const zoned = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/.test(value)
    ? `${value.replace(" ", "T")}Z`
    : value;
  const parsed = Date.parse(zoned);
  return Number.isNaN(parsed) ? null : parsed;
}

function timeOf(request: JsonObject): number | null {
  const given = request.at ?? request.timestamp;
  if (given === undefined || given === null) return null;
  const moment = momentOf(given);
  if (moment !== null) return moment;
  throw new InvalidRecord(
    `Cannot price record: request.at is ${
      show(given)
    }, give a time such as 2026-08-21T12:00:00Z`,
  );
}

/** When a whole answer says that it was made. */
function createdAt(body: JsonValue | undefined): number | null {
  if (!isJsonObject(body)) return null;
  return momentOf(body.created ?? body.created_at);
}

/** Finds a protocol by name, `undefined` where it is none. */
export function protocolNamed(name: string): Protocol | undefined {
  return PROTOCOLS.get(name);
}
