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

/** Parses one event stream. Bytes may be split anywhere, also inside a character. */
export class SseReader {
  readonly #decoder = new TextDecoder();
  readonly #parser: EventSourceParser;
  #failed = false;

  /** Reads events for `listener`; an event longer than `maxBufferBytes` ends the reading. */
  constructor(listener: SseListener, maxBufferBytes: number) {
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

  /** Whether an event was longer than the cap; then nothing more is parsed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    if (this.#failed) return;
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
  }

  /** The stream ended. A last event without its blank line still counts. */
  end(): void {
    if (this.#failed) return;
    this.#parser.feed(this.#decoder.decode() + "\n\n");
  }
}
