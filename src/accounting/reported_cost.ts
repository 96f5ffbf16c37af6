/**
 * Reads what a provider itself says it billed: OpenRouter and Perplexity in
 * USD, xAI in ticks of 1e-10 USD.
 *
 * @module
 */

import { picoOfUsd } from "../support/decimal.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

const PICO_PER_TICK = 100n;

/**
 * Gives the bill of a usage object in 1e-12 USD, `null` where there is none.
 * With a key of one's own OpenRouter bills its fee alone: what the provider
 * behind it takes is added.
 */
export function reportedPico(usage: JsonValue): bigint | null {
  if (!isJsonObject(usage)) return null;
  const ticks = usage.cost_in_usd_ticks;
  if (typeof ticks === "number" && Number.isSafeInteger(ticks) && ticks >= 0) {
    return BigInt(ticks) * PICO_PER_TICK;
  }
  const { cost } = usage;
  if (isJsonObject(cost)) return picoOfUsd(cost.total_cost);
  const billed = picoOfUsd(cost);
  if (billed === null) return null;
  return isOwnKey(usage, billed) ? billedBehind(usage, billed) : billed;
}

function upstreamCost(usage: JsonObject): bigint | null {
  const details = usage.cost_details;
  return isJsonObject(details)
    ? picoOfUsd(details.upstream_inference_cost)
    : null;
}

function isOwnKey(usage: JsonObject, billed: bigint): boolean {
  if (typeof usage.is_byok === "boolean") return usage.is_byok;
  return billed === 0n && (upstreamCost(usage) ?? 0n) > 0n;
}

function billedBehind(usage: JsonObject, fee: bigint): bigint | null {
  const behind = upstreamCost(usage);
  return behind === null ? null : fee + behind;
}
