/** The client's side of an exchange: heads, pieces, heartbeats, errors. @module */

import { Buffer } from "node:buffer";
import type { ClientResponse } from "../exchange/client.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { GatewayError } from "../exchange/gateway_error.ts";
import { errorHeaders } from "../exchange/headers.ts";
import type { Protocol } from "../protocols/protocol.ts";
import { pushOwnHeaders } from "./answer_headers.ts";
import type { RelayDependencies } from "./dependencies.ts";
import type { Output } from "./stream_pipe.ts";
import type { TapFanOut } from "./tap_fan_out.ts";
import { encodeUtf8 } from "../support/utf8.ts";

/** A comment: every event-stream reader skips it. */
export const HEARTBEAT = ": keep-alive\n\n";

/** Writes one answer and keeps its numbers. */
export class ClientSide {
  /** Monotonic ms of the next heartbeat; Infinity while none is due. */
  heartbeatAtMs: number = Infinity;
  readonly #exchange: Exchange;
  readonly #response: ClientResponse;
  readonly #protocol: Protocol;
  readonly #taps: TapFanOut;
  readonly #heartbeatMs: number;
  #gone = false;

  /** Writes to `response` in the client's protocol. */
  constructor(
    exchange: Exchange,
    response: ClientResponse,
    deps: RelayDependencies,
    heartbeatMs: number,
  ) {
    this.#exchange = exchange;
    this.#response = response;
    this.#protocol = deps.protocols[exchange.protocol];
    this.#taps = deps.taps;
    this.#heartbeatMs = heartbeatMs;
  }

  /** The client has gone: what comes now is read, and sent to nobody. */
  leave(): void {
    this.#gone = true;
    this.heartbeatAtMs = Infinity;
  }

  /** Sends the head of a streamed answer. */
  startStream(headers: readonly string[]): void {
    if (this.#gone) return;
    this.#exchange.status = 200;
    this.#response.start(200, [
      ...headers,
      "cache-control",
      "no-cache",
      "x-accel-buffering",
      "no",
    ]);
    this.heartbeatAtMs = this.#nextBeat();
  }

  /** Sends a piece that ends between two events; `false` pauses the upstream. */
  sendPiece(output: Output): boolean {
    if (this.#gone) return true;
    this.#count(output);
    const goOn = this.#response.write(output);
    this.heartbeatAtMs = goOn ? this.#nextBeat() : Infinity;
    return goOn;
  }

  /** The client reads again. */
  drained(): void {
    this.heartbeatAtMs = this.#nextBeat();
  }

  /** Sends a sign of life if one is due. */
  beat(now: number): void {
    if (now < this.heartbeatAtMs) return;
    this.#response.write(HEARTBEAT);
    this.heartbeatAtMs = this.#nextBeat();
  }

  /** Ends a streamed answer. */
  end(): void {
    this.heartbeatAtMs = Infinity;
    this.#response.end();
  }

  /** Sends a whole answer. */
  sendWhole(status: number, headers: readonly string[], body: Output): void {
    if (this.#gone) return;
    this.#exchange.status = status;
    this.#count(body);
    this.#response.send(status, headers, body);
  }

  /** Sends an error in the client's protocol. */
  sendError(error: GatewayError): void {
    const body = this.#protocol.encodeError(error, this.#exchange.id);
    const headers = pushOwnHeaders(this.#exchange, errorHeaders(error));
    this.sendWhole(error.status, headers, JSON.stringify(body));
  }

  #count(output: Output): void {
    const exchange = this.#exchange;
    if (exchange.firstByteMs < 0) {
      exchange.firstByteMs = performance.now() - exchange.startedMs;
    }
    exchange.bytesOut += Buffer.byteLength(output);
    if (!this.#taps.wantsBytes) return;
    this.#taps.emit({
      type: "chunk",
      exchange,
      attempt: exchange.lastAttempt,
      side: "client",
      atMs: performance.now() - exchange.startedMs,
      bytes: typeof output === "string" ? encodeUtf8(output) : output,
    });
  }

  #nextBeat(): number {
    return this.#heartbeatMs > 0
      ? performance.now() + this.#heartbeatMs
      : Infinity;
  }
}
