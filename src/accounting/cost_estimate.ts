/** What a request is going to cost, before it is sent: for routing, explanations and reservations. @module */

import { emptyLedger } from "../exchange/usage.ts";
import type { CostCalculator } from "./cost_calculator.ts";

/** What is known of a request before it is sent. */
export interface CostEstimateFacts {
  /** Provider id of the config. */
  readonly provider: string;
  /** Host of the provider's base URL, `null` if there is none. */
  readonly host: string | null;
  /** Model that will be asked. */
  readonly model: string;
  /** Prompt tokens, those from a cache included. */
  readonly inputTokens: number;
  /** Prompt tokens that will probably be read from a cache. @default {0} */
  readonly cachedTokens?: number;
  /** Completion tokens. */
  readonly outputTokens: number;
  /** Now, in ms since the epoch. */
  readonly atMs: number;
}

/**
 * Estimates the cost in 1e-12 USD by the very code that prices answers.
 * `null` where there is no price: unknown is not free.
 */
export function estimateCost(
  calculator: CostCalculator,
  facts: CostEstimateFacts,
): bigint | null {
  const cached = Math.min(facts.cachedTokens ?? 0, facts.inputTokens);
  return calculator.cost({
    provider: facts.provider,
    host: facts.host,
    model: facts.model,
    atMs: facts.atMs,
    usage: {
      ledger: {
        ...emptyLedger(),
        input: Math.ceil(facts.inputTokens - cached),
        cacheRead: Math.floor(cached),
        output: Math.ceil(facts.outputTokens),
      },
      raw: null,
      source: "estimated",
      serviceTier: null,
      model: null,
    },
  }).totalPico;
}
