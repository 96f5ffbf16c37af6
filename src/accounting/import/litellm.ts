/** Imports LiteLLM's `model_prices_and_context_window.json` as it is. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { RateKey } from "../price_entry.ts";
import { canonicalProvider } from "../provider_names.ts";
import {
  addEntry,
  dropUnknownZeros,
  hasNoOutput,
  type ImportedPrices,
  noPrices,
  perMillionOfToken,
  usdTimes,
  type WrittenEntry,
  type WrittenRates,
} from "./imported_prices.ts";
import {
  completeEntry,
  dropPlainPrices,
  isInclusiveBound,
  isShortOnly,
} from "./list_prices.ts";
import {
  hasRates,
  type WrittenTier,
  writtenTier,
  writtenVariant,
} from "./service_tiers.ts";

/** Fields of rates. The realtime models file their cached audio under "creation". */
const FIELDS: ReadonlyMap<string, RateKey> = new Map<string, RateKey>([
  ["input_cost_per_token", "inputPer1M"],
  ["output_cost_per_token", "outputPer1M"],
  ["cache_read_input_token_cost", "cachedPer1M"],
  ["input_cost_per_token_cache_hit", "cachedPer1M"],
  ["cache_creation_input_token_cost", "cacheWritePer1M"],
  ["cache_creation_input_token_cost_above_1hr", "cacheWrite1hPer1M"],
  ["output_cost_per_reasoning_token", "reasoningPer1M"],
  ["input_cost_per_audio_token", "audioInputPer1M"],
  ["output_cost_per_audio_token", "audioOutputPer1M"],
  ["cache_read_input_audio_token_cost", "audioCachedPer1M"],
  ["cache_creation_input_audio_token_cost", "audioCachedPer1M"],
  ["input_cost_per_image_token", "imageInputPer1M"],
  ["output_cost_per_image_token", "imageOutputPer1M"],
  ["citation_cost_per_token", "citationPer1M"],
]);

const FIELD_REGEXP =
  /^(.*?)(?:_above_(\d+)k_tokens)?(?:_(flex|priority|batches))?$/;

const REGION_REGEXP = /^regional_processing_uplift_multiplier_([a-z]+)$/;

/** Rates by bound (0 for the lowest) and service tier ("" for the default). */
class RateGrid {
  readonly #cells: Map<string, Map<number, WrittenRates>> = new Map();

  constructor(row: JsonObject) {
    for (const [field, value] of Object.entries(row)) {
      const [, name = "", above, tier = ""] = FIELD_REGEXP.exec(field) ?? [];
      const key = FIELDS.get(name);
      const price = key === undefined ? null : perMillionOfToken(value);
      if (key === undefined || price === null) continue;
      this.cell(tier, Number(above ?? 0) * 1000)[key] ??= price;
    }
  }

  cell(serviceTier: string, above: number): WrittenRates {
    const bounds = this.#cells.get(serviceTier) ?? new Map();
    this.#cells.set(serviceTier, bounds);
    const rates: WrittenRates = bounds.get(above) ?? {};
    bounds.set(above, rates);
    return rates;
  }

  tiers(serviceTier: string): readonly WrittenTier[] {
    return [...this.#cells.get(serviceTier) ?? []]
      .filter(([above, rates]) => above > 0 && hasRates(rates))
      .map(([above, rates]) => ({ above, rates }))
      .sort((left, right) => left.above - right.above);
  }
}

/** Imports the file. */
export function importLitellm(file: JsonObject): ImportedPrices {
  const prices = noPrices();
  const rows = Object.entries(file).filter(([key]) =>
    key !== "sample_spec" && key !== "fallback_generalizations"
  );
  // A key with its provider in front is the surer one of two spellings.
  const isPrefixed = ([key]: readonly [string, unknown]) => key.includes("/");
  for (
    const [key, row] of [
      ...rows.filter(isPrefixed),
      ...rows.filter((pair) => !isPrefixed(pair)),
    ]
  ) {
    if (isJsonObject(row)) importRow(prices, key, row);
  }
  return prices;
}

function importRow(
  prices: ImportedPrices,
  key: string,
  row: JsonObject,
): void {
  if (typeof row.litellm_provider !== "string") {
    prices.notes.push(`${key}: names no provider, left out`);
    return;
  }
  const provider = canonicalProvider(row.litellm_provider);
  const model = modelOf(key, provider);
  const place = `${provider}/${model}`;
  const inclusive = isInclusiveBound(provider);
  const grid = new RateGrid(row);
  const base = grid.cell("", 0);
  const ranges = readRanges(row.tiered_pricing);
  for (const { above, rates } of ranges) {
    Object.assign(grid.cell("", above), rates);
  }
  const answers = ["chat", "responses", "completion"].includes(
    String(row.mode),
  );
  dropPlainPrices(base);
  dropUnknownZeros(prices, place, base, !answers || hasNoOutput(model));
  const entry: WrittenEntry = { ...base };
  const tiers = grid.tiers("");
  if (tiers.length > 0) {
    entry.tiers = tiers.map((tier) => writtenTier(tier, inclusive));
  }
  addServiceTiers(entry, grid, row, provider);
  addRegions(entry, row);
  addSearch(entry, provider, model, row);
  const perRequest = usdTimes(row.input_cost_per_request);
  if (perRequest !== null) entry.perRequest = perRequest;
  if (!hasRates(base) && entry.perRequest === undefined) return;
  completeEntry(provider, model, entry);
  addEntry(prices, place, entry);
}

/** The model's name without the table's own prefix. */
function modelOf(key: string, provider: string): string {
  const slash = key.indexOf("/");
  const isPrefix = slash > 0 &&
    canonicalProvider(key.slice(0, slash)) === provider;
  return isPrefix ? key.slice(slash + 1) : key;
}

/** Ranges of total input, each with all its rates; the first is the base. */
function readRanges(value: JsonValue | undefined): readonly WrittenTier[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((step) => {
    if (!isJsonObject(step) || !Array.isArray(step.range)) return [];
    const rates: WrittenRates = {};
    for (const [field, key] of FIELDS) {
      const price = perMillionOfToken(step[field]);
      if (price !== null) rates[key] ??= price;
    }
    return [{ above: Number(step.range[0]), rates }];
  });
}

function addServiceTiers(
  entry: WrittenEntry,
  grid: RateGrid,
  row: JsonObject,
  provider: string,
): void {
  const prices = {
    base: grid.cell("", 0),
    tiers: grid.tiers(""),
    inclusive: isInclusiveBound(provider),
  };
  const named = [
    ["flex", "flex"],
    ["priority", "priority"],
    ["batches", "batch"],
  ] as const;
  const written: JsonObject = {};
  for (const [suffix, name] of named) {
    const rates = grid.cell(suffix, 0);
    if (!hasRates(rates)) continue;
    written[name] = writtenVariant(prices, {
      rates,
      tiers: grid.tiers(suffix),
      shortOnly: isShortOnly(provider, name),
    });
  }
  const special = row.provider_specific_entry;
  const fast = isJsonObject(special) ? special.fast : undefined;
  if (typeof fast === "number") written.fast = { factor: String(fast) };
  if (Object.keys(written).length > 0) entry.serviceTiers = written;
}

function addRegions(entry: WrittenEntry, row: JsonObject): void {
  const regions: JsonObject = {};
  for (const [field, value] of Object.entries(row)) {
    const region = REGION_REGEXP.exec(field)?.[1];
    if (region !== undefined && typeof value === "number") {
      regions[region] = String(value);
    }
  }
  const special = row.provider_specific_entry;
  const us = isJsonObject(special) ? special.us : undefined;
  if (typeof us === "number") regions.us = String(us);
  const regional = row.regional_endpoint_uplift_multiplier;
  if (typeof regional === "number") {
    Object.assign(regions, { "*": String(regional), global: "1" });
  }
  if (Object.keys(regions).length > 0) entry.regions = regions;
}

/**
 * Models that search in every answer are billed per request, by context size;
 * all others per search, Gemini up to 2.5 per answer that searched.
 */
function addSearch(
  entry: WrittenEntry,
  provider: string,
  model: string,
  row: JsonObject,
): void {
  const costs = row.search_context_cost_per_query;
  if (!isJsonObject(costs)) return;
  const low = usdTimes(costs.search_context_size_low);
  const medium = usdTimes(costs.search_context_size_medium);
  const high = usdTimes(costs.search_context_size_high);
  const always = provider === "perplexity"
    ? !model.includes("deep-research")
    : model.includes("search-preview");
  if (always) {
    entry.perRequestBySize = { low, medium, high };
    return;
  }
  const perThousand = usdTimes(costs.search_context_size_medium, 1000n);
  if (perThousand === null) return;
  entry.webSearchPer1K = perThousand;
  const isGoogle = (provider === "google" || provider === "vertex") &&
    !model.includes("claude");
  if (isGoogle && row.web_search_billing_unit !== "per_query") {
    entry.webSearchUnit = "request";
  }
}
