/**
 * What every importer of a foreign price table yields: entries in our own
 * form, as they are written to files, and what was changed or left out.
 *
 * @module
 */

import { decimalText, scaledValue } from "../../support/decimal.ts";
import type { JsonObject, JsonValue } from "../../support/json.ts";
import type { RateKey } from "../price_entry.ts";

/** A table in our own form. */
export interface ImportedPrices {
  /** Entries by `provider/model`. */
  readonly entries: Map<string, JsonObject>;
  /** What was changed or left out, one line each. */
  readonly notes: string[];
}

/** Rates as they are written: decimal text in USD per million tokens. */
export type WrittenRates = { [Key in RateKey]?: string };

/** An entry that is being put together. */
export type WrittenEntry = JsonObject & WrittenRates;

const RATE_SCALE = 6;
const USD_SCALE = 12;

/** Makes an empty result. */
export function noPrices(): ImportedPrices {
  return { entries: new Map(), notes: [] };
}

/**
 * USD per token as USD per million tokens. `null` where there is none, and
 * for the negative numbers by which tables say "it depends".
 */
export function perMillionOfToken(
  value: JsonValue | undefined,
): string | null {
  const read = scaledValue(value, USD_SCALE);
  // 1e-12 USD per token is 1e-6 USD per million tokens: the same integer.
  return read === null ? null : decimalText(read.value, RATE_SCALE);
}

/** USD per million tokens, cleaned of float dust. */
export function perMillion(value: JsonValue | undefined): string | null {
  const read = scaledValue(value, RATE_SCALE);
  return read === null ? null : decimalText(read.value, RATE_SCALE);
}

/** USD, times `times`: USD per search becomes USD per thousand searches. */
export function usdTimes(
  value: JsonValue | undefined,
  times: bigint = 1n,
): string | null {
  const read = scaledValue(value, USD_SCALE);
  return read === null ? null : decimalText(read.value * times, USD_SCALE);
}

/** Tells whether a written price is 0. */
export function isZero(price: string | null | undefined): boolean {
  return price === "0";
}

function isFree(entry: JsonObject): boolean {
  return entry.inputPer1M === "0" && entry.outputPer1M === "0";
}

/**
 * Adds an entry. Of two spellings of one model the first stays, unless it
 * costs nothing; a different price of the second is noted.
 */
export function addEntry(
  prices: ImportedPrices,
  key: string,
  entry: WrittenEntry,
): void {
  const before = prices.entries.get(key);
  if (before === undefined || (isFree(before) && !isFree(entry))) {
    prices.entries.set(key, entry);
    return;
  }
  const differs = before.inputPer1M !== entry.inputPer1M ||
    before.outputPer1M !== entry.outputPer1M;
  if (differs) {
    prices.notes.push(
      `${key}: is listed twice at different prices, the first is taken`,
    );
  }
}

/** Whether a model answers with no tokens, going by its name: then 0 is its output's price. */
export function hasNoOutput(model: string): boolean {
  return /embed|rerank|moderation|ocr|transcri|whisper|bge-|gte-|e5-/i
    .test(model);
}

/**
 * Drops zeros that mean "unknown": of a model that costs something for its
 * input neither the output nor the cache is free.
 */
export function dropUnknownZeros(
  prices: ImportedPrices,
  key: string,
  rates: WrittenRates,
  noOutput: boolean = hasNoOutput(key),
): void {
  if (rates.inputPer1M === undefined || isZero(rates.inputPer1M)) return;
  if (isZero(rates.outputPer1M) && !noOutput) {
    delete rates.outputPer1M;
    prices.notes.push(`${key}: output price 0 is taken as unknown`);
  }
  const caches = [
    "cachedPer1M",
    "cacheWritePer1M",
    "cacheWrite1hPer1M",
  ] as const;
  for (const cache of caches) {
    if (isZero(rates[cache])) delete rates[cache];
  }
}
