/** Spells the price that was applied to a request, so that a cost can be checked by hand years later. @module */

import type { AppliedPrice } from "../exchange/cost.ts";
import { decimalText, usdText } from "../support/decimal.ts";
import type { JsonObject } from "../support/json.ts";
import type { PriceMatch } from "./price_book.ts";
import { RATE_KEYS } from "./price_entry.ts";
import type { RatesAt } from "./rates_at.ts";

const RATE_SCALE = 6;
const PPM_SCALE = 6;

/** The rates of an entry in decimal USD, with every factor but the discount multiplied out. */
export function spelledRates({ entry }: PriceMatch, at: RatesAt): JsonObject {
  const { rates, factorsPpm } = at;
  const product = factorsPpm.reduce((left, right) => left * right, 1n);
  const scale = RATE_SCALE + PPM_SCALE * factorsPpm.length;
  const spelled: JsonObject = {};
  for (const key of RATE_KEYS) {
    const rate = rates[key];
    if (rate !== undefined) spelled[key] = decimalText(rate * product, scale);
  }
  const { perRequestPico, perRequestBySizePico, webSearchPer1KPico } = entry;
  if (perRequestPico !== null) spelled.perRequest = usdText(perRequestPico);
  if (perRequestBySizePico.size > 0) {
    spelled.perRequestBySize = Object.fromEntries(
      [...perRequestBySizePico].map(([size, pico]) => [size, usdText(pico)]),
    );
  }
  if (webSearchPer1KPico !== null) {
    spelled.webSearchPer1K = usdText(webSearchPer1KPico);
    if (entry.webSearchUnit === "request") spelled.webSearchUnit = "request";
  }
  return spelled;
}

/** Gives one object for all requests that were priced alike: whoever writes them down does it once. */
export class AppliedPrices {
  readonly #plain = new WeakMap<PriceMatch, AppliedPrice>();
  readonly #others = new WeakMap<PriceMatch, Map<string, AppliedPrice>>();

  /** The price of a match under its conditions; `discountPpm` is the provider's discount. */
  of(
    match: PriceMatch,
    at: RatesAt,
    discountPpm: bigint | null,
  ): AppliedPrice {
    if (discountPpm === null && isPlain(at)) {
      let price = this.#plain.get(match);
      if (price === undefined) {
        price = spell(match, at, null);
        this.#plain.set(match, price);
      }
      return price;
    }
    return this.#conditional(match, at, discountPpm);
  }

  #conditional(
    match: PriceMatch,
    at: RatesAt,
    discountPpm: bigint | null,
  ): AppliedPrice {
    let prices = this.#others.get(match);
    if (prices === undefined) this.#others.set(match, prices = new Map());
    // All of them are the entry's own: there are as many as it has conditions.
    const { tierAbove, serviceTier, region, inWindow, untilMs } = at;
    const key = [tierAbove, serviceTier, region, inWindow, untilMs, discountPpm]
      .join("\n");
    let price = prices.get(key);
    if (price === undefined) {
      price = spell(match, at, discountPpm);
      prices.set(key, price);
    }
    return price;
  }
}

function isPlain(at: RatesAt): boolean {
  return at.tierAbove === null && at.serviceTier === null &&
    at.region === null && !at.inWindow && at.untilMs === null;
}

function spell(
  match: PriceMatch,
  at: RatesAt,
  discountPpm: bigint | null,
): AppliedPrice {
  return {
    key: match.key,
    table: match.table,
    asOf: match.date,
    rates: spelledRates(match, at),
    tierAbove: at.tierAbove ?? undefined,
    serviceTier: at.serviceTier ?? undefined,
    region: at.region ?? undefined,
    inWindow: at.inWindow || undefined,
    until: at.untilMs === null
      ? undefined
      : new Date(at.untilMs).toISOString().slice(0, 10),
    discount: discountPpm === null
      ? undefined
      : decimalText(discountPpm, PPM_SCALE),
  };
}
