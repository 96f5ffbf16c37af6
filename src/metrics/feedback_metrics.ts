/** Metrics of what users say of answers; without a word there is no series. @module */

import type { Registry } from "./registry.ts";

/** Feeds the families. */
export class FeedbackMetrics {
  readonly #registry: Registry;

  /** Feeds `registry`. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Counts a vote on quality, 0 to 1. */
  quality(
    provider: string,
    model: string,
    contentType: string,
    value: number,
  ): void {
    this.#registry.histogram("ccr_response_quality_score")
      .child(provider, model, contentType).observe(value);
  }

  /** Shows the last satisfaction, 0 to 1. */
  satisfaction(tier: string, provider: string, value: number): void {
    this.#registry.gauge("ccr_user_satisfaction_score")
      .child(tier, provider).set(value);
  }
}
