/**
 * One attempt: hears the upstream, holds the answer's head until the commit
 * point, passes it on. Whether to try again is the exchange's decision.
 *
 * @module
 */

import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { type Failure, failure } from "../exchange/failure.ts";
import type { GatewayError } from "../exchange/gateway_error.ts";
import { headerOf } from "../exchange/headers.ts";
import type {
  UpstreamCall,
  UpstreamRequest,
  UpstreamSink,
} from "../exchange/upstream.ts";
import type { Provider } from "../providers/provider.ts";
import type { AnswerDelivery } from "./answer_delivery.ts";
import type { AttemptEvents } from "./attempt_events.ts";
import { answerHeaders, heardHeaders } from "./answer_headers.ts";
import { ErrorBody, type ErrorReader } from "./error_body.ts";
import type { CollectingPipe } from "./stream_modes.ts";
import type { Output, StreamPipe } from "./stream_pipe.ts";
import { EVENT_STREAM } from "./translate.ts";
import { WholeBody } from "./whole_body.ts";

/** What an attempt needs of its exchange. */
export interface AttemptOwner {
  /** The exchange. */
  readonly exchange: Exchange;
  /** Ms since the exchange began. */
  elapsedMs(): number;
  /** Starts a streamed answer to the client. */
  startStream(headers: readonly string[]): void;
  /** Sends a piece of a streamed answer; `false` pauses. */
  sendPiece(output: Output): boolean;
  /** The stream's last event has come; its end may not. */
  answerComplete(): void;
  /** An event or comment came: the answer's head may be held no longer than the config says. */
  headHeld(): void;
  /** Tells the taps. */
  readonly events: AttemptEvents;
  /** The attempt failed; `committed` says whether the client has seen content. */
  attemptFailed(run: AttemptRun, failed: Failure): void;
  /** The attempt is complete and the client has it all. */
  attemptAnswered(run: AttemptRun): void;
  /** Reads an upstream's error answer. */
  readonly errorReader: ErrorReader;
}

/** Limits of one attempt. */
export interface AttemptLimits {
  /** Longest whole answer, bytes; 0 = off. */
  readonly maxResponseBytes: number;
  /** Held before the first content, bytes. */
  readonly maxHeldBytes: number;
}

/** How long the end of the body may follow the end of the answer: some providers keep the connection open. */
const END_GRACE_MS = 2000;

type Phase =
  | "waiting"
  | "error-body"
  | "whole"
  | "collecting"
  | "held"
  | "streaming"
  | "done";

/** Hears one upstream call. */
export class AttemptRun implements UpstreamSink {
  /** What is known of the attempt. */
  readonly attempt: Attempt;
  /** The running call; set as soon as it has been started. */
  call: UpstreamCall | null = null;
  readonly #owner: AttemptOwner;
  readonly #answers: AnswerDelivery;
  readonly #limits: AttemptLimits;
  #phase: Phase = "waiting";
  #headers: readonly string[] = [];
  #errorBody: ErrorBody | null = null;
  #whole: WholeBody | null = null;
  #pipe: StreamPipe | null = null;
  #collector: CollectingPipe | null = null;
  #held: Output[] = [];
  #heldBytes = 0;
  #events = 0;
  #lastEventMs = 0;
  #paused = false;

  /** Makes the listener of one call. */
  constructor(
    owner: AttemptOwner,
    attempt: Attempt,
    answers: AnswerDelivery,
    limits: AttemptLimits,
  ) {
    this.#owner = owner;
    this.#answers = answers;
    this.attempt = attempt;
    this.#limits = limits;
  }

  /** Calls the provider; `sink` hears the answer for this run. */
  start(
    provider: Provider,
    request: UpstreamRequest,
    sink: UpstreamSink,
  ): void {
    this.#owner.events.started(this.attempt, provider, request);
    this.call = provider.start(request, sink);
    this.attempt.keyIndex = this.call.keyIndex ?? -1;
  }

  /** Whether the client has got the head of this attempt's answer. */
  get committed(): boolean {
    return this.#phase === "streaming";
  }

  /** Monotonic ms at which `limitMs` without an event will have passed; 0 = no limit. */
  silentAtMs(limitMs: number): number {
    const pipe = this.#pipe;
    // A slow client is not the provider's silence.
    if (pipe === null || this.#paused || !this.#isOpen()) return Infinity;
    if (pipe.finished) return this.#lastEventMs + END_GRACE_MS;
    return limitMs > 0 ? this.#lastEventMs + limitMs : Infinity;
  }

  /** The client reads again. */
  resume(): void {
    this.#paused = false;
    this.#lastEventMs = performance.now();
    this.call?.resume();
  }

  /** Tells an error, a stream and a whole answer apart by status and content type. */
  onHead(status: number, headers: readonly string[]): void {
    if (this.#phase === "done") return;
    this.attempt.headMs = this.#owner.elapsedMs();
    this.attempt.upstreamStatus = status;
    this.#owner.events.head(this.attempt, status, headers);
    const heard = heardHeaders(headers);
    this.#hear(status, this.#owner.errorReader.scrubHeaders(heard));
  }

  /** Passes a piece on, or keeps it. */
  onChunk(bytes: Uint8Array): boolean {
    if (this.#phase === "done") return false;
    const attempt = this.attempt;
    attempt.bytesIn += bytes.length;
    this.#owner.events.bytes(attempt, bytes);
    if (this.#pipe !== null) return this.#streamChunk(this.#pipe, bytes);
    if (this.#errorBody !== null) this.#errorBody.push(bytes);
    else if (this.#whole !== null && !this.#whole.push(bytes)) {
      this.#tooLarge();
    }
    return this.#isOpen();
  }

  /** Takes the end of the body for what it is: complete, or broken. */
  onEnd(): void {
    if (this.#phase === "done") return;
    if (this.#pipe !== null) return this.#streamEnd(this.#pipe);
    if (this.#errorBody !== null) {
      return this.#fail(this.#errorBody.failure(this.#owner.errorReader));
    }
    if (this.#whole === null) {
      return this.#fail(
        failure("stream_broken", "The provider's answer is empty"),
      );
    }
    this.#delivered(
      this.#answers.whole(this.attempt, this.#headers, this.#whole.take()),
    );
  }

  /** Ends the attempt, unless the answer was complete before. */
  onFailure(failed: Failure): void {
    if (this.#phase === "done") return;
    // Complete but for the connection's end: the client has everything.
    if (this.#pipe !== null && this.#pipe.finished) {
      return this.#streamEnd(this.#pipe);
    }
    this.#fail(failed);
  }

  /** Sends what is held: the first content came, or it was held long enough. */
  commit(): void {
    if (this.#phase !== "held") return;
    this.#phase = "streaming";
    const { exchange } = this.#owner;
    const headers = answerHeaders(exchange, this.#headers, EVENT_STREAM);
    this.#owner.startStream(headers);
    const held = this.#held;
    this.#held = [];
    for (const output of held) this.#paused = !this.#owner.sendPiece(output);
  }

  /** Gives the client's error event for a committed answer, `null` if it has gone out already. */
  lastWords(error: GatewayError): Output | null {
    const pipe = this.#pipe;
    return pipe === null || pipe.errorDelivered ? null : pipe.fail(error);
  }

  /** Ends the attempt from this side; the upstream's connection is closed at once. */
  cancel(): void {
    if (this.#phase === "done") return;
    this.#learn();
    this.#phase = "done";
    this.call?.abort();
  }

  /** Ends the attempt with a failure found on this side. */
  giveUp(failed: Failure): void {
    this.#fail(failed);
  }

  #hear(status: number, headers: readonly string[]): void {
    this.attempt.upstreamRequestId = headerOf(headers, "x-request-id") ??
      headerOf(headers, "request-id");
    this.#headers = headers;
    if (status >= 300) return this.#beginError(status, headers);
    const type = (headerOf(headers, "content-type") ?? "").toLowerCase();
    const streamed = type.startsWith("text/event-stream") ||
      (type === "" && this.#answers.asksStream);
    if (streamed) {
      this.#beginStream(headers);
    } else if (type === "" || type.includes("json")) {
      this.#phase = "whole";
      this.#whole = new WholeBody(this.#limits.maxResponseBytes);
    } else {
      this.#fail(failure(
        "invalid_response",
        `The provider answered with content-type ${
          type.slice(0, 80) || "none"
        }`,
        { upstreamStatus: status },
      ));
    }
  }

  /** Comments alone are a sign of life, but not for ever; behind a complete answer nothing is waited for. */
  silent(): void {
    const pipe = this.#pipe;
    if (pipe?.finished) {
      this.call?.abort();
      return this.#streamEnd(pipe);
    }
    this.#fail(failure(
      "stream_stalled",
      "The provider's stream held only comments for too long",
    ));
  }

  #beginError(status: number, headers: readonly string[]): void {
    if (status < 400) {
      this.#fail(failure(
        "redirect",
        `The provider answered with redirect ${status}; redirects are not followed`,
        { upstreamStatus: status },
      ));
      return;
    }
    this.#phase = "error-body";
    this.#errorBody = new ErrorBody(status, headers);
  }

  #beginStream(headers: readonly string[]): void {
    const encoding = headerOf(headers, "content-encoding") ?? "identity";
    if (encoding !== "identity") {
      this.#fail(failure(
        "invalid_response",
        `The provider sent an event stream with content-encoding ${
          encoding.slice(0, 40)
        }`,
      ));
      return;
    }
    this.#lastEventMs = performance.now();
    if (this.#owner.exchange.stream) {
      this.#phase = "held";
      this.#pipe = this.#answers.pipe();
    } else {
      this.#phase = "collecting";
      this.#collector = this.#answers.collector();
      this.#pipe = this.#collector;
    }
    this.#owner.headHeld();
  }

  #streamChunk(pipe: StreamPipe, bytes: Uint8Array): boolean {
    const { sawContent, finished } = pipe;
    const output = pipe.push(bytes);
    if (pipe.events !== this.#events) {
      this.#events = pipe.events;
      this.#lastEventMs = performance.now();
    }
    if (!sawContent && pipe.sawContent) {
      this.#owner.events.content(this.attempt);
    }
    if (pipe.error !== null) {
      this.#inBandError(pipe.error, output);
      return false;
    }
    if (!finished && pipe.finished) this.#owner.answerComplete();
    if (this.#phase === "collecting") return this.#collect();
    this.#pass(output);
    if (
      this.#phase === "held" &&
      (pipe.sawContent || this.#heldBytes > this.#limits.maxHeldBytes)
    ) this.commit();
    return !this.#paused && this.#isOpen();
  }

  /** What is collected stays in memory until the end: it is bounded like a whole answer. */
  #collect(): boolean {
    const most = this.#limits.maxResponseBytes;
    if (most > 0 && this.attempt.bytesIn > most) this.#tooLarge();
    return this.#isOpen();
  }

  #tooLarge(): void {
    this.#fail(failure(
      "response_too_large",
      `The provider's answer is longer than ${this.#limits.maxResponseBytes} bytes`,
    ));
  }

  #delivered(failed: Failure | null): void {
    if (failed !== null) return this.#fail(failed);
    this.#learn();
    this.#phase = "done";
    this.#owner.attemptAnswered(this);
  }

  #pass(output: Output | null): void {
    if (output === null) return;
    if (this.#phase === "held") {
      this.#held.push(output);
      this.#heldBytes += output.length;
    } else this.#paused = !this.#owner.sendPiece(output);
  }

  #inBandError(error: GatewayError, output: Output | null): void {
    const failed = this.#owner.errorReader.ofInBandError(error);
    // The upstream's own error event is already in the client's protocol.
    if (this.#phase === "streaming" && output !== null) {
      this.#owner.sendPiece(this.#owner.errorReader.scrubOutput(output));
    }
    this.#fail(failed);
  }

  #streamEnd(pipe: StreamPipe): void {
    const output = pipe.end();
    if (pipe.error !== null) return this.#inBandError(pipe.error, output);
    if (!pipe.finished) {
      return this.#fail(failure(
        "stream_broken",
        "The provider's stream ended without its final event",
      ));
    }
    if (this.#collector !== null) {
      return this.#delivered(
        this.#answers.collected(this.attempt, this.#headers, this.#collector),
      );
    }
    this.#pass(output);
    this.commit();
    this.#delivered(null);
  }

  #fail(failed: Failure): void {
    if (this.#phase === "done") return;
    const committed = this.#phase === "streaming";
    this.#learn();
    this.call?.abort();
    this.#held = [];
    this.#phase = committed ? "streaming" : "done";
    this.#owner.attemptFailed(this, failed);
    this.#phase = "done";
  }

  /** Takes over what the pipe has learnt. */
  #learn(): void {
    const pipe = this.#pipe;
    if (pipe === null) return;
    this.attempt.usage = pipe.usage;
    this.attempt.finishReason = pipe.finishReason;
    this.attempt.contentChars = pipe.contentChars;
  }

  #isOpen(): boolean {
    return this.#phase !== "done";
  }
}
