/** Says what differs between two price tables, price by price. @module */

import { decimalText, divideHalfEven } from "../support/decimal.ts";
import {
  type PriceEntry,
  type PriceVariant,
  RATE_KEYS,
  type Rates,
} from "./price_entry.ts";
import type { PriceTable } from "./price_table.ts";

const RATE_SCALE = 6;
const USD_SCALE = 12;
const MILLION = 1_000_000n;

/** A price that is not the same in both tables. */
export interface PriceChange {
  /** `provider/model`. */
  readonly key: string;
  /** Which price, such as `tiers[272000].inputPer1M`. */
  readonly field: string;
  /** Decimal text before, `null` where there was none. */
  readonly from: string | null;
  /** Decimal text after, `null` where there is none. */
  readonly to: string | null;
}

/** What differs between two tables. */
export interface PriceDiff {
  /** Models of the second table alone. */
  readonly added: readonly string[];
  /** Models of the first table alone. */
  readonly removed: readonly string[];
  /** How many models are in both. */
  readonly shared: number;
  /** Prices that differ. */
  readonly changed: readonly PriceChange[];
}

/** Compares two tables, models by provider and name. */
export function diffPrices(before: PriceTable, after: PriceTable): PriceDiff {
  const left = entriesByPlace(before);
  const right = entriesByPlace(after);
  const changed: PriceChange[] = [];
  let shared = 0;
  for (const [key, entry] of right) {
    const old = left.get(key);
    if (old === undefined) continue;
    shared++;
    changed.push(...entryChanges(key, old, entry));
  }
  return {
    added: [...right.keys()].filter((key) => !left.has(key)),
    removed: [...left.keys()].filter((key) => !right.has(key)),
    shared,
    changed,
  };
}

function entriesByPlace(table: PriceTable): Map<string, PriceEntry> {
  return new Map(
    table.rows.map((
      row,
    ) => [`${row.provider ?? "*"}/${row.model}`, row.source.entry]),
  );
}

function entryChanges(
  key: string,
  before: PriceEntry,
  after: PriceEntry,
): readonly PriceChange[] {
  const left = priceFields(before);
  const right = priceFields(after);
  const fields = new Set([...left.keys(), ...right.keys()]);
  return [...fields].flatMap((field) => {
    const from = left.get(field) ?? null;
    const to = right.get(field) ?? null;
    return from === to ? [] : [{ key, field, from, to }];
  });
}

/** Every price of an entry by the name of its field, factors multiplied out. */
export function priceFields(entry: PriceEntry): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const put = (prefix: string, rates: Rates): void => {
    for (const key of RATE_KEYS) {
      const rate = rates[key];
      if (rate !== undefined) {
        fields.set(prefix + key, decimalText(rate, RATE_SCALE));
      }
    }
  };
  put("", entry.rates);
  for (const tier of entry.tiers) put(tierName(tier), tier.rates);
  for (const [name, variant] of entry.serviceTiers) {
    put(`serviceTiers.${name}.`, multiplied(entry.rates, variant));
  }
  for (const [index, window] of entry.windows.entries()) {
    put(`windows[${index}].`, multiplied(entry.rates, window));
  }
  for (const [region, ppm] of entry.regions) {
    fields.set(`regions.${region}`, decimalText(ppm, RATE_SCALE));
  }
  const { perRequestPico, webSearchPer1KPico } = entry;
  if (perRequestPico !== null) {
    fields.set("perRequest", decimalText(perRequestPico, USD_SCALE));
  }
  if (webSearchPer1KPico !== null) {
    fields.set("webSearchPer1K", decimalText(webSearchPer1KPico, USD_SCALE));
  }
  for (const [size, pico] of entry.perRequestBySizePico) {
    fields.set(`perRequestBySize.${size}`, decimalText(pico, USD_SCALE));
  }
  return fields;
}

/** `above 271,999` and `from 272,000 on` are the same bound. */
function tierName(tier: PriceEntry["tiers"][number]): string {
  const first = tier.inclusive ? tier.above : tier.above + 1;
  return `tiers[from ${first}].`;
}

function multiplied(base: Rates, variant: PriceVariant): Rates {
  const { factorPpm } = variant;
  const rates = { ...base, ...variant.rates };
  if (factorPpm === null) return rates;
  return Object.fromEntries(
    Object.entries(rates).map(([key, rate]) => [
      key,
      divideHalfEven(rate * factorPpm, MILLION),
    ]),
  );
}
