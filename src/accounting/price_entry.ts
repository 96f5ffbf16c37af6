/**
 * What one model costs, ready for exact arithmetic: every rate an integer of
 * 1e-12 USD per token, which is the same number as 1e-6 USD per million
 * tokens; every factor an integer of parts per million.
 *
 * @module
 */

import type { NamePattern } from "./name_pattern.ts";

/** The kinds of tokens that can have a rate of their own, by their key in price entries. */
export const RATE_KEYS = [
  "inputPer1M",
  "outputPer1M",
  "cachedPer1M",
  "cachedExplicitPer1M",
  "cacheWritePer1M",
  "cacheWrite1hPer1M",
  "reasoningPer1M",
  "audioInputPer1M",
  "audioOutputPer1M",
  "audioCachedPer1M",
  "imageInputPer1M",
  "imageOutputPer1M",
  "citationPer1M",
] as const;

/** Key of a rate. */
export type RateKey = typeof RATE_KEYS[number];

/** Rates in 1e-12 USD per token. Absent: unknown. 0: free. */
export type Rates = { readonly [Key in RateKey]?: bigint };

/** Rates that hold from a total input on, for all tokens of the request. */
export interface PriceTier {
  /** Bound on the total input, cache reads and writes included. */
  readonly above: number;
  /** Whether exactly `above` tokens count as above. */
  readonly inclusive: boolean;
  /** What changes. */
  readonly rates: Rates;
}

/** What a condition changes: a factor on everything, or rates of its own. */
export interface PriceVariant {
  /** Parts per million on every rate, `null` for none. */
  readonly factorPpm: bigint | null;
  /** What changes. */
  readonly rates: Rates;
  /** Its own rates by total input, over those of the entry. */
  readonly tiers: readonly PriceTier[];
  /** Whether inputs above the entry's first bound are not sold in it: they cost what they cost without it. */
  readonly shortOnly: boolean;
}

/** A time of the day in a time zone at which other rates hold. */
export interface PriceWindow extends PriceVariant {
  /** IANA time zone. */
  readonly timeZone: string;
  /** Days of the week on which it begins; 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes of the day, start included, end not; a start after the end passes midnight. */
  readonly hours: readonly {
    readonly fromMinute: number;
    readonly toMinute: number;
  }[];
}

/** Rates of the past. */
export interface PastPrice {
  /** Time in ms since the epoch at which they held no more. */
  readonly untilMs: number;
  /** What was different. */
  readonly rates: Rates;
  /** Its own rates by total input, `null` where nothing is known of them. */
  readonly tiers: readonly PriceTier[] | null;
}

/** Size of the context that a search is asked to fill. */
export type SearchContextSize = "low" | "medium" | "high";

/** What one model costs. */
export interface PriceEntry {
  /** Rates of the smallest requests in the default tier. */
  readonly rates: Rates;
  /** 1e-12 USD per request, `null` where unknown or none. */
  readonly perRequestPico: bigint | null;
  /** 1e-12 USD per request by search context size. */
  readonly perRequestBySizePico: ReadonlyMap<SearchContextSize, bigint>;
  /** 1e-12 USD per thousand searches, `null` where unknown. */
  readonly webSearchPer1KPico: bigint | null;
  /** What a search is counted by: each query, or each request that searched at all. */
  readonly webSearchUnit: "query" | "request";
  /** By total input, rising. */
  readonly tiers: readonly PriceTier[];
  /** By service tier, lower case. */
  readonly serviceTiers: ReadonlyMap<string, PriceVariant>;
  /** Parts per million by region, lower case; `*` stands for every other one. */
  readonly regions: ReadonlyMap<string, bigint>;
  /** By time of day; the first that fits holds. */
  readonly windows: readonly PriceWindow[];
  /** The past, oldest first. */
  readonly history: readonly PastPrice[];
  /** Other names of the model. */
  readonly aliases: readonly string[];
  /** Names that the table means by it beside, `null` for none. */
  readonly pattern: NamePattern | null;
  /** Where the numbers come from, `null` if unsaid. */
  readonly source: string | null;
  /** The day as of which they hold, `null` if unsaid. */
  readonly date: string | null;
  /** What was changed or left out on the way in. */
  readonly notes: readonly string[];
}
