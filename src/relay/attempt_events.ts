/** Emits what an exchange takes in and what its upstream does. @module */

import type { Attempt, Exchange } from "../exchange/exchange.ts";
import type { UpstreamRequest } from "../exchange/upstream.ts";
import type { Provider } from "../providers/provider.ts";
import type { RelayDependencies } from "./dependencies.ts";
import type { Inbound } from "./inbound.ts";
import type { TapFanOut } from "./tap_fan_out.ts";

/** Tells the taps about one exchange's attempts, and keeps their times. */
export class AttemptEvents {
  readonly #exchange: Exchange;
  readonly #taps: TapFanOut;
  readonly #deps: RelayDependencies;

  /** Emits for `exchange`. */
  constructor(exchange: Exchange, deps: RelayDependencies) {
    this.#exchange = exchange;
    this.#taps = deps.taps;
    this.#deps = deps;
  }

  /** The request has been read and admitted. */
  received(inbound: Inbound): void {
    const exchange = this.#exchange;
    this.#taps.emit({ type: "received", exchange });
    if (!this.#taps.wantsBytes) return;
    this.#taps.emit({
      type: "request-body",
      exchange,
      headers: inbound.rawHeaders,
      bytes: inbound.body,
    });
  }

  /** The call begins. */
  started(
    attempt: Attempt,
    provider: Provider,
    request: UpstreamRequest,
  ): void {
    const exchange = this.#exchange;
    this.#taps.emit({ type: "attempt-started", exchange, attempt });
    if (!this.#taps.wantsBytes) return;
    this.#taps.emit({
      type: "upstream-request",
      exchange,
      attempt,
      method: "POST",
      url: provider.urlOf(request),
      headers: request.headers,
      bytes: request.body,
    });
  }

  /** The response head came. */
  head(attempt: Attempt, status: number, headers: readonly string[]): void {
    if (!this.#taps.hears("upstream-head")) return;
    const exchange = this.#exchange;
    this.#taps.emit({
      type: "upstream-head",
      exchange,
      attempt,
      status,
      headers,
    });
  }

  /** A piece of the body came. */
  bytes(attempt: Attempt, bytes: Uint8Array): void {
    const exchange = this.#exchange;
    const first = attempt.firstByteMs < 0;
    if (!first && !this.#taps.wantsBytes) return;
    const atMs = performance.now() - exchange.startedMs;
    if (first) {
      attempt.firstByteMs = atMs;
      this.#taps.emit({ type: "first-byte", exchange, attempt });
    }
    if (!this.#taps.wantsBytes) return;
    this.#taps.emit({
      type: "chunk",
      exchange,
      attempt,
      side: "upstream",
      atMs,
      bytes,
    });
  }

  /** The first content came. */
  content(attempt: Attempt): void {
    const exchange = this.#exchange;
    attempt.firstContentMs = performance.now() - exchange.startedMs;
    if (exchange.firstContentMs < 0) {
      exchange.firstContentMs = attempt.firstContentMs;
    }
    this.#taps.emit({ type: "first-content", exchange, attempt });
  }

  /** The attempt has ended; it is priced. */
  ended(attempt: Attempt, outcome: NonNullable<Attempt["outcome"]>): void {
    const exchange = this.#exchange;
    attempt.endedMs = performance.now() - exchange.startedMs;
    attempt.outcome = outcome;
    try {
      attempt.cost = this.#deps.costOf(attempt, exchange);
    } catch (error) {
      // An answer is worth more than its price.
      this.#deps.onBug(error, exchange);
    }
    this.#taps.emit({ type: "attempt-finished", exchange, attempt });
  }
}
