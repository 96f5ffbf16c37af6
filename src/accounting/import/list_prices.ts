/**
 * What providers' own price lists say of whole families of models and tables
 * leave out. It is written into entries when they are imported, so that the
 * calculator needs no knowledge of providers.
 *
 * @module
 */

import { decimalText, scaledDecimal } from "../../support/decimal.ts";
import { isJsonObject } from "../../support/json.ts";
import type { WrittenEntry } from "./imported_prices.ts";

const RATE_SCALE = 6;

function times(price: string, factorPpm: bigint): string {
  const read = scaledDecimal(price, RATE_SCALE);
  const value = (read?.value ?? 0n) * factorPpm / 1_000_000n;
  return decimalText(value, RATE_SCALE);
}

/**
 * Completes an entry: a cache write of an hour costs twice the input at every
 * Claude; at Anthropic itself a batch costs half, and a thousand searches
 * 10 USD.
 */
export function completeEntry(
  provider: string,
  model: string,
  entry: WrittenEntry,
): void {
  if (!model.includes("claude")) return;
  completeHour(entry);
  const tiers = Array.isArray(entry.tiers) ? entry.tiers : [];
  for (const tier of tiers) {
    if (isJsonObject(tier)) completeHour(tier as WrittenEntry);
  }
  if (provider !== "anthropic") return;
  entry.webSearchPer1K ??= "10";
  const serviceTiers = isJsonObject(entry.serviceTiers)
    ? entry.serviceTiers
    : {};
  serviceTiers.batch ??= { factor: "0.5" };
  entry.serviceTiers = serviceTiers;
}

function completeHour(rates: WrittenEntry): void {
  const { inputPer1M, cacheWritePer1M } = rates;
  if (inputPer1M === undefined || cacheWritePer1M === undefined) return;
  rates.cacheWrite1hPer1M ??= times(inputPer1M, 2_000_000n);
}

/** Whether a provider's bounds count as above: xAI says "from 200k on", all others "over". */
export function isInclusiveBound(provider: string): boolean {
  return provider === "xai";
}
