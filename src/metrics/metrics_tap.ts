/**
 * Counts exchanges: one Map lookup gives the bound children of everything an
 * exchange touches.
 *
 * @module
 */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { type Outcome, OUTCOMES } from "../exchange/names.ts";
import {
  type Counter,
  type CounterFamily,
  type Gauge,
  type GaugeFamily,
  OVERFLOW_LABEL,
} from "./family.ts";
import type { Histogram, HistogramFamily } from "./histogram.ts";
import { statusLabel } from "./http_metrics.ts";
import { type KnownLabels, lossField } from "./known_labels.ts";
import type { Registry } from "./registry.ts";
import { AttemptFamilies, TargetMetrics } from "./target_metrics.ts";

const NO_PROVIDER = "none";

/** The children of one endpoint. */
interface EndpointBundle {
  readonly inFlight: Gauge;
  readonly overhead: Histogram;
}

/** The children of one way to end. */
interface FinishBundle {
  readonly requests: Counter;
  readonly seconds: Histogram;
  readonly outcomes: Counter;
}

/** What a request on an LLM route that never became an exchange is counted as. */
export interface RejectedRequest {
  /** Route template. */
  readonly endpoint: string;
  /** The status it was answered with. */
  readonly status: number;
  /** How it counts for the SLI. */
  readonly outcome: Outcome;
  /** The client's tier, `default` if it is not known. */
  readonly tier: string;
  /** Time until the last byte, in seconds. */
  readonly seconds: number;
}

/** Feeds the metrics of exchanges and attempts. */
export class MetricsTap implements Tap {
  /** Shown when it throws. */
  readonly name = "metrics";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = [
    "received",
    "attempt-started",
    "attempt-finished",
    "finished",
  ];
  readonly #attempts: AttemptFamilies;
  readonly #requests: CounterFamily;
  readonly #seconds: HistogramFamily;
  readonly #outcomes: CounterFamily;
  readonly #inFlight: GaugeFamily;
  readonly #overhead: HistogramFamily;
  readonly #losses: CounterFamily;
  readonly #targets = new Map<string, TargetMetrics>();
  readonly #endpoints = new Map<string, EndpointBundle>();
  readonly #finishes = new Map<string, FinishBundle>();
  #known: KnownLabels;

  /** Registers the families and shows what `known` names as 0. */
  constructor(registry: Registry, known: KnownLabels) {
    this.#attempts = new AttemptFamilies(registry);
    this.#requests = registry.counter("ccr_requests_total");
    this.#seconds = registry.histogram("ccr_request_duration_seconds");
    this.#outcomes = registry.counter("signalbox_request_outcomes_total");
    this.#inFlight = registry.gauge("signalbox_requests_in_flight");
    this.#overhead = registry.histogram("signalbox_overhead_seconds");
    this.#losses = registry.counter("signalbox_losses_total");
    this.#known = known;
    this.#bindTargets();
  }

  /** Shows endpoints as 0 before their first request. */
  precreate(endpoints: Iterable<string>): void {
    for (const endpoint of endpoints) {
      this.#endpoint(endpoint);
      for (const outcome of OUTCOMES) this.#outcomes.child(endpoint, outcome);
    }
  }

  /** Takes over the names of a new config; the series of providers that are gone end. */
  update(known: KnownLabels): void {
    const gone = [...this.#known.providers].filter((provider) =>
      !known.providers.has(provider)
    );
    this.#attempts.removeProviders(gone);
    this.#requests.removeLabelValues("provider", gone);
    this.#seconds.removeLabelValues("provider", gone);
    this.#known = known;
    this.#finishes.clear();
    for (const [id, target] of this.#targets) {
      if (!gone.includes(target.provider)) continue;
      // Calls that still run find it, and count nothing.
      target.retire();
      if (target.active.value === 0) this.#targets.delete(id);
    }
    this.#bindTargets();
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    switch (event.type) {
      case "received":
        this.#endpoint(event.exchange.endpoint).inFlight.inc();
        break;
      case "attempt-started":
        this.#target(event.attempt).active.inc();
        break;
      case "attempt-finished": {
        const { attempt, exchange } = event;
        const target = this.#target(attempt);
        if (target.active.value > 0) target.active.dec();
        target.count(attempt, exchange.stream, exchange.id);
        break;
      }
      case "finished":
        this.#finish(event.exchange);
        break;
    }
  }

  /** Counts a request on an LLM route that was refused before it became an exchange. */
  reject(request: RejectedRequest): void {
    const { endpoint, outcome, tier } = request;
    const status = statusLabel(request.status);
    this.#requests.child("POST", endpoint, status, NO_PROVIDER, tier).inc();
    this.#seconds.child("POST", endpoint, NO_PROVIDER, "bypass")
      .observe(request.seconds);
    this.#outcomes.child(endpoint, outcome).inc();
  }

  #finish(exchange: Exchange): void {
    const { attempts, endpoint } = exchange;
    const last = attempts[attempts.length - 1];
    const provider = last === undefined
      ? NO_PROVIDER
      : this.#provider(last.target.provider);
    const bundle = this.#finishBundle(exchange, provider);
    bundle.requests.inc();
    bundle.seconds.observe(exchange.endedMs / 1000, exchange.id);
    bundle.outcomes.inc();
    const ends = this.#endpoint(endpoint);
    ends.inFlight.dec();
    // The gaps between attempts are waits on purpose.
    const overheadMs = last === undefined
      ? exchange.endedMs
      : (attempts[0]?.startedMs ?? 0) + exchange.endedMs - last.endedMs;
    ends.overhead.observe(Math.max(0, overheadMs) / 1000);
    if (exchange.losses.length > 0 && last !== undefined) {
      for (const loss of exchange.losses) {
        this.#losses.child(exchange.protocol, last.protocol, lossField(loss))
          .inc();
      }
    }
  }

  #finishBundle(exchange: Exchange, provider: string): FinishBundle {
    const { endpoint, client } = exchange;
    const outcome = exchange.outcome ?? "signalbox_error";
    const cache = exchange.cacheStatus ?? "bypass";
    const key =
      `${endpoint} ${exchange.status} ${provider} ${cache} ${outcome} ${client.tier}`;
    let bundle = this.#finishes.get(key);
    if (bundle === undefined) {
      const status = statusLabel(exchange.status);
      bundle = {
        requests: this.#requests
          .child("POST", endpoint, status, provider, client.tier),
        seconds: this.#seconds.child("POST", endpoint, provider, cache),
        outcomes: this.#outcomes.child(endpoint, outcome),
      };
      this.#finishes.set(key, bundle);
    }
    return bundle;
  }

  #endpoint(endpoint: string): EndpointBundle {
    let bundle = this.#endpoints.get(endpoint);
    if (bundle === undefined) {
      bundle = {
        inFlight: this.#inFlight.child(endpoint),
        overhead: this.#overhead.child(endpoint),
      };
      this.#endpoints.set(endpoint, bundle);
    }
    return bundle;
  }

  #provider(id: string): string {
    return this.#known.providers.has(id) ? id : OVERFLOW_LABEL;
  }

  #target(attempt: Attempt): TargetMetrics {
    const { id, provider } = attempt.target;
    const bound = this.#targets.get(id);
    if (bound !== undefined) return bound;
    // A model that only the client names: all of the provider's share a child.
    const label = this.#provider(provider);
    const overflow = `${label} ${OVERFLOW_LABEL}`;
    let shared = this.#targets.get(overflow);
    if (shared === undefined) {
      shared = new TargetMetrics(this.#attempts, label, OVERFLOW_LABEL);
      this.#targets.set(overflow, shared);
    }
    return shared;
  }

  #bindTargets(): void {
    for (const id of this.#known.targets) {
      const provider = id.slice(0, id.indexOf("/"));
      const model = id.slice(provider.length + 1);
      const isBound = this.#targets.get(id)?.retired === false;
      if (isBound || !this.#known.providers.has(provider)) continue;
      this.#targets.set(id, new TargetMetrics(this.#attempts, provider, model));
    }
  }
}
