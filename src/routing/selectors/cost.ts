/** Selector `cost`: the cheapest for this request. @module */

import type { Ranked, SelectorContext, SelectorTarget } from "../selector.ts";
import { figure } from "./explore.ts";
import { drawn } from "./random.ts";
import { descending, percent } from "./weighted.ts";

const PICO_PER_USD = 1e12;

/**
 * Ranks by the estimated price of the request, divided by the share of answers,
 * so that what fails does not look cheap. Unpriced targets come last.
 */
export function selectCost(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
): Ranked[] {
  const { readers, facts, random } = context;
  const priced: Priced[] = [];
  const unpriced: Ranked[] = [];
  for (const { target } of targets) {
    const price = readers.price(target, facts);
    if (price === null) {
      unpriced.push({ target, score: null, reason: "Unpriced" });
      continue;
    }
    const usd = Number(price) / PICO_PER_USD;
    const rate = readers.performance(target)?.successRate ?? 1;
    priced.push({
      target,
      rate,
      score: 0 - usd / rate,
      reason: `Estimated at ${figure(usd)} USD, ${percent(rate)} success`,
    });
  }
  if (priced.length === 0) {
    return drawn(targets, random, "No target is priced: drawn at random");
  }
  // A free target that fails costs nothing however often: of equal scores the better rate goes first.
  priced.sort((left, right) =>
    descending(left.score, right.score) ||
    descending(left.rate, right.rate)
  );
  return [...priced, ...unpriced];
}

interface Priced extends Ranked {
  readonly score: number;
  readonly rate: number;
}
