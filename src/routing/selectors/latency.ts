/** Selector `latency`: the fastest of late. @module */

import type { Ranked, SelectorContext, SelectorTarget } from "../selector.ts";
import {
  figure,
  type Measured,
  NO_FRESH_DATA,
  noneAnswered,
  rankMeasured,
} from "./explore.ts";
import { percent } from "./weighted.ts";

/**
 * Ranks by the median time of answers, for streams by the time to their first
 * content. What fails does not look fast: the time is divided by the share of
 * answers, and where nothing was answered the score is 0.
 */
export function selectLatency(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
): Ranked[] {
  const { stream } = context.facts;
  const what = stream ? "first content" : "answer";
  return rankMeasured(targets, context, ({ target }): Measured => {
    const found = context.readers.performance(target);
    if (found === null) return NO_FRESH_DATA;
    if (found.answered === 0) return noneAnswered(found.requests);
    const ms = stream ? found.firstContentP50Ms : found.p50Ms;
    if (ms === null) {
      const reason = `No fresh data on the ${what}`;
      return { score: null, reason, fresh: false };
    }
    return {
      score: 1000 * found.successRate / ms,
      fresh: true,
      reason: `Median ${what} after ${figure(ms)} ms, ${
        percent(found.successRate)
      } success`,
    };
  });
}
