/** Metrics of the listener, fed by its hooks. @module */

import type { Counter, CounterFamily, Gauge } from "./family.ts";
import type { Histogram, HistogramFamily } from "./histogram.ts";
import type { Registry } from "./registry.ts";

const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);

/** The children of one method, endpoint and status. */
interface RequestBundle {
  readonly requests: Counter;
  readonly seconds: Histogram;
}

/** Families of the listener. Its methods have the shape of the server's hooks. */
export class HttpMetrics {
  /** Open event streams to clients. */
  readonly sseConnections: Gauge;
  readonly #requests: CounterFamily;
  readonly #seconds: HistogramFamily;
  readonly #limitHits: CounterFamily;
  readonly #authFailures: CounterFamily;
  readonly #bundles = new Map<string, RequestBundle>();

  /** Registers the families. */
  constructor(registry: Registry) {
    this.#requests = registry.counter("http_requests_total");
    this.#seconds = registry.histogram("http_request_duration_seconds");
    this.#limitHits = registry.counter("signalbox_limit_hits_total");
    this.#authFailures = registry.counter("signalbox_auth_failures_total");
    this.sseConnections = registry.gauge("sse_connections").child();
  }

  /** Shows limits and reasons that have not occurred yet as 0. */
  precreate(limits: Iterable<string>, authReasons: Iterable<string>): void {
    for (const limit of limits) this.#limitHits.child(limit);
    for (const reason of authReasons) this.#authFailures.child(reason);
  }

  /** Counts a request that is over. `endpoint` is a route template or `other`; status 0 means that no answer was sent. */
  onRequest(
    method: string,
    endpoint: string,
    status: number,
    seconds: number,
  ): void {
    const known = METHODS.has(method) ? method : "OTHER";
    const key = `${known} ${endpoint} ${status}`;
    let bundle = this.#bundles.get(key);
    if (bundle === undefined) {
      bundle = {
        requests: this.#requests.child(known, endpoint, statusLabel(status)),
        seconds: this.#seconds.child(known, endpoint),
      };
      this.#bundles.set(key, bundle);
    }
    bundle.requests.inc();
    bundle.seconds.observe(seconds);
  }

  /** Counts a limit that was hit. */
  onLimit(limit: string): void {
    this.#limitHits.child(limit).inc();
  }

  /** Counts a caller that was refused. */
  onAuthFailure(reason: string): void {
    this.#authFailures.child(reason).inc();
  }
}

/** Writes a status as a label: 499 where the client left before there was one. */
export function statusLabel(status: number): string {
  return status === 0 ? "499" : String(status);
}
