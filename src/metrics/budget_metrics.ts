/** How far budgets are used up, and whom limits refused. @module */

import type { Registry } from "./registry.ts";

/** One budget in one period, as it is scraped. */
export interface BudgetReading {
  /** `global`, `client:<name>` or `alias:<name>`. */
  readonly budget: string;
  /** `day`, `week` or `month`. */
  readonly period: string;
  /** What it allows, in USD. */
  readonly limitUsd: number;
  /** What was spent, in USD. */
  readonly spentUsd: number;
  /** When the period ends, ms since the epoch. */
  readonly resetsAtMs: number;
}

/** Shows budgets and counts what happens to them. */
export class BudgetMetrics {
  readonly #registry: Registry;

  /** Registers the families; `read` is asked when somebody scrapes. */
  constructor(registry: Registry, read: () => Iterable<BudgetReading>) {
    this.#registry = registry;
    registry.collect("signalbox_budget_limit_usd", (emit) => {
      for (const { budget, period, limitUsd } of read()) {
        emit(limitUsd, budget, period);
      }
    });
    registry.collect("signalbox_budget_spent_usd", (emit) => {
      for (const { budget, period, spentUsd } of read()) {
        emit(spentUsd, budget, period);
      }
    });
    registry.collect("signalbox_budget_reset_timestamp_seconds", (emit) => {
      for (const { budget, period, resetsAtMs } of read()) {
        emit(resetsAtMs / 1000, budget, period);
      }
    });
    for (const scope of ["requests", "tokens"]) this.#limited().child(scope);
  }

  /** Counts what happened to a budget. */
  event(budget: string, period: string, event: string): void {
    this.#registry.counter("signalbox_budget_events_total")
      .child(budget, period, event).inc();
  }

  /** Counts a request that a client's own limit refused. */
  rateLimited(scope: "requests" | "tokens"): void {
    this.#limited().child(scope).inc();
  }

  #limited() {
    return this.#registry.counter("signalbox_rate_limited_total");
  }
}
