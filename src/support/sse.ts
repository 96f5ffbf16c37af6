/**
 * Server-sent events from bytes: decoding, parsing and a cap, around
 * eventsource-parser.
 *
 * @module
 */

import { createParser, type EventSourceParser } from "eventsource-parser";

/** What a reader of an event stream hears. */
export interface SseListener {
  /** One event; `event` is `null` where there was no `event:` line. */
  onEvent(event: { event: string | null; data: string }): void;
  /** A comment line: a sign of life without content. */
  onComment?(): void;
}

const LINE_FEED = 10;

/** Parses one event stream. Bytes may be split anywhere, also inside a character. */
export class SseReader {
  readonly #decoder = new TextDecoder();
  readonly #parser: EventSourceParser;
  readonly #maxLineBytes: number;
  #lineBytes = 0;
  #failed = false;

  /** Reads events for `listener`; an event longer than `maxBufferBytes` or a line longer than `maxLineBytes` ends the reading. */
  constructor(
    listener: SseListener,
    maxBufferBytes: number,
    maxLineBytes = Infinity,
  ) {
    this.#maxLineBytes = maxLineBytes;
    this.#parser = createParser({
      onEvent: (message) =>
        listener.onEvent({
          event: message.event ?? null,
          data: message.data,
        }),
      onComment: () => listener.onComment?.(),
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.#failed = true;
      },
      maxBufferSize: maxBufferBytes,
    });
  }

  /** Whether a limit was exceeded; then nothing more is parsed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    if (this.#failed) return;
    // Nearly every piece ends with a line: nothing needs to be searched.
    if (bytes[bytes.length - 1] === LINE_FEED) this.#lineBytes = 0;
    else if (this.#lineTooLong(bytes)) {
      this.#failed = true;
      return;
    }
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
  }

  #lineTooLong(bytes: Uint8Array): boolean {
    const lineEnd = bytes.lastIndexOf(LINE_FEED);
    if (lineEnd < 0) this.#lineBytes += bytes.length;
    else this.#lineBytes = bytes.length - lineEnd - 1;
    return this.#lineBytes > this.#maxLineBytes;
  }

  /** The stream ended. A last event without its blank line still counts. */
  end(): void {
    if (this.#failed) return;
    this.#parser.feed(this.#decoder.decode() + "\n\n");
  }
}
