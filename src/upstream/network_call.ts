/**
 * One HTTP call through a pool: undici's callbacks on one side, an
 * `UpstreamSink` on the other, and the call's own deadlines in between.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { type Failure, failure } from "../exchange/failure.ts";
import type { UpstreamCall, UpstreamSink } from "../exchange/upstream.ts";
import { type Ticker, TickNode } from "../support/ticker.ts";
import { classifyConnectionError } from "./classify.ts";

/** Deadlines of one call in ms; 0 switches one off. */
export interface CallDeadlines {
  /** Until the first byte of a stream's body. */
  readonly firstByteMs: number;
  /** Until an answer that is not a stream is complete. */
  readonly responseMs: number;
  /** Longest silence within a stream. */
  readonly streamIdleMs: number;
}

/** A running call: at once undici's handler and the ticker's node. */
export class NetworkCall extends TickNode implements UpstreamCall {
  /** Which of the provider's keys it was made with, by position; -1 for none. */
  readonly keyIndex: number;
  #sink: UpstreamSink | null;
  readonly #ticker: Ticker;
  readonly #deadlines: CallDeadlines;
  readonly #stream: boolean;
  #abort: ((reason?: Error) => void) | null = null;
  #resume: (() => void) | null = null;
  #headSeen = false;
  #bodySeen = false;
  #paused = false;
  #done = false;

  /** Begins to watch the deadlines; the caller dispatches. */
  constructor(
    sink: UpstreamSink,
    stream: boolean,
    deadlines: CallDeadlines,
    ticker: Ticker,
    keyIndex = -1,
  ) {
    super();
    this.keyIndex = keyIndex;
    this.#sink = sink;
    this.#stream = stream;
    this.#deadlines = deadlines;
    this.#ticker = ticker;
    ticker.add(this);
    this.#wakeIn(stream ? deadlines.firstByteMs : deadlines.responseMs);
  }

  /** Whether the call has ended, either way. */
  get done(): boolean {
    return this.#done;
  }

  /** undici: the request is about to be written. */
  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    // Aborted while it waited for a connection.
    if (this.#done) abort();
  }

  /** undici: a response head; informational ones are skipped. */
  onHeaders(
    status: number,
    rawHeaders: readonly Buffer[],
    resume: () => void,
  ): boolean {
    if (this.#done || status < 200) return true;
    this.#resume = resume;
    this.#headSeen = true;
    this.#sink?.onHead(status, headerStrings(rawHeaders));
    return !this.#done;
  }

  /** undici: a piece of the body. */
  onData(chunk: Buffer): boolean {
    if (this.#done) return false;
    this.#bodySeen = true;
    if (this.#stream) this.#wakeIn(this.#deadlines.streamIdleMs);
    if (this.#sink?.onChunk(chunk)) return true;
    this.#paused = true;
    // A slow client is not the provider's silence.
    if (this.#stream) this.wakeAtMs = Infinity;
    return false;
  }

  /** undici: the body is complete. */
  onComplete(): void {
    this.#finish()?.onEnd();
  }

  /** undici: the connection failed. */
  onError(error: unknown): void {
    this.#finish()?.onFailure(classifyConnectionError(error, this.#headSeen));
  }

  /** undici: protocol switches are not asked for. */
  onUpgrade(): void {
    this.abort();
  }

  /** Goes on reading. */
  resume(): void {
    if (this.#done || !this.#paused) return;
    this.#paused = false;
    if (this.#stream) this.#wakeIn(this.#deadlines.streamIdleMs);
    this.#resume?.();
  }

  /** Closes the connection. */
  abort(): void {
    const abort = this.#abort;
    if (this.#finish() !== null) abort?.();
  }

  /** A deadline has passed. */
  override tick(): void {
    const silent = this.#expired();
    const abort = this.#abort;
    const sink = this.#finish();
    if (sink === null) return;
    abort?.();
    sink.onFailure(silent);
  }

  #expired(): Failure {
    if (!this.#stream) {
      return failure(
        "response_timeout",
        `The provider did not complete its answer within ${this.#deadlines.responseMs} ms`,
      );
    }
    return this.#bodySeen
      ? failure(
        "stream_stalled",
        `The provider's stream was silent for ${this.#deadlines.streamIdleMs} ms`,
      )
      : failure(
        "first_byte_timeout",
        `The provider sent no first byte within ${this.#deadlines.firstByteMs} ms`,
      );
  }

  #wakeIn(ms: number): void {
    this.wakeAtMs = ms === 0 ? Infinity : performance.now() + ms;
  }

  /** Ends the call once; gives who still has to hear of it. */
  #finish(): UpstreamSink | null {
    if (this.#done) return null;
    this.#done = true;
    this.#ticker.remove(this);
    const sink = this.#sink;
    // undici's own objects outlive many scavenges, and what hangs on them with them.
    this.#sink = null;
    this.#abort = null;
    this.#resume = null;
    return sink;
  }
}

function headerStrings(rawHeaders: readonly Buffer[]): string[] {
  const headers = new Array<string>(rawHeaders.length);
  for (let index = 0; index < rawHeaders.length; index++) {
    const text = rawHeaders[index]?.toString("latin1") ?? "";
    headers[index] = index % 2 === 0 ? text.toLowerCase() : text;
  }
  return headers;
}
