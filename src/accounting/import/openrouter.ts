/** Imports the list of models that OpenRouter's API gives. @module */

import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type { RateKey } from "../price_entry.ts";
import {
  addEntry,
  dropUnknownZeros,
  type ImportedPrices,
  isZero,
  noPrices,
  perMillionOfToken,
  usdTimes,
  type WrittenEntry,
  type WrittenRates,
} from "./imported_prices.ts";
import { completeEntry, dropPlainPrices } from "./list_prices.ts";
import { writtenTier } from "./service_tiers.ts";

const FIELDS: readonly (readonly [string, RateKey])[] = [
  ["prompt", "inputPer1M"],
  ["completion", "outputPer1M"],
  ["input_cache_read", "cachedPer1M"],
  ["input_cache_write", "cacheWritePer1M"],
  ["input_cache_write_1h", "cacheWrite1hPer1M"],
  ["internal_reasoning", "reasoningPer1M"],
  ["audio", "audioInputPer1M"],
  ["audio_output", "audioOutputPer1M"],
  ["input_audio_cache", "audioCachedPer1M"],
  ["image_output", "imageOutputPer1M"],
];

/** Prices that stand for "none of its own" where they are 0. */
const OPTIONAL: readonly RateKey[] = [
  "reasoningPer1M",
  "audioInputPer1M",
  "audioOutputPer1M",
  "audioCachedPer1M",
  "imageOutputPer1M",
];

/** Imports the list. */
export function importOpenrouter(file: JsonObject): ImportedPrices {
  const prices = noPrices();
  for (const row of Array.isArray(file.data) ? file.data : []) {
    if (!isJsonObject(row) || !isJsonObject(row.pricing)) continue;
    if (typeof row.id === "string") importModel(prices, row.id, row);
  }
  return prices;
}

function ratesOf(pricing: JsonObject): WrittenRates {
  const rates: WrittenRates = {};
  for (const [field, key] of FIELDS) {
    const price = perMillionOfToken(pricing[field]);
    if (price !== null) rates[key] = price;
  }
  for (const key of OPTIONAL) if (isZero(rates[key])) delete rates[key];
  return rates;
}

function importModel(
  prices: ImportedPrices,
  id: string,
  row: JsonObject,
): void {
  const pricing = isJsonObject(row.pricing) ? row.pricing : {};
  const place = `openrouter/${id}`;
  const base = ratesOf(pricing);
  if (base.inputPer1M === undefined && base.outputPer1M === undefined) {
    prices.notes.push(`${place}: the price depends on the route, left out`);
    return;
  }
  const isFree = isZero(base.inputPer1M) && isZero(base.outputPer1M);
  if (isFree && !id.endsWith(":free")) {
    prices.notes.push(`${place}: price 0 is taken as unknown, left out`);
    return;
  }
  dropPlainPrices(base);
  dropUnknownZeros(prices, place, base);
  const entry: WrittenEntry = { ...base };
  const perRequest = usdTimes(pricing.request);
  if (perRequest !== null && !isZero(perRequest)) entry.perRequest = perRequest;
  const search = usdTimes(pricing.web_search, 1000n);
  if (search !== null && !isZero(search)) entry.webSearchPer1K = search;
  const tiers = (Array.isArray(pricing.overrides) ? pricing.overrides : [])
    .flatMap((override) =>
      isJsonObject(override) && typeof override.min_prompt_tokens === "number"
        ? [{ above: override.min_prompt_tokens, rates: ratesOf(override) }]
        : []
    );
  if (tiers.length > 0) {
    entry.tiers = tiers.map((tier) => writtenTier(tier, true));
  }
  const slug = row.canonical_slug;
  if (typeof slug === "string" && slug !== id) entry.aliases = [slug];
  completeEntry("openrouter", id, entry);
  addEntry(prices, place, entry);
}
