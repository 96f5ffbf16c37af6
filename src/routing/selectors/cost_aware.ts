/** Selector `cost_aware`: cost, quality and latency, the cost weighing more as the budget runs out. @module */

import type { TargetPerformance } from "../../providers/window.ts";
import type { BudgetState } from "../readers.ts";
import type {
  Ranked,
  SelectorContext,
  SelectorSettings,
  SelectorTarget,
} from "../selector.ts";
import { type Measured, rankMeasured } from "./explore.ts";
import { shuffled } from "./random.ts";
import { inOrder } from "./in_order.ts";
import { percent } from "./weighted.ts";

/** What nobody has measured or judged. */
const NEUTRAL = 0.5;
/** Two free targets, and a free and a nearly free one, must not differ without bound. */
const LEAST_PRICE_PICO = 1_000_000;

interface Weights {
  readonly cost: number;
  readonly quality: number;
  readonly latency: number;
}

/** What is known of one target. */
interface Known {
  /** Estimated price of the request in 1e-12 USD, `null` if unpriced. */
  readonly pricePico: number | null;
  /** Time over the share of answers, so that what fails does not look fast; `null` if unmeasured. */
  readonly ms: number | null;
  readonly performance: TargetPerformance | null;
}

/**
 * Ranks by the weighted mean of three scores from 0 to 1: the cheapest price
 * by its own, quality from feedback, the least latency by its own; times the
 * share of answers. A weight of 0 for the budget's state leaves the targets as
 * they are listed.
 */
export function selectCostAware(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
): Ranked[] {
  const { readers, facts, settings } = context;
  const state = readers.budgetState(facts);
  const weight = costWeight(state, settings.costAware);
  if (weight === 0) return inOrder(targets, "Cost weighs 0: listed as number");
  const weights = normalised(weight);
  const words = wordsOf(weights, state);
  // Equals are drawn: nothing may be known of any of them.
  const drawn = shuffled(targets, context.random);
  const known = drawn.map((target) => knownOf(target, context));
  const cheapest = least(known.map(({ pricePico }) => pricePico));
  const fastest = least(known.map(({ ms }) => ms));
  return rankMeasured(drawn, context, ({ target }, index) => {
    const own = known[index];
    const found = own?.performance ?? null;
    const price = own?.pricePico ?? null;
    const scores = {
      // Where no target has a price, the cost tells them not apart.
      cost: price === null
        ? (cheapest === Infinity ? NEUTRAL : 0)
        : cheapest / price,
      quality: readers.quality(target) ?? NEUTRAL,
      latency: latencyScore(own?.ms ?? null, found, fastest),
    };
    return weighed(scores, weights, words, found);
  });
}

function knownOf(
  { target }: SelectorTarget,
  { readers, facts }: SelectorContext,
): Known {
  const price = readers.price(target, facts);
  const performance = readers.performance(target);
  const ms = facts.stream ? performance?.firstContentP50Ms : performance?.p50Ms;
  return {
    pricePico: price === null
      ? null
      : Math.max(LEAST_PRICE_PICO, Number(price)),
    ms: performance === null || typeof ms !== "number"
      ? null
      : ms / performance.successRate,
    performance,
  };
}

function least(values: readonly (number | null)[]): number {
  return Math.min(...values.map((value) => value ?? Infinity));
}

function latencyScore(
  ms: number | null,
  performance: TargetPerformance | null,
  fastest: number,
): number {
  if (performance !== null && performance.answered === 0) return 0;
  return ms === null ? NEUTRAL : fastest / ms;
}

function weighed(
  scores: Weights,
  weights: Weights,
  budgetWords: string,
  found: TargetPerformance | null,
): Measured {
  const rate = found?.successRate ?? 1;
  const mean = scores.cost * weights.cost + scores.quality * weights.quality +
    scores.latency * weights.latency;
  const reason = `Cost ${hundredths(scores.cost)}, quality ${
    hundredths(scores.quality)
  }, latency ${hundredths(scores.latency)}, ${
    percent(rate)
  } success${budgetWords}`;
  return { score: mean * rate, reason, fresh: found !== null };
}

function hundredths(share: number): number {
  return Math.round(share * 100) / 100;
}

/** The words that all candidates share are made once. */
function wordsOf(weights: Weights, state: BudgetState): string {
  return `; they weigh ${hundredths(weights.cost)}, ${
    hundredths(weights.quality)
  } and ${hundredths(weights.latency)} with the budget ${state}`;
}

function costWeight(
  state: BudgetState,
  { weight, warnWeight, criticalWeight }: SelectorSettings["costAware"],
): number {
  return state === "ok"
    ? weight
    : state === "warn"
    ? warnWeight
    : criticalWeight;
}

/** The shares of the three scores; they sum up to 1 in every state of the budget. */
function normalised(weight: number): Weights {
  const quality = 0.5 - 0.5 * weight;
  const latency = 0.2 - 0.2 * weight;
  const sum = weight + quality + latency;
  return {
    cost: weight / sum,
    quality: quality / sum,
    latency: latency / sum,
  };
}
