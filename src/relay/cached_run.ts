/** The story of an exchange whose answer is known: nobody is chosen, nobody is called. @module */

import type { ClientListener, ClientResponse } from "../exchange/client.ts";
import type { Decision } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { KeptAnswer } from "../exchange/kept_answer.ts";
import type { Outcome } from "../exchange/names.ts";
import { pushOwnHeaders } from "./answer_headers.ts";
import { AttemptEvents } from "./attempt_events.ts";
import { ClientSide } from "./client_side.ts";
import type { RelayDependencies } from "./dependencies.ts";
import type { Inbound } from "./inbound.ts";
import { outcomeOfError } from "./outcome.ts";

/** Gives a kept answer to a client, as fast as it reads. */
export class CachedRun implements ClientListener {
  readonly #deps: RelayDependencies;
  readonly #exchange: Exchange;
  readonly #response: ClientResponse;
  readonly #client: ClientSide;
  readonly #answer: KeptAnswer;
  #piece = 0;

  /** Makes the run of `exchange`; {@linkcode CachedRun.begin} starts it. */
  constructor(
    deps: RelayDependencies,
    exchange: Exchange,
    response: ClientResponse,
    answer: KeptAnswer,
  ) {
    this.#deps = deps;
    this.#exchange = exchange;
    this.#response = response;
    this.#answer = answer;
    this.#client = new ClientSide(exchange, response, deps, 0);
  }

  /** Answers. */
  begin(inbound: Inbound, decision: Decision): void {
    const exchange = this.#exchange;
    const { admission, taps } = this.#deps;
    new AttemptEvents(exchange, this.#deps).received(inbound);
    const limited = admission.enter(exchange, inbound);
    if (limited !== null) return this.#refuse(limited);
    exchange.decision = decision;
    exchange.losses = this.#answer.losses;
    taps.emit({ type: "decided", exchange });
    inbound.release();
    this.#response.listener = this;
    const { contentType, streamed, bytes } = this.#answer;
    const headers = pushOwnHeaders(exchange, ["content-type", contentType]);
    exchange.firstContentMs = performance.now() - exchange.startedMs;
    if (!streamed) {
      this.#client.sendWhole(200, headers, bytes);
      return this.#finish("success", null);
    }
    this.#client.startStream(headers);
    this.#stream();
  }

  /** Ends the exchange because the gateway goes down: an error event, then the end. */
  cut(): void {
    const { outcome, protocol, id } = this.#exchange;
    if (outcome !== null) return;
    const error = gatewayError("timeout", "The gateway is shutting down");
    const codec = this.#deps.protocols[protocol];
    this.#client.sendPiece(codec.encodeStreamError(error, id));
    this.#client.end();
    this.#finish("timeout", `deadline: ${error.message}`);
  }

  /** One request too many: it is none that the cache has answered. */
  #refuse(error: GatewayError): void {
    this.#exchange.cacheStatus = "bypass";
    this.#client.sendError(error);
    this.#finish(outcomeOfError(error), error.message);
  }

  /** The client has gone. */
  onAbort(): void {
    this.#finish("client_abort", "The client closed the connection");
  }

  /** The client reads again. */
  onDrain(): void {
    if (this.#answer.streamed) this.#stream();
  }

  #stream(): void {
    const { bytes, ends } = this.#answer;
    while (this.#exchange.outcome === null && this.#piece < ends.length) {
      const start = ends[this.#piece - 1] ?? 0;
      const end = ends[this.#piece++] ?? start;
      if (!this.#client.sendPiece(bytes.subarray(start, end))) break;
    }
    if (this.#exchange.outcome !== null || this.#piece < ends.length) return;
    this.#client.end();
    this.#finish("success", null);
  }

  #finish(outcome: Outcome, error: string | null): void {
    const exchange = this.#exchange;
    if (exchange.outcome !== null) return;
    exchange.outcome = outcome;
    exchange.error = error;
    exchange.endedMs = performance.now() - exchange.startedMs;
    this.#response.listener = null;
    this.#deps.taps.emit({ type: "finished", exchange });
  }
}
