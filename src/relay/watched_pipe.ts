/** Reads the final response object off a Responses stream on its way to the client. @module */

import type { GatewayError } from "../exchange/gateway_error.ts";
import type { Usage } from "../exchange/usage.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import { SseReader } from "../support/sse.ts";
import type { Output, StreamPipe } from "./stream_pipe.ts";
import { encodeUtf8 } from "../support/utf8.ts";

/** No event is longer: the pipe in front has its own cap. */
const NO_CAP = Number.MAX_SAFE_INTEGER;
const FINAL = /"response\.(completed|incomplete)"/;

/** Looks for the terminal event. */
export class ResponseWatcher {
  readonly #reader: SseReader;
  #response: JsonObject | null = null;

  /** Makes a watcher for one answer. */
  constructor() {
    this.#reader = new SseReader({
      onEvent: ({ data }) => {
        // The type stands at one end of the event, before or behind the response.
        if (FINAL.test(data.slice(0, 200)) || FINAL.test(data.slice(-200))) {
          this.#take(data);
        }
      },
    }, NO_CAP);
  }

  /** The response object, `null` until the terminal event came. */
  get response(): JsonObject | null {
    return this.#response;
  }

  /** Takes the next piece. */
  push(output: Output): void {
    this.#reader.push(
      typeof output === "string" ? encodeUtf8(output) : output,
    );
  }

  #take(data: string): void {
    try {
      const event: unknown = JSON.parse(data);
      if (!isJsonObject(event) || !isJsonObject(event.response)) return;
      this.#response = event.response;
    } catch {
      // The client will see the same broken event; there is nothing to keep.
    }
  }
}

/** A pipe whose output is watched. */
export class WatchedPipe implements StreamPipe {
  readonly #pipe: StreamPipe;
  readonly #watcher: ResponseWatcher;

  /** Shows what comes out of `pipe` to `watcher`. */
  constructor(pipe: StreamPipe, watcher: ResponseWatcher) {
    this.#pipe = pipe;
    this.#watcher = watcher;
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): Output | null {
    return this.#watched(this.#pipe.push(bytes));
  }

  /** The upstream's body ended. */
  end(): Output | null {
    return this.#watched(this.#pipe.end());
  }

  /** Gives the client's error event. */
  fail(error: GatewayError): Output {
    return this.#pipe.fail(error);
  }

  /** As the pipe says. */
  get sawContent(): boolean {
    return this.#pipe.sawContent;
  }

  /** As the pipe says. */
  get finished(): boolean {
    return this.#pipe.finished;
  }

  /** As the pipe says. */
  get error(): GatewayError | null {
    return this.#pipe.error;
  }

  /** As the pipe says. */
  get errorDelivered(): boolean {
    return this.#pipe.errorDelivered;
  }

  /** As the pipe says. */
  get usage(): Usage {
    return this.#pipe.usage;
  }

  /** As the pipe says. */
  get finishReason(): string | null {
    return this.#pipe.finishReason;
  }

  /** As the pipe says. */
  get contentChars(): number {
    return this.#pipe.contentChars;
  }

  /** As the pipe says. */
  get events(): number {
    return this.#pipe.events;
  }

  #watched(output: Output | null): Output | null {
    if (output !== null) this.#watcher.push(output);
    return output;
  }
}
