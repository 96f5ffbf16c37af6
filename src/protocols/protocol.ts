/**
 * The contract of one wire protocol: a codec in both directions and an
 * observer for the native path. Implemented in `chat/`, `messages/` and
 * `responses/`.
 *
 * @module
 */

import type { ModelCapabilities } from "../exchange/capabilities.ts";
import type { GatewayError } from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Usage } from "../exchange/usage.ts";
import type { JsonObject } from "../support/json.ts";
import type { CanonicalRequest, CanonicalResponse, Loss } from "./canonical.ts";
import type { StreamPart } from "./stream_part.ts";

/** One server-sent event. */
export interface SseEvent {
  /** The `event:` line, `null` where there was none. */
  readonly event: string | null;
  /** The `data:` lines, joined by newlines. */
  readonly data: string;
}

/** Where a translated request goes: what its encoder must know of the target. */
export interface TargetProfile {
  /** Provider id of the config. */
  readonly provider: string;
  /** Model name sent upstream. */
  readonly model: string;
  /** What the model can do. */
  readonly capabilities: ModelCapabilities;
  /** Emit `cache_control` on chat parts (OpenRouter, Qwen dialects). */
  readonly cacheControl: boolean;
}

/** What a decoder of answers must know of the call. */
export interface DecodeContext {
  /** Provider id and model asked: the origin of reasoning proofs. */
  readonly provider: string;
  /** Model name sent upstream. */
  readonly model: string;
  /** Shortened or repaired tool names back to the client's, as made by the request encoder. */
  readonly toolNames: ReadonlyMap<string, string>;
  /** Custom tools, in the client's words, that went out as functions. @default none */
  readonly customTools?: ReadonlySet<string>;
  /** Take the end of the body for a clean end if no terminal event came (provider flag). */
  readonly eofIsFinish: boolean;
}

/** What an encoder of answers must know of the client's request. */
export interface EncodeContext {
  /** The client's request in canonical form. */
  readonly request: CanonicalRequest;
  /** The client's body as it came: responses echoes its fields. */
  readonly body: JsonObject;
  /** Makes ids of items and answers: the same seed, the same ids. */
  newId(prefix: string): string;
  /** Wall clock in ms since the epoch. */
  now(): number;
}

/** An encoded request: body, what was lost and how tool names were changed. */
export interface EncodedRequest {
  /** The body, ready for `JSON.stringify`. */
  readonly body: JsonObject;
  /** What could not be expressed. */
  readonly losses: readonly Loss[];
  /** Upstream tool name to client tool name, only where they differ. */
  readonly toolNames: ReadonlyMap<string, string>;
  /** Custom tools, in the client's words, that went out as functions. @default none */
  readonly customTools?: ReadonlySet<string>;
}

/** Turns upstream events into parts. After a terminal part every push gives nothing. */
export interface StreamDecoder {
  /** Takes one event. */
  push(event: SseEvent): StreamPart[];
  /** The body ended: without a terminal event this is an `error` part, never an invented finish. */
  end(): StreamPart[];
}

/** Turns parts into the bytes of an event stream. */
export interface StreamEncoder {
  /** Takes one part, gives the SSE text it leads to (may be ""). */
  push(part: StreamPart): string;
}

/** What an observer has learnt of a native answer. */
export interface Observation {
  /** Usage as far as it was said. */
  readonly usage: Usage;
  /** Finish reason in the upstream's words, or `null`. */
  readonly finishReason: string | null;
  /** Whether text, reasoning, refusal or tool content has been seen. */
  readonly sawContent: boolean;
  /** Whether the terminal event came (or the JSON body was complete). */
  readonly finished: boolean;
  /** An in-band error: an error event, or a 200 whose body is an error. */
  readonly error: GatewayError | null;
  /** Characters of content seen, for estimates where usage is missing. */
  readonly contentChars: number;
}

/** Reads a native answer on the side. Never changes it. */
export interface Observer extends Observation {
  /** Takes one event of a stream. */
  event(event: SseEvent): void;
  /** Takes the whole body of an answer that is not a stream. */
  body(body: JsonObject): void;
}

/** One wire protocol. */
export interface Protocol {
  /** Its name. */
  readonly name: ProtocolName;
  /** The client's body to canonical form. @throws {RequestError} for what is wrong or may not be dropped silently. */
  decodeRequest(body: JsonObject): CanonicalRequest;
  /** Canonical form to this protocol's body. @throws {RequestError} for what cannot be expressed and must not be dropped. */
  encodeRequest(
    request: CanonicalRequest,
    target: TargetProfile,
  ): EncodedRequest;
  /** An upstream's whole answer to canonical form. */
  decodeResponse(body: JsonObject, context: DecodeContext): CanonicalResponse;
  /** Canonical form to this protocol's whole answer. */
  encodeResponse(
    response: CanonicalResponse,
    context: EncodeContext,
  ): JsonObject;
  /** Makes a decoder for one stream. */
  streamDecoder(context: DecodeContext): StreamDecoder;
  /** Makes an encoder for one stream. */
  streamEncoder(context: EncodeContext): StreamEncoder;
  /** Makes an observer for one native answer. */
  observer(): Observer;
  /** An error in this protocol's shape. `requestId` goes where the protocol has a place for it. */
  encodeError(error: GatewayError, requestId: string): JsonObject;
  /** An error as the last words of an event stream, SSE text. */
  encodeStreamError(error: GatewayError, requestId: string): string;
  /** An upstream's error body to what the client may know of it. */
  decodeError(
    status: number,
    body: JsonObject | null,
  ): {
    message: string;
    code: string | null;
    type: string | null;
    param: string | null;
  };
  /** Reads usage off a usage object of this protocol. `response` is the object that held it, where more facts stand beside it. */
  readUsage(usage: JsonObject, response: JsonObject): Usage;
}
