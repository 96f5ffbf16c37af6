/** The most that a request can cost, before it is sent: what budgets set aside. @module */

import { emptyLedger, type Ledger, noUsage } from "../exchange/usage.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import type { CostBreakdown, PricedRequest } from "./cost_breakdown.ts";
import type { CostCalculator } from "./cost_calculator.ts";
import type { CostEstimateFacts } from "./cost_estimate.ts";
import type { RateKey } from "./price_entry.ts";

/** What a request asks for that can make it dearer than the list says. */
export type AskedConditions = Required<
  Pick<
    PricedRequest,
    "serviceTier" | "speed" | "region" | "searchContextSize"
  >
>;

/** What output can be beside text, and the rate that it then has. */
const OTHER_OUTPUT: readonly (readonly [keyof Ledger, RateKey])[] = [
  ["reasoning", "reasoningPer1M"],
  ["outputAudio", "audioOutputPer1M"],
  ["outputImage", "imageOutputPer1M"],
];

/** Reads what a request asks for off its body, in the words of any protocol. */
export function askedConditions(body: JsonObject): AskedConditions {
  const search = body.web_search_options;
  const size = isJsonObject(search) ? search.search_context_size : undefined;
  return {
    serviceTier: textOf(body.service_tier),
    speed: textOf(body.speed),
    region: textOf(body.inference_geo),
    searchContextSize: size === "low" || size === "medium" || size === "high"
      ? size
      : null,
  };
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value.toLowerCase() : null;
}

/**
 * Prices the dearest outcome of a request in 1e-12 USD, `null` where there is
 * no price: the output is what costs most of what it can be, and is served as
 * asked or by default, whichever is dearer.
 */
export function costCeiling(
  calculator: CostCalculator,
  facts: CostEstimateFacts,
  asked: AskedConditions,
): bigint | null {
  const { searchContextSize } = asked;
  const ordinary = dearest(calculator, facts, { searchContextSize });
  const isOrdinary = asked.serviceTier === null && asked.speed === null &&
    asked.region === null;
  if (isOrdinary || ordinary === null) return ordinary;
  const special = dearest(calculator, facts, asked);
  return special !== null && special > ordinary ? special : ordinary;
}

function dearest(
  calculator: CostCalculator,
  facts: CostEstimateFacts,
  asked: Partial<AskedConditions>,
): bigint | null {
  const plain = outcome(calculator, facts, asked, "output");
  let most = plain.totalPico;
  if (most === null) return null;
  const rates = plain.passes[0]?.at?.rates ?? {};
  for (const [bucket, key] of OTHER_OUTPUT) {
    if ((rates[key] ?? 0n) <= (rates.outputPer1M ?? 0n)) continue;
    const { totalPico } = outcome(calculator, facts, asked, bucket);
    if (totalPico !== null && totalPico > most) most = totalPico;
  }
  return most;
}

function outcome(
  calculator: CostCalculator,
  facts: CostEstimateFacts,
  asked: Partial<AskedConditions>,
  bucket: keyof Ledger,
): CostBreakdown {
  const ledger = emptyLedger();
  ledger.input = Math.ceil(facts.inputTokens);
  ledger[bucket] = Math.ceil(facts.outputTokens);
  const { provider, host, model, atMs } = facts;
  return calculator.cost({
    provider,
    host,
    model,
    atMs,
    ...asked,
    usage: { ...noUsage(), ledger, source: "estimated" },
  });
}
