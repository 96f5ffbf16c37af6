/** Spells what an answer costs, and why, for machines: money is decimal text. @module */

import { spelledRates } from "../../accounting/applied_price.ts";
import type { CostBreakdown } from "../../accounting/cost_breakdown.ts";
import type { Usage } from "../../exchange/usage.ts";
import { decimalText, usdText } from "../../support/decimal.ts";
import type { JsonObject, JsonValue } from "../../support/json.ts";

const PPM_SCALE = 6;

/** Cost and reasons of one answer. */
export function quoteAnswer(
  id: JsonValue,
  cost: CostBreakdown,
  usage: Usage,
): JsonObject {
  return {
    id,
    costUsd: money(cost.totalPico),
    status: cost.status,
    usageSource: usage.source,
    ledger: { ...usage.ledger },
    components: componentsOf(cost),
    rates: ratesOf(cost),
    priceKey: cost.priceKey,
    priceSource: cost.source,
    reportedUsd: money(cost.reportedPico),
    details: detailsOf(cost, usage),
  };
}

/** The answer for a record that cannot be priced. */
export function invalidAnswer(id: JsonValue, reason: string): JsonObject {
  return {
    id,
    costUsd: null,
    status: "invalid",
    usageSource: "none",
    ledger: null,
    components: {},
    rates: null,
    priceKey: null,
    priceSource: null,
    reportedUsd: null,
    reason,
  };
}

function money(pico: bigint | null): string | null {
  return pico === null ? null : usdText(pico);
}

/** USD by bucket; they sum to the cost. A provider's own bill is one sum. */
function componentsOf(cost: CostBreakdown): JsonObject {
  if (cost.totalPico !== null && cost.totalPico !== cost.computedPico) {
    return { reported: usdText(cost.totalPico) };
  }
  return computedComponents(cost);
}

function computedComponents(cost: CostBreakdown): JsonObject {
  const sums = new Map<string, bigint>();
  for (const { name, pico } of cost.components) {
    sums.set(name, (sums.get(name) ?? 0n) + pico);
  }
  return Object.fromEntries(
    [...sums].map(([name, pico]) => [name, usdText(pico)]),
  );
}

/** The rates of the answering model. */
function ratesOf({ passes }: CostBreakdown): JsonObject | null {
  for (const { match, at } of passes) {
    if (match !== null && at !== null) return spelledRates(match, at);
  }
  return null;
}

function detailsOf(cost: CostBreakdown, usage: Usage): JsonObject {
  return {
    computedUsd: money(cost.computedPico),
    ...(cost.totalPico === cost.computedPico
      ? {}
      : { computedComponents: computedComponents(cost) }),
    rateMissing: [...cost.rateMissing],
    discount: cost.discountPpm === null
      ? null
      : decimalText(cost.discountPpm, PPM_SCALE),
    responseModel: usage.model,
    servedTier: usage.serviceTier,
    passes: cost.passes.map(({ model, match, at }) => ({
      model,
      priceKey: match?.key ?? null,
      rule: match?.rule ?? null,
      of: match?.of ?? null,
      table: match?.table ?? null,
      priceDate: match?.date ?? null,
      tierAbove: at?.tierAbove ?? null,
      serviceTier: at?.serviceTier ?? null,
      region: at?.region ?? null,
      inWindow: at?.inWindow ?? false,
      priceUntil: at === null || at.untilMs === null
        ? null
        : new Date(at.untilMs).toISOString().slice(0, 10),
      factors: at?.factorsPpm.map((ppm) => decimalText(ppm, PPM_SCALE)) ?? [],
    })),
  };
}
