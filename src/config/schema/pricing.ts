/** What tokens cost. Prices leave this file as plain decimal text, never as floats. @module */

import { z } from "zod";
import {
  flag,
  KEY,
  MODEL_NAME,
  named,
  optional,
  PRICE_NAME,
  section,
  whole,
} from "./fields.ts";

/** Decimal text such as `0.075`: no sign, no exponent, at most six decimals. */
const DECIMAL_REGEXP = /^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$/;

/** Spells a number without exponent, as far as six decimals go. */
function decimalText(value: number): string {
  const shortest = String(value);
  return shortest.includes("e") ? value.toFixed(6) : shortest;
}

/** Whether a number loses nothing as text. What is negative is refused as such. */
function isExact(value: number): boolean {
  const text = decimalText(value);
  return value < 0 || (DECIMAL_REGEXP.test(text) && Number(text) === value);
}

/** A price in USD: a number or decimal text, exact to 1e-6. */
function price(): z.ZodPipe<
  z.ZodUnion<readonly [z.ZodNumber, z.ZodString]>,
  z.ZodTransform<string, string | number>
> {
  return z.union([
    z.number().min(0).max(1e9).refine(
      isExact,
      "use at most 6 decimals: prices are exact to 1e-12 USD per token",
    ),
    z.string().regex(
      DECIMAL_REGEXP,
      "use decimal text with at most 6 decimals, such as 0.075",
    ),
  ]).transform((value) =>
    typeof value === "number" ? decimalText(value) : value
  );
}

const factor = z.number().gt(0).max(10);

const ratesShape = {
  inputPer1M: optional(price(), "USD per million uncached input tokens."),
  outputPer1M: optional(price(), "USD per million output tokens."),
  cachedPer1M: optional(
    price(),
    "USD per million cached input tokens. Absent: as input.",
  ),
  cachedExplicitPer1M: optional(
    price(),
    "USD per million tokens read from a cache made on purpose (Alibaba). Absent: as cached.",
  ),
  cacheWritePer1M: optional(
    price(),
    "USD per million tokens written to the cache for 5 minutes. Absent: as input.",
  ),
  cacheWrite1hPer1M: optional(
    price(),
    "USD per million tokens written to the cache for an hour. Absent: as for 5 minutes.",
  ),
  reasoningPer1M: optional(
    price(),
    "USD per million reasoning tokens. Absent: as output.",
  ),
  audioInputPer1M: optional(price(), "USD per million audio input tokens."),
  audioOutputPer1M: optional(price(), "USD per million audio output tokens."),
  audioCachedPer1M: optional(
    price(),
    "USD per million cached audio input tokens.",
  ),
  imageInputPer1M: optional(
    price(),
    "USD per million image input tokens. Absent: as input.",
  ),
  imageOutputPer1M: optional(price(), "USD per million image output tokens."),
  citationPer1M: optional(
    price(),
    "USD per million citation tokens (Perplexity). Absent: not billed.",
  ),
} as const;

const tiersSchema = z.array(z.strictObject({
  above: z.number().int().min(1).describe(
    "Total input tokens above which these rates hold for all tokens.",
  ),
  inclusive: flag(false, "Whether exactly `above` tokens count as above."),
  ...ratesShape,
})).default([]).describe("Rates by total input.");

/** Rates of a condition: what is absent is taken from the entry. */
const variantSchema = z.strictObject({
  factor: optional(factor, "Factor on every rate of the entry."),
  ...ratesShape,
  tiers: tiersSchema,
  shortOnly: flag(
    false,
    "Whether inputs above the entry's first bound are not sold in this tier: they cost what they cost without it.",
  ),
});

const CLOCK_REGEXP =
  /^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/;

const windowSchema = z.strictObject({
  tz: z.string().min(1).default("UTC").describe("IANA time zone."),
  days: z.array(z.number().int().min(0).max(7)).min(1)
    .default([0, 1, 2, 3, 4, 5, 6])
    .describe("Days of the week; 0 and 7 are Sunday."),
  hours: z.array(z.string().regex(CLOCK_REGEXP, "use HH:MM-HH:MM")).min(1)
    .describe("Times of day, start included, end not; may pass midnight."),
  factor: optional(factor, "Factor on every rate of the entry."),
  ...ratesShape,
});

/** What one model costs. */
export const priceEntrySchema = z.strictObject({
  ...ratesShape,
  perRequest: optional(price(), "USD per request."),
  perRequestBySize: optional(
    z.strictObject({
      low: optional(price(), "USD per request with a small context."),
      medium: optional(price(), "USD per request with a medium context."),
      high: optional(price(), "USD per request with a large context."),
    }),
    "USD per request by search context size (Perplexity).",
  ),
  webSearchPer1K: optional(price(), "USD per thousand web searches."),
  webSearchUnit: z.enum(["query", "request"]).default("query").describe(
    "What is billed: each query, or each request that searched at all.",
  ),
  tiers: tiersSchema,
  serviceTiers: named(
    KEY,
    variantSchema,
    "Rates by the service tier that the answer states.",
  ),
  regions: named(KEY, factor, "Factor on every rate by region."),
  windows: z.array(windowSchema).default([]).describe(
    "Rates by time of day; the start of the request counts.",
  ),
  history: z.array(z.strictObject({
    until: z.iso.date().describe("First day (UTC) on which they held no more."),
    ...ratesShape,
  })).default([]).describe("Rates of the past."),
  aliases: z.array(MODEL_NAME).default([]).describe(
    "Other names of the model.",
  ),
}).describe("What one model costs. 0: free. Absent: unknown.");

/** One step of a price that depends on the total input. */
const tieredStepSchema = z.strictObject({
  maxInputTokens: optional(
    z.number().int().min(1),
    "Total input tokens up to which (included) these rates hold. Absent: the last step.",
  ),
  ...ratesShape,
});

/** `pricing`. */
export const pricingSchema = section({
  models: named(
    PRICE_NAME,
    priceEntrySchema,
    "Prices by model (or */model) or provider/model; the latter wins. Over every other table.",
  ),
  tiered: named(
    PRICE_NAME,
    z.array(tieredStepSchema).min(1),
    "Prices by total input, in rising steps.",
  ),
  discounts: named(
    KEY,
    factor,
    "Factor by provider: 0.85 pays 85 %.",
  ),
  tables: z.array(z.strictObject({
    file: z.string().min(1).describe(
      "Path, relative to the config file's folder.",
    ),
    format: z.enum([
      "auto",
      "litellm",
      "models.dev",
      "openrouter",
      "genai-prices",
      "signalbox",
    ]).default("auto").describe("Format of the file."),
  })).default([]).describe("Price tables over the embedded one; later wins."),
  openrouter: section({
    enabled: flag(false, "Whether OpenRouter's price list is fetched."),
    cacheRefreshMinutes: whole(60, "How often.", { least: 1 }),
    url: z.string().min(1).default("https://openrouter.ai/api/v1/models")
      .describe("Where."),
  }, "Prices of OpenRouter's models from its own list."),
  fallback: optional(
    priceEntrySchema,
    "Price of models that no table knows; such costs are marked estimated.",
  ),
  maxAgeDays: whole(
    60,
    "Age of a price table above which it is warned about; 0: never.",
  ),
  guard: section({
    maxModelLossRatio: z.number().min(0).max(1).default(0.3).describe(
      "Largest share of models that an import may lose.",
    ),
    maxPriceFactor: z.number().min(1).default(5).describe(
      "Largest factor by which an import may change a price.",
    ),
  }, "When an import of prices is refused."),
}, "What tokens cost.");
