/** Metrics of breakers and provider health, read at every scrape from those who know. @module */

import type { CounterFamily } from "./family.ts";
import type { Registry } from "./registry.ts";

/** Who knows. Names are those of the config and of registered heads only. */
export interface HealthSources {
  /** Providers with their score, 0 to 1. */
  scores(): Iterable<readonly [provider: string, score: number]>;
  /** Targets with the state of their breaker. */
  breakers(): Iterable<
    readonly [provider: string, model: string, state: string]
  >;
  /** Every state that a breaker may be in. */
  readonly states: readonly string[];
}

/** Exposes breakers and scores. */
export class HealthMetrics {
  readonly #transitions: CounterFamily;

  /** Registers the families. */
  constructor(registry: Registry, sources: HealthSources) {
    registry.collect("ccr_provider_health_score", (emit) => {
      for (const [provider, score] of sources.scores()) emit(score, provider);
    });
    registry.collect("signalbox_circuit_breaker_state", (emit) => {
      for (const [provider, model, state] of sources.breakers()) {
        for (const one of sources.states) {
          emit(one === state ? 1 : 0, provider, model, one);
        }
      }
    });
    this.#transitions = registry.counter(
      "signalbox_circuit_breaker_transitions_total",
    );
  }

  /** Counts a change of state. */
  transition(provider: string, to: string): void {
    this.#transitions.child(provider, to).inc();
  }
}
