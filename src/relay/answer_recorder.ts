/** Collects what a client is sent, so that it can be sent again. @module */

import type { ClientListener, ClientResponse } from "../exchange/client.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { headerOf } from "../exchange/headers.ts";
import type { KeptAnswer } from "../exchange/kept_answer.ts";
import { HEARTBEAT } from "./client_side.ts";
import type { Output } from "./stream_pipe.ts";
import { encodeUtf8 } from "../support/utf8.ts";

/** What is recorded, and who gets it. */
export interface RecordingOptions {
  /** The exchange. */
  readonly exchange: Exchange;
  /** The alias it was looked up for: the answer of another one is not kept. */
  readonly alias: string;
  /** Longest body that is kept, bytes. */
  readonly maxBytes: number;
  /** Takes the answer, once it is complete and a success. */
  readonly keep: (answer: KeptAnswer) => void;
}

/** Passes everything on to a client, and keeps a copy that is bounded. */
export class RecordedResponse implements ClientResponse {
  readonly #response: ClientResponse;
  readonly #options: RecordingOptions;
  readonly #ends: number[] = [];
  /** `null` as soon as it is known that nothing will be kept. */
  #pieces: Uint8Array[] | null = [];
  #length = 0;
  #contentType = "";

  /** Records what goes to `response`. */
  constructor(response: ClientResponse, options: RecordingOptions) {
    this.#response = response;
    this.#options = options;
  }

  /** As the client's. */
  get started(): boolean {
    return this.#response.started;
  }

  /** As the client's. */
  get closed(): boolean {
    return this.#response.closed;
  }

  /** As the client's. */
  get listener(): ClientListener | null {
    return this.#response.listener;
  }

  /** Sets the client's. */
  set listener(listener: ClientListener | null) {
    this.#response.listener = listener;
  }

  /** Sends a whole answer. */
  send(status: number, headers: readonly string[], body: Output): void {
    if (status === 200) {
      this.#begin(headers);
      this.#take(body);
      this.#complete(false);
    }
    this.#response.send(status, headers, body);
  }

  /** Sends the head of a stream. */
  start(status: number, headers: readonly string[]): void {
    this.#begin(headers);
    this.#response.start(status, headers);
  }

  /** Sends a piece; a sign of life is no part of the answer. */
  write(bytes: Output): boolean {
    if (bytes !== HEARTBEAT) this.#take(bytes);
    return this.#response.write(bytes);
  }

  /** Ends a stream. */
  end(): void {
    this.#complete(true);
    this.#response.end();
  }

  /** Breaks the connection; nothing is kept. */
  destroy(): void {
    this.#pieces = null;
    this.#response.destroy();
  }

  #begin(headers: readonly string[]): void {
    this.#contentType = headerOf(headers, "content-type") ?? "";
  }

  /** Copies: what comes off a socket is a view of a larger buffer that others use again. */
  #take(output: Output): void {
    if (this.#pieces === null) return;
    const bytes = typeof output === "string"
      ? encodeUtf8(output)
      : output.slice();
    this.#length += bytes.length;
    if (this.#length > this.#options.maxBytes) {
      this.#pieces = null;
      return;
    }
    this.#pieces.push(bytes);
    this.#ends.push(this.#length);
  }

  /** How the exchange ended and what it cost is known once whoever ends the answer is done. */
  #complete(streamed: boolean): void {
    const pieces = this.#pieces;
    this.#pieces = null;
    if (pieces !== null) queueMicrotask(() => this.#keep(pieces, streamed));
  }

  #keep(pieces: readonly Uint8Array[], streamed: boolean): void {
    const { exchange, alias, keep } = this.#options;
    const { outcome, decision, losses, lastAttempt } = exchange;
    if (outcome !== "success" || lastAttempt === null) return;
    if (decision?.alias !== alias) return;
    const bytes = new Uint8Array(this.#length);
    pieces.forEach((piece, index) => {
      bytes.set(piece, (this.#ends[index] ?? 0) - piece.length);
    });
    keep({
      streamed,
      contentType: this.#contentType,
      bytes,
      ends: this.#ends,
      losses,
      costPico: lastAttempt.cost?.totalPico ?? null,
    });
  }
}
