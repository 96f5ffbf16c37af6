/**
 * Reads a request's body: bounded in size, in time and in the memory that all
 * bodies take together, copied at most once.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { Clock } from "../support/clock.ts";
import type { LimitName } from "./limits.ts";

/** What body reading may cost. `0` switches a limit off. */
export interface BodyLimits {
  /** One body, bytes. */
  readonly maxBodyBytes: number;
  /** Between two pieces, ms. */
  readonly bodyIdleTimeoutMs: number;
  /** The whole body, ms. */
  readonly bodyTimeoutMs: number;
}

/** The memory that all bodies share. */
export class BodyBudget {
  /** Most bytes at once, 0 for no limit. */
  maxBytes: number;
  #usedBytes = 0;

  /** Starts empty. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes held now. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether so many more bytes would fit. */
  fits(bytes: number): boolean {
    return this.maxBytes === 0 || this.#usedBytes + bytes <= this.maxBytes;
  }

  /** Takes memory; `false` and nothing taken if it does not fit. */
  take(bytes: number): boolean {
    if (!this.fits(bytes)) return false;
    this.#usedBytes += bytes;
    return true;
  }

  /** Gives memory back. */
  release(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

/** Hears how the reading ended. One call, once. */
export interface BodySink {
  /** The body is complete. */
  onBody(bytes: Uint8Array): void;
  /** It is refused; `limit` names the limit that was hit. */
  onBodyFailure(error: GatewayError, limit: LimitName | null): void;
}

/** What a body that does not fit is answered with. */
export function bodyTooLarge(maxBytes: number): GatewayError {
  return gatewayError(
    "request_too_large",
    `Cannot take the body: it is larger than ${maxBytes} bytes`,
  );
}

/** What is answered when all bodies together take too much memory. */
export function bodiesTooLarge(): GatewayError {
  return gatewayError(
    "overloaded",
    "Cannot take the body: too many bodies are held in memory; try again",
    { retryAfterMs: 1000 },
  );
}

const EMPTY = new Uint8Array(0);
const FIRST_GROWTH_BYTES = 65_536;

const READER = Symbol("reader");

/**
 * A message that knows its reader. Listeners that are closures would keep all
 * that is known of a request alive for as long as the runtime's own objects,
 * which outlive many scavenges.
 */
interface ReadMessage extends IncomingMessage {
  [READER]?: BodyReader | null;
}

/** Reads one body. */
export class BodyReader {
  readonly #message: IncomingMessage;
  readonly #sink: BodySink;
  readonly #budget: BodyBudget;
  readonly #limits: BodyLimits;
  readonly #contentLength: number;
  readonly #clock: Clock;
  readonly #startedMs: number;
  #lastMs: number;
  #first: Uint8Array | null = null;
  #buffer: Buffer | null = null;
  #length = 0;
  #takenBytes = 0;
  #done = false;

  /** Prepares to read. `contentLength` is -1 for chunked bodies and was checked against the limit. */
  constructor(
    message: IncomingMessage,
    contentLength: number,
    limits: BodyLimits,
    budget: BodyBudget,
    sink: BodySink,
    clock: Clock,
  ) {
    this.#message = message;
    this.#contentLength = contentLength;
    this.#limits = limits;
    this.#budget = budget;
    this.#sink = sink;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#lastMs = this.#startedMs;
  }

  /** Whether the body is complete or was refused. */
  get done(): boolean {
    return this.#done;
  }

  /** Begins. */
  start(): void {
    const message = this.#message as ReadMessage;
    message[READER] = this;
    message.on("data", onData);
    message.on("end", onEnd);
  }

  /** Fails the reading if it takes too long. */
  checkTime(nowMs: number): void {
    if (this.#done) return;
    const { bodyIdleTimeoutMs, bodyTimeoutMs } = this.#limits;
    if (bodyTimeoutMs > 0 && nowMs - this.#startedMs >= bodyTimeoutMs) {
      this.#fail(tooSlow(bodyTimeoutMs), "bodyTimeoutMs");
    } else if (
      bodyIdleTimeoutMs > 0 && nowMs - this.#lastMs >= bodyIdleTimeoutMs
    ) {
      this.#fail(tooSlow(bodyIdleTimeoutMs), "bodyIdleTimeoutMs");
    }
  }

  /** The rest will never come. */
  abort(error: GatewayError): void {
    this.#fail(error, null);
  }

  /** Gives the memory back. Needed once the body is not used any more; more often does no harm. */
  release(): void {
    this.#done = true;
    this.#budget.release(this.#takenBytes);
    this.#takenBytes = 0;
    this.#first = null;
    this.#buffer = null;
    (this.#message as ReadMessage)[READER] = null;
  }

  /** Takes a piece. Called by the message. */
  take(chunk: Uint8Array): void {
    if (this.#done) return;
    this.#lastMs = this.#clock.monotonicMs();
    const length = this.#length + chunk.length;
    const { maxBodyBytes } = this.#limits;
    if (maxBodyBytes > 0 && length > maxBodyBytes) {
      return this.#fail(bodyTooLarge(maxBodyBytes), "maxBodyBytes");
    }
    if (!this.#budget.take(chunk.length)) {
      return this.#fail(bodiesTooLarge(), "maxBodiesInMemoryBytes");
    }
    this.#takenBytes += chunk.length;
    if (length === chunk.length) {
      this.#first = chunk;
    } else {
      this.#room(length).set(chunk, this.#length);
    }
    this.#length = length;
  }

  /**
   * A buffer for so many bytes, with what was read so far in it. One buffer and
   * no list of pieces: chunks of one byte would cost a hundred times their size.
   */
  #room(length: number): Buffer {
    const old = this.#buffer;
    if (old !== null && old.length >= length) return old;
    const size = this.#contentLength >= 0
      ? this.#contentLength
      : Math.max(FIRST_GROWTH_BYTES, length, 2 * (old?.length ?? 0));
    const buffer = Buffer.allocUnsafeSlow(size);
    if (old !== null) buffer.set(old.subarray(0, this.#length));
    else if (this.#first !== null) buffer.set(this.#first);
    this.#first = null;
    this.#buffer = buffer;
    return buffer;
  }

  /** Takes the end. Called by the message. */
  complete(): void {
    if (this.#done) return;
    this.#done = true;
    const bytes = this.#first ?? this.#buffer?.subarray(0, this.#length);
    this.#sink.onBody(bytes ?? EMPTY);
  }

  #fail(error: GatewayError, limit: LimitName | null): void {
    if (this.#done) return;
    this.release();
    this.#sink.onBodyFailure(error, limit);
  }
}

function onData(this: ReadMessage, chunk: Uint8Array): void {
  this[READER]?.take(chunk);
}

function onEnd(this: ReadMessage): void {
  this[READER]?.complete();
}

function tooSlow(timeoutMs: number): GatewayError {
  return gatewayError(
    "timeout",
    `Cannot wait for the body any longer: it did not arrive within ${timeoutMs} ms`,
    { status: 408 },
  );
}
