/** Counts routing decisions, and lookups in the routing-decision cache. @module */

import type { Decision } from "../exchange/decision.ts";
import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Counter, CounterFamily } from "./family.ts";
import type { Registry } from "./registry.ts";

/** Where a decision leads, in labels; names of the config only. */
export interface DecisionLabels {
  /** Class of the chosen target. */
  readonly modelType: string;
  /** Region of the chosen target. */
  readonly region: string;
}

const NOWHERE: DecisionLabels = { modelType: "default", region: "default" };

const MAX_BOUND = 1000;

/** Feeds the metrics of routing. */
export class RoutingMetrics implements Tap {
  /** Shown when it throws. */
  readonly name = "routing-metrics";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["decided"];
  readonly #decisions: CounterFamily;
  readonly #bound = new Map<string, Counter>();
  readonly #hits: Counter;
  readonly #misses: Counter;
  readonly #labelsOf: (decision: Decision) => DecisionLabels | null;

  /** Registers the families and shows failures as 0. */
  constructor(
    registry: Registry,
    labelsOf: (decision: Decision) => DecisionLabels | null,
  ) {
    this.#decisions = registry.counter("routing_decisions_total");
    this.#decisions.child("none", NOWHERE.modelType, NOWHERE.region);
    this.#hits = registry.counter("cache_hits_total").child();
    this.#misses = registry.counter("cache_misses_total").child();
    this.#labelsOf = labelsOf;
  }

  /** Counts a lookup in the affinity tables. */
  lookedUp(hit: boolean): void {
    (hit ? this.#hits : this.#misses).inc();
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (event.type !== "decided") return;
    const { decision } = event.exchange;
    if (decision === null) return;
    const { modelType, region } = this.#labelsOf(decision) ?? NOWHERE;
    this.#child(decision.strategy, modelType, region).inc();
  }

  /** Bound once: the names come from the config, so that there are few. */
  #child(strategy: string, modelType: string, region: string): Counter {
    const key = `${strategy}\n${modelType}\n${region}`;
    const known = this.#bound.get(key);
    if (known !== undefined) return known;
    const child = this.#decisions.child(strategy, modelType, region);
    // Heads bring names of their own: what is bound is bounded.
    if (this.#bound.size < MAX_BOUND) this.#bound.set(key, child);
    return child;
  }
}
