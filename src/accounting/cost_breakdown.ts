/** A cost with everything that led to it, and what it was computed from. @module */

import type { AppliedPrice, Cost, CostStatus } from "../exchange/cost.ts";
import type { Usage } from "../exchange/usage.ts";
import type { CostGroup } from "./ledger_rates.ts";
import type { PriceMatch } from "./price_book.ts";
import type { SearchContextSize } from "./price_entry.ts";
import type { RatesAt } from "./rates_at.ts";

/** What is known of a request when its answer is priced. */
export interface PricedRequest {
  /** Provider id of the config, or the provider that a log names. */
  readonly provider: string;
  /** Whether it is a log that names the provider: then nobody else's price is taken. @default {false} */
  readonly isStatedProvider?: boolean;
  /** Host of the provider's base URL, `null` if there is none. */
  readonly host: string | null;
  /** Model that was asked for. */
  readonly model: string;
  /** What was consumed. */
  readonly usage: Usage;
  /** Start of the request in ms since the epoch. */
  readonly atMs: number;
  /** Service tier that was asked for: it counts where the answer names none. @default {null} */
  readonly serviceTier?: string | null;
  /** Anthropic's `speed`. @default {null} */
  readonly speed?: string | null;
  /** Whether it was part of a batch. @default {false} */
  readonly batch?: boolean;
  /** Region that was asked for: it counts where the answer names none. @default {null} */
  readonly region?: string | null;
  /** Search context size that was asked for. @default {null} */
  readonly searchContextSize?: SearchContextSize | null;
  /** Whether the provider's own bill is believed. @default {true} */
  readonly trustReportedCost?: boolean;
}

/** One line of a bill. */
export interface CostComponent {
  /** Bucket of the ledger, `webSearch`, `requests` or `citations`. */
  readonly name: string;
  /** Model it was billed for, `null` where unsaid. */
  readonly model: string | null;
  /** Tokens, searches or requests. */
  readonly units: number;
  /** 1e-12 USD per unit before factors; per thousand searches. */
  readonly ratePico: bigint;
  /** What it cost. */
  readonly pico: bigint;
  /** Where it is booked. */
  readonly group: CostGroup;
}

/** How one model's share was priced. */
export interface PricedPass {
  /** The model. */
  readonly model: string;
  /** The entry, `null` where none was found. */
  readonly match: PriceMatch | null;
  /** The rates that held, `null` where no entry was found. */
  readonly at: RatesAt | null;
}

/** A cost and how it came about. */
export interface CostBreakdown extends Cost {
  /** The lines of the computed bill. */
  readonly components: readonly CostComponent[];
  /** Entries and rates, one per model that took part. */
  readonly passes: readonly PricedPass[];
  /** The provider's discount in parts per million, `null` for none. */
  readonly discountPpm: bigint | null;
}

const NO_PRICES: readonly AppliedPrice[] = [];

/** A cost of which nothing is known but what the provider says. */
export function noCost(
  status: CostStatus,
  reported: bigint | null,
): CostBreakdown {
  return {
    status,
    source: null,
    totalPico: null,
    inputPico: 0n,
    cachedPico: 0n,
    outputPico: 0n,
    reasoningPico: 0n,
    otherPico: 0n,
    reportedPico: reported,
    priceKey: null,
    priceAsOf: null,
    prices: NO_PRICES,
    computedPico: null,
    components: [],
    passes: [],
    rateMissing: [],
    discountPpm: null,
  };
}
