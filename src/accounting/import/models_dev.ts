/** Imports models.dev's `api.json` and the model lists of pi-ai, which has the same prices in another frame. @module */

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
  type ImportedPrices,
  isZero,
  noPrices,
  perMillion,
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
  type WrittenPrices,
  type WrittenTier,
  writtenTier,
  writtenVariant,
} from "./service_tiers.ts";

const FIELDS: readonly (readonly [string, RateKey])[] = [
  ["input", "inputPer1M"],
  ["output", "outputPer1M"],
  ["cache_read", "cachedPer1M"],
  ["cacheRead", "cachedPer1M"],
  ["cache_write", "cacheWritePer1M"],
  ["cacheWrite", "cacheWritePer1M"],
  ["reasoning", "reasoningPer1M"],
  ["input_audio", "audioInputPer1M"],
  ["output_audio", "audioOutputPer1M"],
  ["citation", "citationPer1M"],
];

/** Misspelt keys of the table, and what they mean. */
const MISSPELT: readonly (readonly [string, RateKey])[] = [
  ["cache_input", "cachedPer1M"],
  ["cached_input", "cachedPer1M"],
  ["cached_write", "cacheWritePer1M"],
];

/** Imports models.dev's file. */
export function importModelsDev(file: JsonObject): ImportedPrices {
  const prices = noPrices();
  for (const [id, listed] of Object.entries(file)) {
    const models = isJsonObject(listed) ? listed.models : undefined;
    if (!isJsonObject(models)) continue;
    for (const [model, row] of Object.entries(models)) {
      if (!isJsonObject(row) || !isJsonObject(row.cost)) continue;
      importCost(prices, id, model, row.cost, modesOf(row));
    }
  }
  return prices;
}

/** Imports pi-ai's lists: provider, API, then `chat:` and the model. */
export function importPiAi(file: JsonObject): ImportedPrices {
  const prices = noPrices();
  for (const [id, apis] of Object.entries(file)) {
    for (const models of Object.values(isJsonObject(apis) ? apis : {})) {
      for (const row of Object.values(isJsonObject(models) ? models : {})) {
        if (!isJsonObject(row) || !isJsonObject(row.cost)) continue;
        if (row.type !== "chat" || typeof row.id !== "string") continue;
        importCost(prices, id, row.id, row.cost, {});
      }
    }
  }
  return prices;
}

function modesOf(row: JsonObject): JsonObject {
  const modes = isJsonObject(row.experimental)
    ? row.experimental.modes
    : undefined;
  return isJsonObject(modes) ? modes : {};
}

function ratesOf(cost: JsonObject): WrittenRates {
  const rates: WrittenRates = {};
  for (const [field, key] of FIELDS) {
    const price = perMillion(cost[field]);
    if (price !== null) rates[key] = price;
  }
  return rates;
}

function importCost(
  prices: ImportedPrices,
  providerId: string,
  model: string,
  cost: JsonObject,
  modes: JsonObject,
): void {
  const provider = canonicalProvider(providerId);
  const place = `${provider}/${model}`;
  const base = ratesOf(cost);
  for (const [field, key] of MISSPELT) {
    const price = perMillion(cost[field]);
    if (price === null) continue;
    base[key] ??= price;
    prices.notes.push(`${place}: ${field} is read as ${key}`);
  }
  if (!hasRates(base)) return;
  if (isZero(base.inputPer1M) && isZero(base.outputPer1M)) {
    // Plans and unknown prices are written as 0 too: only the name tells.
    if (!/[:-]free$/.test(model)) {
      prices.notes.push(`${place}: price 0 is taken as unknown, left out`);
      return;
    }
  }
  dropPlainPrices(base);
  dropUnknownZeros(prices, place, base);
  const inclusive = isInclusiveBound(provider);
  const tiers = tiersOf(cost);
  const entry: WrittenEntry = { ...base };
  if (tiers.length > 0) {
    entry.tiers = tiers.map((tier) => writtenTier(tier, inclusive));
  }
  if (cost.request !== undefined) {
    prices.notes.push(`${place}: request has no stated unit, left out`);
  }
  addModes(entry, provider, { base, tiers, inclusive }, modes);
  completeEntry(provider, model, entry);
  addEntry(prices, place, entry);
}

function tiersOf(cost: JsonObject): readonly WrittenTier[] {
  const rows: readonly JsonValue[] = Array.isArray(cost.tiers)
    ? cost.tiers
    : isJsonObject(cost.context_over_200k)
    ? [{ ...cost.context_over_200k, inputTokensAbove: 200_000 }]
    : [];
  return rows.flatMap((row) => {
    if (!isJsonObject(row)) return [];
    const above = isJsonObject(row.tier) ? row.tier.size : row.inputTokensAbove;
    if (typeof above !== "number") return [];
    const rates = ratesOf(row);
    for (const key of ["cachedPer1M", "cacheWritePer1M"] as const) {
      if (isZero(rates[key])) delete rates[key];
    }
    return [{ above, rates }];
  });
}

/** Modes say by the request's body which tier they are. */
function addModes(
  entry: WrittenEntry,
  owner: string,
  prices: WrittenPrices,
  modes: JsonObject,
): void {
  const written: JsonObject = {};
  for (const mode of Object.values(modes)) {
    if (!isJsonObject(mode) || !isJsonObject(mode.cost)) continue;
    const provider = isJsonObject(mode.provider) ? mode.provider : {};
    const body = isJsonObject(provider.body) ? provider.body : {};
    const name = body.service_tier ?? body.speed;
    if (typeof name !== "string") continue;
    written[name] = writtenVariant(prices, {
      rates: ratesOf(mode.cost),
      tiers: [],
      shortOnly: isShortOnly(owner, name),
    });
  }
  if (Object.keys(written).length > 0) entry.serviceTiers = written;
}
