/**
 * Imports the data of genai-prices, the one table that knows dates and times
 * of day. Names that it lists one by one become names of ours; its patterns
 * go along and are asked last.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { RateKey } from "../price_entry.ts";
import { compileNamePattern, type NamePattern } from "../name_pattern.ts";
import { canonicalProvider } from "../provider_names.ts";
import {
  addEntry,
  dropUnknownZeros,
  type ImportedPrices,
  isZero,
  noPrices,
  perMillion,
  usdTimes,
  type WrittenEntry,
  type WrittenRates,
} from "./imported_prices.ts";
import { completeEntry } from "./list_prices.ts";
import { hasRates, writtenTier } from "./service_tiers.ts";

const FIELDS: readonly (readonly [string, RateKey])[] = [
  ["input_mtok", "inputPer1M"],
  ["output_mtok", "outputPer1M"],
  ["cache_read_mtok", "cachedPer1M"],
  ["cache_write_mtok", "cacheWritePer1M"],
  ["cache_write_1h_mtok", "cacheWrite1hPer1M"],
  ["output_reasoning_mtok", "reasoningPer1M"],
  ["output_citation_mtok", "citationPer1M"],
  ["input_audio_mtok", "audioInputPer1M"],
  ["output_audio_mtok", "audioOutputPer1M"],
  ["cache_audio_read_mtok", "audioCachedPer1M"],
  ["input_image_mtok", "imageInputPer1M"],
  ["output_image_mtok", "imageOutputPer1M"],
];

/** Imports the data as of a day (`YYYY-MM-DD`): what is scheduled for later is left out. */
export function importGenaiPrices(
  providers: readonly JsonValue[],
  asOf: string,
): ImportedPrices {
  const prices = noPrices();
  for (const listed of providers) {
    if (!isJsonObject(listed) || typeof listed.id !== "string") continue;
    const provider = canonicalProvider(listed.id);
    for (const model of Array.isArray(listed.models) ? listed.models : []) {
      if (!isJsonObject(model) || typeof model.id !== "string") continue;
      importModel(prices, provider, model.id, model, asOf);
    }
  }
  for (const listed of providers) {
    if (isJsonObject(listed)) addResold(prices, listed);
  }
  return prices;
}

/** What is noted at an entry that stands under another provider in the table. */
export const RESOLD_NOTE = "sold at the price of";

/** One entry of the table stands for all of a company's clouds. */
const CLOUDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["google", ["google", "vertex"]],
  ["azure", ["azure", "azure-ai"]],
]);

/** Models that a provider sells at the prices of those who make them. */
function addResold(prices: ImportedPrices, listed: JsonObject): void {
  if (typeof listed.id !== "string") return;
  const seller = canonicalProvider(listed.id);
  const makers = Array.isArray(listed.fallback_model_providers)
    ? listed.fallback_model_providers
    : [];
  const names = [seller, ...makers.map((name) => canonicalProvider(`${name}`))];
  for (const cloud of CLOUDS.get(seller) ?? [seller]) {
    for (const name of names) {
      if (name === cloud) continue;
      const own = name === seller ? [] : clausesOf(listed);
      addAt(prices, cloud, name, (model) => own.some((means) => means(model)));
    }
  }
}

/** Which names a provider's own entries mean. */
function clausesOf(listed: JsonObject): readonly NamePattern[] {
  const models = Array.isArray(listed.models) ? listed.models : [];
  return models.filter(isJsonObject)
    .map(({ match }) => compileNamePattern(match))
    .filter((pattern) => pattern !== null);
}

function addAt(
  prices: ImportedPrices,
  cloud: string,
  maker: string,
  isOwn: NamePattern,
): void {
  const start = `${maker}/`;
  const made = [...prices.entries].filter(([key]) => key.startsWith(start));
  for (const [key, entry] of made) {
    const model = key.slice(start.length);
    const place = `${cloud}/${model}`;
    if (prices.entries.has(place) || isOwn(model.toLowerCase())) continue;
    const notes = [`${RESOLD_NOTE} ${maker}`];
    prices.entries.set(place, { ...entry, notes });
  }
}

/** Names that a clause lists one by one; patterns match what they should not. */
function namesIn(clause: JsonValue | undefined): readonly string[] {
  if (!isJsonObject(clause)) return [];
  if (typeof clause.equals === "string") return [clause.equals];
  if (!Array.isArray(clause.or)) return [];
  return clause.or.flatMap((part) =>
    isJsonObject(part) && typeof part.equals === "string" ? [part.equals] : []
  );
}

/** Whether a clause means more names than it lists. */
function isPattern(clause: JsonValue | undefined): clause is JsonObject {
  return isJsonObject(clause) && compileNamePattern(clause) !== null &&
    /"(?:starts_with|ends_with|contains|regex)":/.test(JSON.stringify(clause));
}

/** A set of prices with the condition under which it holds. */
type Conditioned = {
  readonly prices: JsonObject;
  readonly startDate: string | null;
  readonly hours: string | null;
};

function conditioned(value: JsonValue | undefined): readonly Conditioned[] {
  if (isJsonObject(value)) {
    return [{ prices: value, startDate: null, hours: null }];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap((row) => {
    if (!isJsonObject(row) || !isJsonObject(row.prices)) return [];
    const when = isJsonObject(row.constraint) ? row.constraint : {};
    const { start_date, start_time, end_time } = when;
    return [{
      prices: row.prices,
      startDate: typeof start_date === "string" ? start_date : null,
      hours: typeof start_time === "string" && typeof end_time === "string"
        ? `${start_time.slice(0, 5)}-${end_time.slice(0, 5)}`
        : null,
    }];
  });
}

/** Rates of a set of prices, by the total input from which they hold. */
function ratesByStart(prices: JsonObject): Map<number, WrittenRates> {
  const found = new Map<number, WrittenRates>([[0, {}]]);
  const put = (
    start: number,
    key: RateKey,
    value: JsonValue | undefined,
  ): void => {
    const price = perMillion(value);
    if (price === null) return;
    const rates = found.get(start) ?? {};
    rates[key] = price;
    found.set(start, rates);
  };
  for (const [field, key] of FIELDS) {
    const value = prices[field];
    if (!isJsonObject(value)) {
      put(0, key, value);
      continue;
    }
    put(0, key, value.base);
    for (const tier of Array.isArray(value.tiers) ? value.tiers : []) {
      if (isJsonObject(tier)) put(Number(tier.start), key, tier.price);
    }
  }
  return found;
}

function tiersOf(rates: Map<number, WrittenRates>): JsonObject[] {
  return [...rates].filter(([start]) => start > 0)
    .sort(([left], [right]) => left - right)
    .map(([above, tier]) => writtenTier({ above, rates: tier }, false));
}

function importModel(
  prices: ImportedPrices,
  provider: string,
  model: string,
  row: JsonObject,
  asOf: string,
): void {
  const place = `${provider}/${model}`;
  const sets = conditioned(row.prices);
  const dated = sets.filter(({ hours }) => hours === null);
  const begun = dated.filter(({ startDate }) =>
    startDate === null || startDate <= asOf
  );
  for (const { startDate } of dated) {
    if (startDate === null || startDate <= asOf) continue;
    prices.notes.push(
      `${place}: prices scheduled for ${startDate} are left out`,
    );
  }
  const current = begun.at(-1);
  if (current === undefined) return;
  const rates = ratesByStart(current.prices);
  const base = rates.get(0) ?? {};
  if (model.endsWith(":free")) {
    base.inputPer1M ??= "0";
    base.outputPer1M ??= "0";
  } else if (isZero(base.inputPer1M) && isZero(base.outputPer1M)) return;
  dropUnknownZeros(prices, place, base);
  const entry: WrittenEntry = { ...base };
  const tiers = tiersOf(rates);
  if (tiers.length > 0) entry.tiers = tiers;
  addFees(entry, current.prices);
  const history = historyOf(begun);
  if (history.length > 0) entry.history = history;
  const windows = windowsOf(sets);
  if (windows.length > 0) entry.windows = windows;
  const aliases = namesIn(row.match).filter((name) => name !== model);
  if (aliases.length > 0) entry.aliases = aliases;
  if (isPattern(row.match)) entry.match = row.match;
  if (!hasRates(base) && entry.perRequest === undefined) return;
  completeEntry(provider, model, entry);
  addEntry(prices, place, entry);
}

function addFees(entry: WrittenEntry, prices: JsonObject): void {
  const search = usdTimes(prices.web_searches_kcount);
  if (search !== null) entry.webSearchPer1K = search;
  const requests = usdTimes(prices.requests_kcount);
  // USD per thousand requests; three more decimals are exact in 1e-12 USD.
  if (requests !== null) {
    entry.perRequest = usdTimes(`${requests}e-3`);
  }
}

function historyOf(begun: readonly Conditioned[]): JsonObject[] {
  return begun.slice(0, -1).flatMap(({ prices }, index) => {
    const until = begun[index + 1]?.startDate;
    if (until === null || until === undefined) return [];
    const rates = ratesByStart(prices);
    return [{ until, ...rates.get(0), tiers: tiersOf(rates) }];
  });
}

function windowsOf(sets: readonly Conditioned[]): JsonObject[] {
  return sets.flatMap(({ hours, prices }) =>
    hours === null
      ? []
      : [{ tz: "UTC", hours: [hours], ...ratesByStart(prices).get(0) }]
  );
}
