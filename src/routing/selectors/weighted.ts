/** Selector `weighted`: targets are drawn by their share. @module */

import type { Ranked, SelectorContext, SelectorTarget } from "../selector.ts";
import { drawn } from "./random.ts";

/** Draws an order by weight; targets of weight 0 come last, as they stand in the config. */
export function selectWeighted(
  targets: readonly SelectorTarget[],
  { random }: SelectorContext,
): Ranked[] {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return drawn(targets, random, ALL_ZERO);
  // The largest of u^(1/w) is each target's with the probability of its share;
  // taken as log(u)/w, which no small weight brings down to 0.
  const keyed = targets.map(({ target, weight }) => ({
    key: weight === 0 ? -Infinity : Math.log(1 - random.next()) / weight,
    target,
    share: weight / total,
  }));
  keyed.sort((left, right) => descending(left.key, right.key));
  return keyed.map(({ target, share }) => ({
    target,
    score: share,
    reason: share === 0
      ? "Weight 0: only when nothing else is left"
      : `Drawn with a share of ${percent(share)}`,
  }));
}

const ALL_ZERO = "Every weight left is 0: drawn at random";

/** Compares two keys, the larger one first; infinite ones are equal. */
export function descending(left: number, right: number): number {
  return left === right ? 0 : right > left ? 1 : -1;
}

/** Spells a share. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
