/**
 * Chooses the rates that hold for one request: by date, time of day, total
 * input, service tier and region.
 *
 * @module
 */

import { divideHalfEven } from "../support/decimal.ts";
import {
  type PastPrice,
  type PriceEntry,
  type PriceTier,
  type PriceVariant,
  type PriceWindow,
  RATE_KEYS,
  type RateKey,
  type Rates,
} from "./price_entry.ts";
import { isInWindow } from "./time_window.ts";

/** What the rates depend on. */
export interface RateConditions {
  /** All tokens billed as prompt, cache reads and writes included. */
  readonly totalInput: number;
  /** Start of the request in ms since the epoch. */
  readonly atMs: number;
  /** Service tier that was served, lower case, `null` for the default one. */
  readonly serviceTier: string | null;
  /** Region that was served, lower case, `null` if it does not matter. */
  readonly region: string | null;
}

/** The rates that hold, and why. */
export interface RatesAt {
  /** Rates before factors. */
  readonly rates: Rates;
  /** Factors on every token, in parts per million. */
  readonly factorsPpm: readonly bigint[];
  /** Bound of the tier that holds, `null` for the lowest. */
  readonly tierAbove: number | null;
  /** Service tier that changed the price, `null` for none. */
  readonly serviceTier: string | null;
  /** Region that changed the price, `null` for none. */
  readonly region: string | null;
  /** Whether a time of day changed the price. */
  readonly inWindow: boolean;
  /** Day until which the price held, if it is one of the past, in ms since the epoch. */
  readonly untilMs: number | null;
  /** A service tier that the entry has no price for: the default price was taken. */
  readonly unknownServiceTier: string | null;
}

const NONE: readonly bigint[] = [];

/** Tiers that cost what the list says. */
const DEFAULT_TIERS: ReadonlySet<string> = new Set([
  "",
  "default",
  "standard",
  "standard_only",
  "auto",
  "on_demand",
  "normal",
]);

/** Tells the tier that changes the price, `null` for those at list price. */
export function pricedTier(tier: string | null): string | null {
  if (tier === null) return null;
  const name = tier.toLowerCase();
  return DEFAULT_TIERS.has(name) ? null : name;
}

/** Chooses the rates of an entry. */
export function ratesAt(
  entry: PriceEntry,
  conditions: RateConditions,
): RatesAt {
  if (isUnconditional(entry, conditions)) {
    return {
      rates: entry.rates,
      factorsPpm: NONE,
      tierAbove: null,
      serviceTier: null,
      region: null,
      inWindow: false,
      untilMs: null,
      unknownServiceTier: null,
    };
  }
  const past = entry.history.find(({ untilMs }) => conditions.atMs < untilMs) ??
    null;
  const window = past === null
    ? entry.windows.find((open) => isInWindow(open, conditions.atMs)) ?? null
    : null;
  const named = conditions.serviceTier;
  const layers = new RateLayers(entry, past, conditions.totalInput);
  layers.window(window);
  const offered = named === null ? null : variantOf(entry, named);
  const isTooLong = offered?.shortOnly === true && layers.tierAbove !== null;
  const variant = isTooLong ? null : offered;
  layers.variant(variant);
  const factors = new Factors();
  factors.add(window?.factorPpm);
  factors.add(variant?.factorPpm);
  const regionPpm = conditions.region === null
    ? undefined
    : entry.regions.get(conditions.region) ?? entry.regions.get("*");
  factors.add(regionPpm);
  return {
    rates: layers.rates,
    factorsPpm: factors.ppm,
    tierAbove: layers.tierAbove,
    serviceTier: variant === null ? null : named,
    region: regionPpm === undefined ? null : conditions.region,
    inWindow: window !== null,
    untilMs: past?.untilMs ?? null,
    unknownServiceTier: offered === null ? named : null,
  };
}

/** Whether the rates of the entry hold as they are: so it is with most requests. */
function isUnconditional(
  { history, windows, tiers }: PriceEntry,
  { serviceTier, region, totalInput }: RateConditions,
): boolean {
  const [lowest] = tiers;
  return serviceTier === null && region === null && history.length === 0 &&
    windows.length === 0 && (lowest === undefined || totalInput < lowest.above);
}

/** OpenAI sells its "priority" tier as "fast" as well. */
function variantOf(entry: PriceEntry, tier: string): PriceVariant | null {
  return entry.serviceTiers.get(tier) ??
    (tier === "fast" ? entry.serviceTiers.get("priority") : undefined) ?? null;
}

/** Collects factors; most requests have none. */
class Factors {
  ppm: readonly bigint[] = NONE;

  add(factorPpm: bigint | null | undefined): void {
    if (factorPpm === null || factorPpm === undefined) return;
    this.ppm = [...this.ppm, factorPpm];
  }
}

/** Lays the rates of conditions over those of the entry. */
class RateLayers {
  rates: Rates;
  tierAbove: number | null = null;
  readonly #entry: PriceEntry;
  readonly #past: PastPrice | null;
  readonly #totalInput: number;

  constructor(entry: PriceEntry, past: PastPrice | null, totalInput: number) {
    this.#entry = entry;
    this.#past = past;
    this.#totalInput = totalInput;
    this.rates = past === null
      ? entry.rates
      : { ...entry.rates, ...past.rates };
  }

  window(window: PriceWindow | null): void {
    if (window !== null) this.#lay(window.rates);
    const own = window !== null && window.tiers.length > 0;
    if (own) this.#layTier(window.tiers, false);
    else if (this.#past?.tiers) this.#layTier(this.#past.tiers, false);
    else this.#layTier(this.#entry.tiers, true);
  }

  variant(variant: PriceVariant | null): void {
    if (variant === null) return;
    this.#lay(this.#scaled(variant.rates));
    this.#layTier(variant.tiers, true);
  }

  #layTier(tiers: readonly PriceTier[], scale: boolean): void {
    const tier = tiers.findLast(({ above, inclusive }) =>
      this.#totalInput > above || (inclusive && this.#totalInput === above)
    );
    if (tier === undefined) return;
    this.#lay(scale ? this.#scaled(tier.rates) : tier.rates);
    this.tierAbove = tier.above;
  }

  #lay(rates: Rates): void {
    this.rates = { ...this.rates, ...rates };
  }

  /**
   * Rates of conditions are those of today. Where the past says nothing of
   * them they stood in the same proportion to its own.
   */
  #scaled(rates: Rates): Rates {
    if (this.#past === null) return rates;
    const scaled: { [Key in RateKey]?: bigint } = {};
    for (const key of RATE_KEYS) {
      const rate = rates[key];
      if (rate === undefined) continue;
      const today = this.#entry.rates[key];
      const then = this.#past.rates[key];
      scaled[key] = today === undefined || then === undefined || today === 0n
        ? rate
        : divideHalfEven(rate * then, today);
    }
    return scaled;
  }
}
