/** Selector `usage`: the one that was used least of late. @module */

import type { Ranked, SelectorContext, SelectorTarget } from "../selector.ts";
import { figure } from "./explore.ts";
import { shuffled } from "./random.ts";
import { descending, percent } from "./weighted.ts";

/**
 * Ranks by the tokens of the window, the fewest first; equals are drawn. A
 * failure counts as the tokens of an ordinary answer, and the sum is divided
 * by the share of answers: a target is not used little because it fails.
 */
export function selectUsage(
  targets: readonly SelectorTarget[],
  { readers, random }: SelectorContext,
): Ranked[] {
  const found = shuffled(targets, random).map(({ target }) => ({
    target,
    performance: readers.performance(target),
  }));
  let tokens = 0;
  let answered = 0;
  for (const { performance } of found) {
    tokens += performance?.tokens ?? 0;
    answered += performance?.answered ?? 0;
  }
  const ordinary = Math.max(1, answered === 0 ? 1 : tokens / answered);
  const ranked = found.map(({ target, performance }) => {
    const used = performance?.tokens ?? 0;
    const failed = (performance?.requests ?? 0) - (performance?.answered ?? 0);
    const rate = performance?.successRate ?? 1;
    return {
      target,
      score: 0 - (used + failed * ordinary) / rate,
      reason: `${figure(used)} tokens of late, ${percent(rate)} success`,
    };
  });
  return ranked.sort((left, right) => descending(left.score, right.score));
}
