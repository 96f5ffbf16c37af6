/** Turns a service tier's absolute prices into a factor where they are one, so that it also holds for what no table lists. @module */

import { decimalText, scaledDecimal } from "../../support/decimal.ts";
import type { JsonObject } from "../../support/json.ts";
import { RATE_KEYS, type RateKey } from "../price_entry.ts";
import type { WrittenRates } from "./imported_prices.ts";

const RATE_SCALE = 6;
const MILLION = 1_000_000n;

/** Rates from a bound on. */
export interface WrittenTier {
  /** The bound. */
  readonly above: number;
  /** What holds from there. */
  readonly rates: WrittenRates;
}

function integer(price: string | undefined): bigint | null {
  if (price === undefined) return null;
  return scaledDecimal(price, RATE_SCALE)?.value ?? null;
}

/** The one factor between two sets of rates in parts per million, `null` if there is none. */
function commonFactor(base: WrittenRates, tier: WrittenRates): bigint | null {
  let common: bigint | null = null;
  for (const key of RATE_KEYS) {
    const to = integer(tier[key]);
    if (to === null) continue;
    const from = integer(base[key]);
    if (from === null || from === 0n) {
      if (to === 0n && from === 0n) continue;
      return null;
    }
    if ((to * MILLION) % from !== 0n) return null;
    const factor: bigint = to * MILLION / from;
    if (common !== null && factor !== common) return null;
    common = factor;
  }
  return common === 0n ? null : common;
}

/** Rates that follow another one where a service tier does not list them. */
const FOLLOWS: readonly (readonly [RateKey, "inputPer1M" | "outputPer1M"])[] = [
  ["cachedPer1M", "inputPer1M"],
  ["cacheWritePer1M", "inputPer1M"],
  ["cacheWrite1hPer1M", "inputPer1M"],
  ["audioInputPer1M", "inputPer1M"],
  ["audioCachedPer1M", "inputPer1M"],
  ["imageInputPer1M", "inputPer1M"],
  ["reasoningPer1M", "outputPer1M"],
  ["audioOutputPer1M", "outputPer1M"],
  ["imageOutputPer1M", "outputPer1M"],
];

/** The rates that a service tier leaves out, in proportion to those it lists. */
function following(base: WrittenRates, variant: WrittenRates): WrittenRates {
  const rates: WrittenRates = {};
  for (const [key, leader] of FOLLOWS) {
    const price = integer(base[key]);
    const from = integer(base[leader]);
    const to = integer(variant[leader]);
    if (price === null || from === null || to === null || from === 0n) {
      continue;
    }
    rates[key] = decimalText(price * to / from, RATE_SCALE);
  }
  return rates;
}

/** Rates of a bound in a service tier that lists none: in proportion. */
function proportional(
  base: WrittenRates,
  variant: WrittenRates,
  tier: WrittenTier,
): WrittenTier {
  const rates: WrittenRates = {};
  for (const key of RATE_KEYS) {
    const price = integer(tier.rates[key]);
    const from = integer(base[key]);
    const to = integer(variant[key]);
    if (price === null || from === null || to === null || from === 0n) {
      continue;
    }
    rates[key] = decimalText(price * to / from, RATE_SCALE);
  }
  return { above: tier.above, rates };
}

function fits(
  tiers: readonly WrittenTier[],
  own: readonly WrittenTier[],
  factor: bigint,
): boolean {
  return own.every(({ above, rates }) => {
    const tier = tiers.find((listed) => listed.above === above);
    return tier !== undefined && commonFactor(tier.rates, rates) === factor;
  });
}

/** A tier as it is written. */
export function writtenTier(tier: WrittenTier, inclusive: boolean): JsonObject {
  return {
    above: tier.above,
    ...(inclusive ? { inclusive } : {}),
    ...tier.rates,
  };
}

/** Prices of a model: those of the default tier, and where they change. */
export interface WrittenPrices {
  /** The lowest. */
  readonly base: WrittenRates;
  /** From which total input others hold. */
  readonly tiers: readonly WrittenTier[];
  /** Whether a bound counts as above. */
  readonly inclusive: boolean;
}

/** Prices of a service tier. */
export interface ListedVariant {
  /** The lowest. */
  readonly rates: WrittenRates;
  /** What it lists for large inputs. */
  readonly tiers: readonly WrittenTier[];
  /** Whether large inputs that it does not list are not sold in it: they cost what they cost in the default tier. */
  readonly shortOnly: boolean;
}

/**
 * Writes a service tier: a factor where every price is the same multiple,
 * else its prices, and those of the bounds in proportion where it lists none.
 */
export function writtenVariant(
  { base, tiers, inclusive }: WrittenPrices,
  { rates: variant, tiers: own, shortOnly }: ListedVariant,
): JsonObject {
  const factor = variant.inputPer1M !== undefined &&
      (variant.outputPer1M !== undefined || base.outputPer1M === undefined)
    ? commonFactor(base, variant)
    : null;
  const rates = { ...following(base, variant), ...variant };
  if (shortOnly && own.length === 0 && tiers.length > 0) {
    return factor === null
      ? { ...rates, shortOnly }
      : { factor: decimalText(factor, RATE_SCALE), shortOnly };
  }
  if (factor !== null && fits(tiers, own, factor)) {
    return { factor: decimalText(factor, RATE_SCALE) };
  }
  const rows = tiers.map((tier) =>
    own.find(({ above }) => above === tier.above) ??
      proportional(base, rates, tier)
  );
  const written = rows.filter(({ rates }) => hasRates(rates))
    .map((tier) => writtenTier(tier, inclusive));
  return { ...rates, ...(written.length > 0 ? { tiers: written } : {}) };
}

/** Whether any rate is given. */
export function hasRates(rates: WrittenRates): boolean {
  return RATE_KEYS.some((key: RateKey) => rates[key] !== undefined);
}
