/** Makes the client's answer out of the upstream's: untouched or translated. @module */

import { Buffer } from "node:buffer";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { TargetRef } from "../exchange/decision.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { type Failure, failure } from "../exchange/failure.ts";
import { headerOf } from "../exchange/headers.ts";
import type { DecodeContext, EncodeContext } from "../protocols/protocol.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import { answerHeaders } from "./answer_headers.ts";
import type { Prepared } from "./bodies.ts";
import type { ErrorReader } from "./error_body.ts";
import type { Inbound } from "./inbound.ts";
import { NativePipe } from "./native_pipe.ts";
import type { RelayDependencies } from "./dependencies.ts";
import type { Output, StreamPipe } from "./stream_pipe.ts";
import { TranslatedPipe } from "./translated_pipe.ts";

/** What a pipe must know of the call. */
export interface PipeOptions {
  /** The request as it was sent. */
  readonly prepared: Prepared;
  /** Where it was sent. */
  readonly target: TargetRef;
  /** Take the end of the body for a clean end. */
  readonly eofIsFinish: boolean;
  /** Longest event in bytes. */
  readonly maxEventBytes: number;
}

/** Makes the pipe of a streamed answer. */
export function makePipe(
  deps: RelayDependencies,
  exchange: Exchange,
  inbound: Inbound,
  options: PipeOptions,
): StreamPipe {
  const { prepared, target, eofIsFinish, maxEventBytes } = options;
  const client = deps.protocols[exchange.protocol];
  if (prepared.native) {
    return new NativePipe({
      protocol: client,
      requestId: exchange.id,
      stripUsage: prepared.stripUsage,
      eofIsFinish,
      maxEventBytes,
    });
  }
  return new TranslatedPipe(
    deps.protocols[prepared.protocol].streamDecoder(
      decodeContext(prepared, target, eofIsFinish),
    ),
    client.streamEncoder(encodeContext(deps, inbound)),
    maxEventBytes,
  );
}

/** A whole answer as the upstream gave it. */
export interface WholeOptions {
  /** The request as it was sent. */
  readonly prepared: Prepared;
  /** The attempt; it learns usage and finish reason. */
  readonly attempt: Attempt;
  /** The upstream's headers. */
  readonly headers: readonly string[];
  /** The upstream's body. */
  readonly body: Uint8Array;
  /** Reads an error inside a 200. */
  readonly errors: ErrorReader;
  /** Longest decompressed body in bytes, 0 = no cap. */
  readonly maxBytes: number;
}

/** The client's whole answer, or why there is none. */
export type WholeAnswer =
  | {
    readonly kind: "answered";
    readonly headers: string[];
    readonly body: Output;
  }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Makes the client's answer out of the upstream's whole one. */
export function wholeAnswer(
  deps: RelayDependencies,
  exchange: Exchange,
  inbound: Inbound,
  options: WholeOptions,
): WholeAnswer {
  const { prepared, attempt, headers, body } = options;
  const encoding = headerOf(headers, "content-encoding") ?? "identity";
  const answer = parseAnswer(body, encoding, options.maxBytes);
  if (answer === null) {
    return {
      kind: "failed",
      failure: failure(
        "invalid_response",
        "The provider's answer is not a JSON object",
      ),
    };
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
  const type = headerOf(headers, "content-type") ?? "application/json";
  if (prepared.native) {
    const own = answerHeaders(exchange, headers, type);
    if (encoding !== "identity") own.push("content-encoding", encoding);
    return { kind: "answered", headers: own, body };
  }
  const response = upstream.decodeResponse(
    answer,
    decodeContext(prepared, attempt.target, false),
  );
  const translated = deps.protocols[exchange.protocol].encodeResponse(
    response,
    encodeContext(deps, inbound),
  );
  return {
    kind: "answered",
    headers: answerHeaders(exchange, headers, "application/json"),
    body: JSON.stringify(translated),
  };
}

function parseAnswer(
  body: Uint8Array,
  encoding: string,
  maxBytes: number,
): JsonObject | null {
  try {
    const plain = decompress(body, encoding, maxBytes);
    const value: unknown = JSON.parse(new TextDecoder().decode(plain));
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

function decodeContext(
  prepared: Prepared,
  target: TargetRef,
  eofIsFinish: boolean,
): DecodeContext {
  return {
    provider: target.provider,
    model: target.model,
    toolNames: prepared.toolNames,
    eofIsFinish,
  };
}

function encodeContext(
  deps: RelayDependencies,
  inbound: Inbound,
): EncodeContext {
  return {
    request: inbound.canonical(),
    body: inbound.json(),
    newId: deps.newId,
    now: Date.now,
  };
}
