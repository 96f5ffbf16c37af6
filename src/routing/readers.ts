/** What routing asks others: a function each, so that a dry run can answer differently or not at all. @module */

import type { SelectorName } from "../config/schema/models.ts";
import type { TargetRef } from "../exchange/decision.ts";
import type { ProviderProfile } from "../providers/profile.ts";
import type { TargetPerformance } from "../providers/window.ts";
import type { KnownTarget } from "./eligibility.ts";
import type { RequestFacts } from "./facts.ts";

/** Whether a target may be called now. */
export type TargetHealth =
  | {
    /** It may. */
    readonly usable: true;
    /** What is to be said of it (a probe after a rest, say), `null` if nothing. */
    readonly note: string | null;
  }
  | {
    /** It rests. */
    readonly usable: false;
    /** Why, in words that name the value. */
    readonly reason: string;
    /** Time until it may be called again in ms, `null` if nobody knows. */
    readonly retryAfterMs: number | null;
    /** Whether it is called all the same when every other target rests too. */
    readonly lastResort: boolean;
    /** Whether the provider asked for the rest (429): clients are then told 429, else 503. */
    readonly rateLimited: boolean;
  };

/** How far the budgets are used up that a request counts against. */
export type BudgetState = "ok" | "warn" | "critical";

/** Which registered back ends are wanted; `null` is any. */
export interface HeadFilter {
  /** Only of this class. */
  readonly modelType: string | null;
  /** Only of this region. */
  readonly region: string | null;
}

/** Everything that routing asks. */
export interface RoutingReaders {
  /** The price of a request in 1e-12 USD, estimated; `null` if the target is unpriced. */
  price(target: TargetRef, facts: RequestFacts): bigint | null;
  /** How a target did lately, `null` if it was not called. */
  performance(target: TargetRef): TargetPerformance | null;
  /** Whether a target may be called now. */
  health(target: TargetRef): TargetHealth;
  /**
   * Takes the place of an attempt that is made next. `false`: the target has come to rest since it
   * was chosen, or the one probe after its rest is under way. `lastResort`: every target rests.
   */
  admit(target: TargetRef, lastResort: boolean): boolean;
  /** How busy a target is, 0 idle to 1 full; `null` if nobody knows. */
  load(target: TargetRef): number | null;
  /** How good its answers are, 0 to 1, from feedback; `null` if nobody said. */
  quality(target: TargetRef): number | null;
  /** The budgets that the request counts against. */
  budgetState(facts: RequestFacts): BudgetState;
  /** The registered back ends that match. */
  heads(filter: HeadFilter): readonly KnownTarget[];
  /** The selector that a group with heads goes by now, in place of the configured one. */
  headSelector(configured: SelectorName): SelectorName;
  /** A registered back end by its id, `null` if there is none: it can be asked for by name. */
  head(id: string): ProviderProfile | null;
}

const USABLE: TargetHealth = { usable: true, note: null };

/** Readers that know nothing: everything may be called, nothing is priced or measured. */
export const NO_READERS: RoutingReaders = {
  price: () => null,
  performance: () => null,
  health: () => USABLE,
  admit: () => true,
  load: () => null,
  quality: () => null,
  budgetState: () => "ok",
  heads: () => [],
  headSelector: (configured) => configured,
  head: () => null,
};
