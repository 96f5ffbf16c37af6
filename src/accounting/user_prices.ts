/** The prices that the config itself states. @module */

import type { PricingConfig } from "../config/schema.ts";
import { compileEntry } from "./compile_entry.ts";
import type { PriceEntry } from "./price_entry.ts";
import { type EntrySource, PriceTable } from "./price_table.ts";
import { isKnownProvider } from "./provider_names.ts";

type Steps = PricingConfig["tiered"] extends ReadonlyMap<string, infer Value>
  ? Value
  : never;

/** Steps of `pricing.tiered` as an entry: a step's bound is its own, the next begins above it. */
function steppedEntry(steps: Steps): PriceEntry {
  const [first, ...others] = steps;
  const written = {
    ...withoutBound(first),
    tiers: others.map((step, index) => ({
      ...withoutBound(step),
      above: steps[index]?.maxInputTokens ?? 0,
    })),
  };
  return compileEntry(written).entry;
}

function withoutBound(step: Steps[number] | undefined): object {
  const { maxInputTokens: _, ...rates } = step ?? { maxInputTokens: null };
  return rates;
}

function sourceOf(entry: PriceEntry): EntrySource {
  return { aliases: entry.aliases, entry };
}

/**
 * Makes the table of the config's own prices. A key begins with a provider
 * where the config or the price tables know one of that name.
 */
export function userPrices(
  pricing: PricingConfig,
  providers: ReadonlySet<string>,
): PriceTable {
  const entries = new Map<string, EntrySource>();
  for (const [key, written] of pricing.models) {
    entries.set(key, sourceOf(compileEntry(written).entry));
  }
  for (const [key, steps] of pricing.tiered) {
    entries.set(key, sourceOf(steppedEntry(steps)));
  }
  const ids = new Set([...providers].map((id) => id.toLowerCase()));
  return new PriceTable(
    { name: "config", source: "config", date: null, entries },
    (name) => ids.has(name) || isKnownProvider(name),
  );
}

/** The config's fallback price, `null` without one. */
export function fallbackPrice(pricing: PricingConfig): PriceEntry | null {
  return pricing.fallback === null
    ? null
    : compileEntry(pricing.fallback).entry;
}
