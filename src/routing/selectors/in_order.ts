/** Selector `in_order`: as the config lists them. @module */

import type { Ranked, SelectorTarget } from "../selector.ts";

/** Keeps the order of the config. Scores fall by a tenth from 1. */
export function selectInOrder(targets: readonly SelectorTarget[]): Ranked[] {
  return inOrder(targets, "Listed as number");
}

/** Keeps the order; the reason is followed by the place. */
export function inOrder(
  targets: readonly SelectorTarget[],
  reason: string,
): Ranked[] {
  return targets.map(({ target }, index) => ({
    target,
    score: Math.max(0, 10 - index) / 10,
    reason: `${reason} ${index + 1}`,
  }));
}
