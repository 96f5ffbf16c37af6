/** Different protocols: events are decoded to parts and encoded again. @module */

import type { GatewayError } from "../exchange/gateway_error.ts";
import { noUsage, type Usage } from "../exchange/usage.ts";
import type { StreamDecoder, StreamEncoder } from "../protocols/protocol.ts";
import { isContent, type StreamPart } from "../protocols/stream_part.ts";
import { SseReader } from "../support/sse.ts";
import {
  type Output,
  type StreamLimits,
  type StreamPipe,
  tooLongError,
} from "./stream_pipe.ts";

/** Translates one event stream. */
export class TranslatedPipe implements StreamPipe {
  readonly #decoder: StreamDecoder;
  readonly #encoder: StreamEncoder;
  readonly #reader: SseReader;
  readonly #limits: StreamLimits;
  #out = "";
  #finished = false;
  #sawContent = false;
  #error: GatewayError | null = null;
  #usage: Usage = noUsage();
  #finishReason: string | null = null;
  #contentChars = 0;
  #events = 0;

  /** Makes a pipe from `decoder` to `encoder`. */
  constructor(
    decoder: StreamDecoder,
    encoder: StreamEncoder,
    limits: StreamLimits,
  ) {
    this.#decoder = decoder;
    this.#encoder = encoder;
    this.#limits = limits;
    this.#reader = new SseReader(
      {
        onEvent: (event) => {
          this.#events++;
          this.#take(this.#decoder.push(event));
        },
      },
      limits.maxEventBytes,
      limits.maxLineBytes,
    );
  }

  /** Translates whole events. */
  push(bytes: Uint8Array): Output | null {
    this.#reader.push(bytes);
    if (this.#reader.failed && this.#error === null) {
      this.#error = tooLongError(this.#limits);
      this.#out += this.fail(this.#error);
    }
    return this.#flush();
  }

  /** Translates what was left. */
  end(): Output | null {
    this.#reader.end();
    this.#take(this.#decoder.end());
    return this.#flush();
  }

  /** Gives the client's error event. */
  fail(error: GatewayError): string {
    return this.#encoder.push({ type: "error", error, usage: this.#usage });
  }

  /** Whether a part with content came. */
  get sawContent(): boolean {
    return this.#sawContent;
  }

  /** Whether the finish part came. */
  get finished(): boolean {
    return this.#finished;
  }

  /** The error part, or an event beyond the cap. */
  get error(): GatewayError | null {
    return this.#error;
  }

  /** The encoder has written every error it was given. */
  get errorDelivered(): boolean {
    return this.#error !== null;
  }

  /** The usage of the last part that said any. */
  get usage(): Usage {
    return this.#usage;
  }

  /** The upstream's word of the finish part. */
  get finishReason(): string | null {
    return this.#finishReason;
  }

  /** Characters of all deltas. */
  get contentChars(): number {
    return this.#contentChars;
  }

  /** Events so far. */
  get events(): number {
    return this.#events;
  }

  #take(parts: readonly StreamPart[]): void {
    for (const part of parts) {
      if (this.#error !== null || this.#finished) return;
      this.#learn(part);
      this.#out += this.#encoder.push(part);
    }
  }

  #learn(part: StreamPart): void {
    if (isContent(part)) this.#sawContent = true;
    switch (part.type) {
      case "start":
        if (part.usage !== null) this.#usage = part.usage;
        break;
      case "text-delta":
      case "refusal-delta":
      case "reasoning-delta":
        this.#contentChars += part.text.length;
        break;
      case "tool-call-delta":
        this.#contentChars += part.arguments.length;
        break;
      case "finish":
        this.#finished = true;
        this.#usage = part.usage;
        this.#finishReason = part.finish.raw;
        break;
      case "error":
        this.#error = part.error;
        this.#usage = part.usage;
        break;
    }
  }

  #flush(): Output | null {
    const out = this.#out;
    this.#out = "";
    return out === "" ? null : out;
  }
}
