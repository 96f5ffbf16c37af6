/** What an attempt cost. Integers of 1e-12 USD, decimal text at the edges. @module */

/** How a cost came about (DECISIONS.md 20). */
export type CostStatus =
  | "priced"
  | "unpriced"
  | "reported"
  | "estimated"
  | "no-usage"
  | "invalid";

/** Where the rates came from (DECISIONS.md 20). */
export type CostSource =
  | "config"
  | "imported"
  | "openrouter"
  | "embedded"
  | "reported"
  | "estimated";

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
  /** Key of the price entry used, or `null`. */
  readonly priceKey: string | null;
}
