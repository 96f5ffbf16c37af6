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

/** What a target is compared with. */
interface Best {
  readonly pricePico: number;
  readonly ms: number;
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
  const best = bestOf(targets, context);
  // Equals are drawn: nothing may be known of any of them.
  const drawn = shuffled(targets, context.random);
  return rankMeasured(drawn, context, (candidate) => {
    const found = readers.performance(candidate.target);
    const scores = {
      cost: costScore(candidate, context, best),
      quality: readers.quality(candidate.target) ?? NEUTRAL,
      latency: latencyScore(found, facts.stream, best),
    };
    return weighed(scores, weights, words, found);
  });
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

function bestOf(
  targets: readonly SelectorTarget[],
  { readers, facts }: SelectorContext,
): Best {
  let pricePico = Infinity;
  let ms = Infinity;
  for (const { target } of targets) {
    const price = readers.price(target, facts);
    if (price !== null) pricePico = Math.min(pricePico, floored(price));
    const found = readers.performance(target);
    const own = facts.stream ? found?.firstContentP50Ms : found?.p50Ms;
    if (typeof own === "number") ms = Math.min(ms, own);
  }
  return { pricePico, ms };
}

function costScore(
  { target }: SelectorTarget,
  { readers, facts }: SelectorContext,
  best: Best,
): number {
  const price = readers.price(target, facts);
  // Where no target has a price, the cost tells them not apart.
  if (price === null) return best.pricePico === Infinity ? NEUTRAL : 0;
  return best.pricePico / floored(price);
}

function floored(pricePico: bigint): number {
  return Math.max(LEAST_PRICE_PICO, Number(pricePico));
}

function latencyScore(
  found: TargetPerformance | null,
  stream: boolean,
  best: Best,
): number {
  if (found === null) return NEUTRAL;
  if (found.answered === 0) return 0;
  const own = stream ? found.firstContentP50Ms : found.p50Ms;
  return own === null ? NEUTRAL : best.ms / own;
}
