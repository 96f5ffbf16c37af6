/** Same protocol on both sides: bytes pass untouched, an observer reads along. @module */

import type { GatewayError } from "../exchange/gateway_error.ts";
import type { Usage } from "../exchange/usage.ts";
import type { Observer, Protocol } from "../protocols/protocol.ts";
import { EventFramer, splitEvents } from "../support/event_framer.ts";
import { isJsonObject } from "../support/json.ts";
import { SseReader } from "../support/sse.ts";
import { type Output, type StreamPipe, tooLongError } from "./stream_pipe.ts";
import { decodeUtf8 } from "../support/utf8.ts";

const LINE_FEED = 10;

/** How a native stream is passed on. */
export interface NativePipeOptions {
  /** The protocol of both sides. */
  readonly protocol: Protocol;
  /** Goes into error events. */
  readonly requestId: string;
  /** Take out the usage chunk that the client did not ask for (chat). */
  readonly stripUsage: boolean;
  /** Take the end of the body for a clean end. */
  readonly eofIsFinish: boolean;
  /** Longest event in bytes. */
  readonly maxEventBytes: number;
  /** Longest line in bytes. */
  readonly maxLineBytes: number;
}

/** Passes an event stream on as it comes. */
export class NativePipe implements StreamPipe {
  readonly #options: NativePipeOptions;
  readonly #framer = new EventFramer();
  readonly #reader: SseReader;
  readonly #observer: Observer;
  #events = 0;
  #tooLong = false;
  /** Whether an event has spoken of usage since something was passed on. */
  #saidUsage = false;
  #eof = false;

  /** Makes a pipe for one answer. */
  constructor(options: NativePipeOptions) {
    this.#options = options;
    this.#observer = options.protocol.observer();
    this.#reader = new SseReader(
      {
        onEvent: (event) => {
          this.#events++;
          if (event.data.includes('"usage"')) this.#saidUsage = true;
          this.#observer.event(event);
        },
      },
      options.maxEventBytes,
      options.maxLineBytes,
    );
  }

  /** Passes whole events on. */
  push(bytes: Uint8Array): Output | null {
    this.#reader.push(bytes);
    const whole = this.#framer.push(bytes);
    if (
      this.#reader.failed ||
      this.#framer.heldBytes > this.#options.maxEventBytes
    ) this.#tooLong = true;
    return whole === null ? null : this.#filter(whole);
  }

  /** Gives what was held back: a last event without its blank line. One that was cut off is dropped. */
  end(): Output | null {
    this.#eof = true;
    const rest = this.#framer.end();
    if (rest === null || !isWholeEvent(rest)) return null;
    this.#reader.end();
    return this.#filter(rest);
  }

  /** Gives the protocol's error event. */
  fail(error: GatewayError): Output {
    return this.#options.protocol.encodeStreamError(
      error,
      this.#options.requestId,
    );
  }

  /** What the observer saw. */
  get sawContent(): boolean {
    return this.#observer.sawContent;
  }

  /** Whether the answer is complete. */
  get finished(): boolean {
    return this.#observer.finished ||
      (this.#eof && this.#options.eofIsFinish && this.#observer.sawContent);
  }

  /** An error event, or an event beyond the cap. */
  get error(): GatewayError | null {
    if (!this.#tooLong) return this.#observer.error;
    return tooLongError(this.#options);
  }

  /** Whether the upstream's own error event has been passed on. */
  get errorDelivered(): boolean {
    return !this.#tooLong && this.#observer.error !== null;
  }

  /** What the observer read. */
  get usage(): Usage {
    return this.#observer.usage;
  }

  /** What the observer read. */
  get finishReason(): string | null {
    return this.#observer.finishReason;
  }

  /** What the observer counted. */
  get contentChars(): number {
    return this.#observer.contentChars;
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  #filter(whole: Uint8Array): Output | null {
    if (!this.#options.stripUsage) return whole;
    // Behind a line feed the reader has seen all of it; a lone CR may keep it waiting.
    if (!this.#saidUsage && whole[whole.length - 1] === LINE_FEED) return whole;
    this.#saidUsage = false;
    const pieces = splitEvents(whole);
    const kept = pieces.filter((piece) => !isUsageChunk(piece));
    if (kept.length === pieces.length) return whole;
    if (kept.length === 0) return null;
    const bytes = new Uint8Array(
      kept.reduce((sum, piece) => sum + piece.length, 0),
    );
    let offset = 0;
    for (const piece of kept) {
      bytes.set(piece, offset);
      offset += piece.length;
    }
    return bytes;
  }
}

/** Whether the tail of a body is an event that lacks nothing but its blank line. */
function isWholeEvent(tail: Uint8Array): boolean {
  const data = decodeUtf8(tail).split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5)).join("\n").trim();
  if (data === "[DONE]") return true;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}

/** The extra chunk of `include_usage`: no choices, and a usage object. */
function isUsageChunk(piece: Uint8Array): boolean {
  const text = decodeUtf8(piece);
  const match = /^data: ?(\{.*"usage".*\})[ \r\n]*$/s.exec(text);
  if (match === null) return false;
  try {
    const chunk: unknown = JSON.parse(match[1] ?? "");
    return isJsonObject(chunk) && Array.isArray(chunk["choices"]) &&
      chunk["choices"].length === 0 && isJsonObject(chunk["usage"]);
  } catch {
    return false;
  }
}
