/** What an attempt cost. Integers of 1e-12 USD, decimal text at the edges. @module */

import type { JsonObject } from "../support/json.ts";

/** How a cost came about. */
export type CostStatus =
  | "priced"
  | "unpriced"
  | "reported"
  | "estimated"
  | "no-usage"
  | "invalid";

/** Where the rates came from. */
export type CostSource =
  | "config"
  | "imported"
  | "openrouter"
  | "embedded"
  | "reported"
  | "estimated";

/** The price that was applied: tokens times these rates times the discount is the cost. */
export interface AppliedPrice {
  /** Key of the entry. */
  readonly key: string;
  /** The table that it stands in. */
  readonly table: string;
  /** The day as of which the table holds, `YYYY-MM-DD`, `null` if unsaid. */
  readonly asOf: string | null;
  /** Rates by the keys of price entries, decimal text in USD, all factors but the discount multiplied out. */
  readonly rates: JsonObject;
  /** Bound of the tier by total input. Absent: the lowest. */
  readonly tierAbove?: number | undefined;
  /** Service tier that changed the price. Absent: none. */
  readonly serviceTier?: string | undefined;
  /** Region that changed the price. Absent: none. */
  readonly region?: string | undefined;
  /** Whether a time of day changed the price. Absent: no. */
  readonly inWindow?: true | undefined;
  /** Day until which the price held, if it is one of the past. */
  readonly until?: string | undefined;
  /** The provider's discount, a factor as decimal text. Absent: none. */
  readonly discount?: string | undefined;
}

/** The price of one attempt. The components sum to the total exactly. */
export interface Cost {
  /** Whether and how it could be priced. */
  readonly status: CostStatus;
  /** Where the rates came from, `null` when there are none. */
  readonly source: CostSource | null;
  /** Total in 1e-12 USD, `null` when it is not known (never 0 for unknown). */
  readonly totalPico: bigint | null;
  /** Uncached input, in 1e-12 USD. */
  readonly inputPico: bigint;
  /** Cache reads and writes, in 1e-12 USD. */
  readonly cachedPico: bigint;
  /** Output, in 1e-12 USD. */
  readonly outputPico: bigint;
  /** Reasoning where it has a rate of its own, in 1e-12 USD. */
  readonly reasoningPico: bigint;
  /** Audio, images, searches, per-request fees, in 1e-12 USD. */
  readonly otherPico: bigint;
  /** What the provider itself says it billed, in 1e-12 USD, or `null`. */
  readonly reportedPico: bigint | null;
  /** What the tables make of it, in 1e-12 USD: it differs from the total where the provider's bill counts; `null` if not known. */
  readonly computedPico: bigint | null;
  /** Key of the price entry used, or `null`. */
  readonly priceKey: string | null;
  /** The day as of which that price holds, `YYYY-MM-DD`, `null` if unsaid. */
  readonly priceAsOf: string | null;
  /** The prices that were applied, one per model that took part; one object for all costs that were priced alike. */
  readonly prices: readonly AppliedPrice[];
  /** Buckets without a rate of their own, billed at a substitute or (searches) not at all. */
  readonly rateMissing: readonly string[];
}
