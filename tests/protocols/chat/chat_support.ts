/** What the tests of chat share: contexts, targets, feeding of streams. @module */

import { UNKNOWN_CAPABILITIES } from "../../../src/exchange/capabilities.ts";
import type { CanonicalRequest } from "../../../src/protocols/canonical.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import type {
  DecodeContext,
  EncodeContext,
  SseEvent,
  TargetProfile,
} from "../../../src/protocols/protocol.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import { SseReader } from "../../../src/support/sse.ts";
import { plainRequest } from "../plain_request.ts";

/** A target of the chat protocol. */
export function target(details: Partial<TargetProfile> = {}): TargetProfile {
  return {
    provider: "up",
    model: "llama-3",
    capabilities: UNKNOWN_CAPABILITIES,
    cacheControl: false,
    ...details,
  };
}

/** What a decoder of chat answers is given. */
export function decodeContext(
  details: Partial<DecodeContext> = {},
): DecodeContext {
  return {
    provider: "up",
    model: "llama-3",
    toolNames: new Map(),
    eofIsFinish: false,
    ...details,
  };
}

/** What an encoder of chat answers is given: ids count up, the clock stands still. */
export function encodeContext(
  details: Partial<CanonicalRequest> = {},
  body: JsonObject = {},
): EncodeContext {
  let count = 0;
  return {
    request: plainRequest(details),
    body,
    newId: (prefix) => `${prefix}${++count}`,
    now: () => 1_700_000_000_500,
  };
}

/** Parses event-stream bytes in the pieces given. */
export function events(...pieces: readonly Uint8Array[]): SseEvent[] {
  const list: SseEvent[] = [];
  const reader = new SseReader(
    { onEvent: (event) => list.push(event) },
    1 << 20,
  );
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return list;
}

/** Parses event-stream text. */
export function eventsOf(text: string): SseEvent[] {
  return events(new TextEncoder().encode(text));
}

/** Decodes a whole chat stream. */
export function decodeEvents(
  list: readonly SseEvent[],
  context: DecodeContext = decodeContext(),
): StreamPart[] {
  const decoder = chat.streamDecoder(context);
  const parts = list.flatMap((event) => decoder.push(event));
  return [...parts, ...decoder.end()];
}

/** Events of chunks, without `[DONE]`. */
export function chunks(...list: readonly JsonObject[]): SseEvent[] {
  return list.map((chunk) => ({ event: null, data: JSON.stringify(chunk) }));
}

/** A chunk with one choice, as most providers send them. */
export function chunk(
  delta: JsonObject,
  finishReason: string | null = null,
  rest: JsonObject = {},
): JsonObject {
  return {
    id: "c1",
    object: "chat.completion.chunk",
    created: 5,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finishReason }],
    ...rest,
  };
}

/** The last event of a stream that is complete. */
export const DONE: SseEvent = { event: null, data: "[DONE]" };

/** Encodes parts to stream text. */
export function encodeParts(
  parts: readonly StreamPart[],
  context: EncodeContext = encodeContext(),
): string {
  const encoder = chat.streamEncoder(context);
  return parts.map((part) => encoder.push(part)).join("");
}
