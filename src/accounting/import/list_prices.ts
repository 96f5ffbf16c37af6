/**
 * What providers' own price lists say of whole families of models and tables
 * leave out. It is written into entries when they are imported, so that the
 * calculator needs no knowledge of providers.
 *
 * @module
 */

import { decimalText, scaledDecimal } from "../../support/decimal.ts";
import { isJsonObject } from "../../support/json.ts";
import type { WrittenEntry, WrittenRates } from "./imported_prices.ts";

const RATE_SCALE = 6;

function times(price: string, factorPpm: bigint): string {
  const read = scaledDecimal(price, RATE_SCALE);
  const value = (read?.value ?? 0n) * factorPpm / 1_000_000n;
  return decimalText(value, RATE_SCALE);
}

/** Drops prices that repeat the plain one: reasoning costs what output costs, and a picture what input costs, also where that changes. */
export function dropPlainPrices(rates: WrittenRates): void {
  if (rates.reasoningPer1M === rates.outputPer1M) delete rates.reasoningPer1M;
  if (rates.imageInputPer1M === rates.inputPer1M) delete rates.imageInputPer1M;
}

/** Who sells batches at half the price, whatever the model. */
const HALF_BATCHES: ReadonlySet<string> = new Set([
  "openai",
  "azure",
  "anthropic",
  "google",
  "vertex",
  "bedrock",
  "mistral",
  "groq",
  "together",
  "fireworks",
]);

/** Models that cost a tenth more at Vertex anywhere but at its global endpoint. */
const REGIONAL_REGEXP =
  /^vertex\/(?:claude-[a-z]+-(?:4-[5-9]|[5-9])|gemini-(?:3\.1-flash-(?:lite|image)|3\.[5-9]|[4-9]))/;

/** Models whose searches are billed by the thousand. */
const SEARCHING_REGEXP =
  /^(?:anthropic\/.*claude|openai\/(?:gpt-[4-9]|o\d)(?!.*(?:audio|image|realtime|search|transcribe|tts)))/;

/**
 * Completes an entry: a batch costs half at those who sell batches, a
 * thousand searches 10 USD at Anthropic and OpenAI, a region of Vertex a tenth
 * more, and a cache write of an hour twice the input at every Claude.
 */
export function completeEntry(
  provider: string,
  model: string,
  entry: WrittenEntry,
): void {
  if (HALF_BATCHES.has(provider) && entry.inputPer1M !== undefined) {
    const serviceTiers = isJsonObject(entry.serviceTiers)
      ? entry.serviceTiers
      : {};
    serviceTiers.batch ??= { factor: "0.5" };
    entry.serviceTiers = serviceTiers;
  }
  if (REGIONAL_REGEXP.test(`${provider}/${model}`)) {
    entry.regions ??= { "*": "1.1", global: "1" };
  }
  if (SEARCHING_REGEXP.test(`${provider}/${model}`)) {
    entry.webSearchPer1K ??= "10";
  }
  if (!model.includes("claude")) return;
  completeHour(entry);
  const tiers = Array.isArray(entry.tiers) ? entry.tiers : [];
  for (const tier of tiers) {
    if (isJsonObject(tier)) completeHour(tier as WrittenEntry);
  }
}

/** Whether large inputs are not sold in a service tier that does not list them: OpenAI's priority, also at Azure, is for short ones. */
export function isShortOnly(provider: string, serviceTier: string): boolean {
  return (provider === "openai" || provider === "azure") &&
    (serviceTier === "priority" || serviceTier === "fast");
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
