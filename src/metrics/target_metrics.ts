/** Metrics of the attempts at one target, bound once. @module */

import type { Attempt } from "../exchange/exchange.ts";
import { type ErrorType, FAILURE_RULES } from "../exchange/failure.ts";
import type { Ledger } from "../exchange/usage.ts";
import type { Counter, CounterFamily, Gauge, GaugeFamily } from "./family.ts";
import type { Histogram, HistogramFamily } from "./histogram.ts";
import { statusLabel } from "./http_metrics.ts";
import type { Registry } from "./registry.ts";

/** The disjoint buckets of `signalbox_tokens_total`; searches are no tokens. */
const TOKEN_TYPES: readonly (readonly [keyof Ledger, string])[] = [
  ["input", "input"],
  ["cacheRead", "cache_read"],
  ["cacheWrite5m", "cache_write_5m"],
  ["cacheWrite1h", "cache_write_1h"],
  ["output", "output"],
  ["reasoning", "reasoning"],
  ["inputAudio", "input_audio"],
  ["cacheReadAudio", "cache_read_audio"],
  ["outputAudio", "output_audio"],
  ["outputImage", "output_image"],
];
/** How many of them every target shows from the start. */
const COMMON_TOKEN_TYPES = 6;

/** The families that attempts are counted in. */
export class AttemptFamilies {
  /** `ccr_active_connections`. */
  readonly active: GaugeFamily;
  /** `ccr_provider_requests_total`. */
  readonly requests: CounterFamily;
  /** `ccr_provider_errors_total`. */
  readonly errors: CounterFamily;
  /** `external_service_calls_total`. */
  readonly calls: CounterFamily;
  /** `ccr_provider_latency_seconds`. */
  readonly latency: HistogramFamily;
  /** `ccr_time_to_first_token_seconds`. */
  readonly firstToken: HistogramFamily;
  /** `signalbox_tokens_total`. */
  readonly tokens: CounterFamily;

  /** Registers the families. */
  constructor(registry: Registry) {
    this.active = registry.gauge("ccr_active_connections");
    this.requests = registry.counter("ccr_provider_requests_total");
    this.errors = registry.counter("ccr_provider_errors_total");
    this.calls = registry.counter("external_service_calls_total");
    this.latency = registry.histogram("ccr_provider_latency_seconds");
    this.firstToken = registry.histogram("ccr_time_to_first_token_seconds");
    this.tokens = registry.counter("signalbox_tokens_total");
  }

  /** Ends the series of providers that are gone. */
  removeProviders(providers: readonly string[]): void {
    const families = [
      this.active,
      this.requests,
      this.errors,
      this.latency,
      this.firstToken,
      this.tokens,
    ];
    for (const family of families) {
      family.removeLabelValues("provider", providers);
    }
    this.calls.removeLabelValues("service", providers);
  }
}

/** The children of one provider and model. */
export class TargetMetrics {
  /** Calls to the provider that are running. */
  readonly active: Gauge;
  /** The provider's label value. */
  readonly provider: string;
  readonly #families: AttemptFamilies;
  readonly #model: string;
  readonly #success: Counter;
  readonly #error: Counter;
  readonly #latency: Histogram;
  readonly #firstToken: Histogram;
  readonly #tokens: (Counter | null)[];
  readonly #errors = new Map<ErrorType, Counter>();
  readonly #calls = new Map<string, Counter>();
  #retired = false;

  /** Binds the children; they show as 0 from now on. */
  constructor(families: AttemptFamilies, provider: string, model: string) {
    this.#families = families;
    this.provider = provider;
    this.#model = model;
    this.active = families.active.child(provider);
    this.#success = families.requests.child(provider, model, "success");
    this.#error = families.requests.child(provider, model, "error");
    this.#latency = families.latency.child(provider, model);
    this.#firstToken = families.firstToken.child(provider, model);
    this.#tokens = TOKEN_TYPES.map(([, type], index) =>
      index < COMMON_TOKEN_TYPES
        ? families.tokens.child(provider, model, type)
        : null
    );
  }

  /** Whether its provider is gone from the config. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Counts nothing from now on: its series have ended. */
  retire(): void {
    this.#retired = true;
  }

  /** Counts an attempt that has ended. */
  count(attempt: Attempt, stream: boolean, exchangeId: string): void {
    const outcome = attempt.outcome;
    if (outcome === null || this.#retired) return;
    const seconds = (attempt.endedMs - attempt.startedMs) / 1000;
    let errorType: ErrorType | null = null;
    if (outcome.kind === "answered") this.#success.inc();
    else if (outcome.kind === "cancelled") {
      this.#families.requests.child(this.provider, this.#model, "cancelled")
        .inc();
    } else {
      errorType = FAILURE_RULES[outcome.failure.kind].errorType;
      this.#error.inc();
      this.#errorCounter(errorType).inc();
    }
    // A connection refused within a millisecond would make a target look fast.
    if (outcome.kind === "answered" || errorType === "timeout") {
      this.#latency.observe(seconds, exchangeId);
    }
    if (stream && attempt.firstContentMs >= 0) {
      const wait = (attempt.firstContentMs - attempt.startedMs) / 1000;
      this.#firstToken.observe(wait, exchangeId);
    }
    this.#countTokens(attempt.usage.ledger);
    this.#callCounter(callStatus(attempt, errorType)).inc();
  }

  #countTokens(ledger: Ledger): void {
    for (let index = 0; index < TOKEN_TYPES.length; index++) {
      const [bucket, type] = TOKEN_TYPES[index] ?? ["input", "input"];
      const amount = ledger[bucket];
      if (amount > 0) {
        const counter = this.#tokens[index] ??
          this.#families.tokens.child(this.provider, this.#model, type);
        this.#tokens[index] = counter;
        counter.inc(amount);
      }
    }
  }

  #errorCounter(type: ErrorType): Counter {
    let counter = this.#errors.get(type);
    if (counter === undefined) {
      counter = this.#families.errors.child(this.provider, type);
      this.#errors.set(type, counter);
    }
    return counter;
  }

  #callCounter(status: string): Counter {
    let counter = this.#calls.get(status);
    if (counter === undefined) {
      counter = this.#families.calls.child(this.provider, status);
      this.#calls.set(status, counter);
    }
    return counter;
  }
}

function callStatus(attempt: Attempt, errorType: ErrorType | null): string {
  if (errorType === "timeout") return "timeout";
  if (attempt.upstreamStatus > 0) return String(attempt.upstreamStatus);
  // The client left before the provider said anything.
  return attempt.outcome?.kind === "cancelled" ? statusLabel(0) : "error";
}
