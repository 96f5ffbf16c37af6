/** Makes the client's answer out of the upstream's: untouched or translated. @module */

import { Buffer } from "node:buffer";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { TargetRef } from "../exchange/decision.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { type Failure, failure } from "../exchange/failure.ts";
import { RequestError } from "../exchange/gateway_error.ts";
import { headerOf } from "../exchange/headers.ts";
import type { CanonicalResponse } from "../protocols/canonical.ts";
import type { DecodeContext, EncodeContext } from "../protocols/protocol.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import { answerHeaders } from "./answer_headers.ts";
import type { Prepared } from "./outbound.ts";
import type { ErrorReader } from "./error_body.ts";
import type { Inbound } from "./inbound.ts";
import { NativePipe } from "./native_pipe.ts";
import type { RelayDependencies } from "./dependencies.ts";
import type { Conversation } from "./responses_state.ts";
import {
  CollectingPipe,
  encodeAsStream,
  encodeWhole,
  failedAnswer,
  framingProblem,
} from "./stream_modes.ts";
import type { Output, StreamLimits, StreamPipe } from "./stream_pipe.ts";
import { TranslatedPipe } from "./translated_pipe.ts";
import { decodeUtf8 } from "../support/utf8.ts";

/** The content type of every event stream that goes to a client. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** The call whose answer is read. */
export interface AnsweredCall {
  /** The exchange. */
  readonly exchange: Exchange;
  /** The client's request. */
  readonly inbound: Inbound;
  /** What the gateway keeps of the conversation, `null` where it keeps nothing. */
  readonly conversation: Conversation | null;
  /** The request as it was sent. */
  readonly prepared: Prepared;
  /** Where it was sent. */
  readonly target: TargetRef;
  /** Take the end of the body for a clean end. */
  readonly eofIsFinish: boolean;
}

/** What makes answers. */
export interface AnswerContext {
  /** The relay's surroundings. */
  readonly deps: RelayDependencies;
  /** How long the parts of a stream may be. */
  readonly streamLimits: StreamLimits;
  /** Longest decompressed body in bytes, 0 = no cap. */
  readonly maxBytes: number;
}

/** Makes the pipe of a streamed answer to a client that wants one. */
export function makePipe(
  context: AnswerContext,
  call: AnsweredCall,
): StreamPipe {
  const { deps, streamLimits } = context;
  const { exchange, conversation, prepared, eofIsFinish } = call;
  const client = deps.protocols[exchange.protocol];
  const pipe = prepared.native
    ? new NativePipe({
      protocol: client,
      requestId: exchange.id,
      stripUsage: prepared.stripUsage,
      eofIsFinish,
      ...streamLimits,
    })
    : new TranslatedPipe(
      deps.protocols[prepared.protocol].streamDecoder(decodeContext(call)),
      client.streamEncoder(encodeContext(context, call)),
      streamLimits,
    );
  return conversation === null ? pipe : conversation.watch(pipe);
}

/** Makes the pipe of a streamed answer to a client that wants a whole one. */
export function makeCollector(
  context: AnswerContext,
  call: AnsweredCall,
): CollectingPipe {
  const upstream = context.deps.protocols[call.prepared.protocol];
  return new CollectingPipe(
    upstream.streamDecoder(decodeContext(call)),
    context.streamLimits,
  );
}

/** A whole answer as the upstream gave it. */
export interface WholeOptions {
  /** The attempt; it learns usage and finish reason. */
  readonly attempt: Attempt;
  /** The upstream's headers. */
  readonly headers: readonly string[];
  /** Reads an error inside a 200. */
  readonly errors: ErrorReader;
}

/** The client's answer, or why there is none. */
export type WholeAnswer =
  | {
    readonly kind: "answered";
    readonly headers: string[];
    readonly body: Output;
    /** Whether the body is an event stream. */
    readonly streamed: boolean;
  }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Makes the client's answer out of a stream that has been collected. */
export function collectedAnswer(
  context: AnswerContext,
  call: AnsweredCall,
  pipe: CollectingPipe,
  options: WholeOptions,
): WholeAnswer {
  return caught(
    options,
    () => encoded(context, call, pipe.response, options),
  );
}

/** Makes the client's answer out of the upstream's whole one. */
export function wholeAnswer(
  context: AnswerContext,
  call: AnsweredCall,
  body: Uint8Array,
  options: WholeOptions,
): WholeAnswer {
  const { deps } = context;
  const { exchange, conversation, prepared } = call;
  const { attempt, headers } = options;
  const encoding = headerOf(headers, "content-encoding") ?? "identity";
  const answer = parseAnswer(body, encoding, context.maxBytes);
  if (answer === null) {
    return invalid("The provider's answer is not a JSON object");
  }
  const upstream = deps.protocols[prepared.protocol];
  const observer = upstream.observer();
  if (exchange.operation === "generate") observer.body(answer);
  if (observer.error !== null) {
    return {
      kind: "failed",
      failure: options.errors.ofInBandError(observer.error),
    };
  }
  if (exchange.operation === "generate") attempt.usage = observer.usage;
  else if (isJsonObject(answer.usage)) {
    attempt.usage = upstream.readUsage(answer.usage, answer);
  }
  attempt.finishReason = observer.finishReason;
  attempt.contentChars = observer.contentChars;
  if (prepared.native && !exchange.stream) {
    const type = headerOf(headers, "content-type") ?? "application/json";
    const own = answerHeaders(exchange, headers, type);
    if (encoding !== "identity") own.push("content-encoding", encoding);
    conversation?.answered(answer);
    return { kind: "answered", headers: own, body, streamed: false };
  }
  const problem = prepared.native ? framingProblem(answer) : null;
  if (problem !== null) return invalid(problem);
  return caught(
    options,
    () =>
      encoded(
        context,
        call,
        upstream.decodeResponse(answer, decodeContext(call)),
        options,
      ),
  );
}

/** Writes an answer in the client's protocol and framing. */
function encoded(
  context: AnswerContext,
  call: AnsweredCall,
  response: CanonicalResponse,
  options: WholeOptions,
): WholeAnswer {
  const { deps } = context;
  const { exchange, conversation } = call;
  const client = deps.protocols[exchange.protocol];
  const encoding = encodeContext(context, call);
  const failed = failedAnswer(response);
  if (failed !== null) throw new RequestError(failed);
  if (exchange.stream) {
    const body = encodeAsStream(response, client, encoding);
    conversation?.streamed(body);
    return {
      kind: "answered",
      headers: answerHeaders(exchange, options.headers, EVENT_STREAM),
      body,
      streamed: true,
    };
  }
  const body = encodeWhole(response, client, encoding, call.prepared.native);
  conversation?.answered(body);
  return {
    kind: "answered",
    headers: answerHeaders(exchange, options.headers, "application/json"),
    body: JSON.stringify(body),
    streamed: false,
  };
}

/** Turns what a codec throws at an answer into the attempt's failure. */
function caught(
  options: WholeOptions,
  make: () => WholeAnswer,
): WholeAnswer {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return {
      kind: "failed",
      failure: options.errors.ofInBandError(error.error),
    };
  }
}

function invalid(message: string): WholeAnswer {
  return { kind: "failed", failure: failure("invalid_response", message) };
}

function parseAnswer(
  body: Uint8Array,
  encoding: string,
  maxBytes: number,
): JsonObject | null {
  try {
    const plain = decompress(body, encoding, maxBytes);
    const value: unknown = JSON.parse(decodeUtf8(plain));
    return isJsonObject(value) ? value : null;
  } catch {
    // Not JSON, or not what its encoding says: either way no answer.
    return null;
  }
}

function decompress(
  body: Uint8Array,
  encoding: string,
  maxBytes: number,
): Uint8Array {
  const options = maxBytes > 0 ? { maxOutputLength: maxBytes } : {};
  switch (encoding) {
    case "identity":
      return body;
    case "gzip":
    case "x-gzip":
      return gunzipSync(Buffer.from(body), options);
    case "deflate":
      return inflateSync(Buffer.from(body), options);
    case "br":
      return brotliDecompressSync(Buffer.from(body), options);
    default:
      throw new TypeError("Cannot decompress the answer: unknown encoding");
  }
}

function decodeContext(call: AnsweredCall): DecodeContext {
  return {
    provider: call.target.provider,
    model: call.target.model,
    toolNames: call.prepared.toolNames,
    ...(call.prepared.customTools === undefined
      ? {}
      : { customTools: call.prepared.customTools }),
    eofIsFinish: call.eofIsFinish,
  };
}

function encodeContext(
  context: AnswerContext,
  call: AnsweredCall,
): EncodeContext {
  const { deps } = context;
  const { exchange, inbound } = call;
  const body = inbound.json();
  return {
    request: inbound.canonical(),
    body: exchange.protocol === "responses"
      ? { ...body, store: isKept(call, body) }
      : body,
    newId: deps.newId,
    now: Date.now,
  };
}

/** Whether the answer can be asked for later, here or at a provider that keeps it by itself. */
function isKept(
  { conversation, prepared }: AnsweredCall,
  body: JsonObject,
): boolean {
  if (conversation !== null) return conversation.keeps;
  return prepared.native && body.store !== false;
}
