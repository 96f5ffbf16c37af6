/** Selector `performance`: the most tokens per second, waiting time and money. @module */

import type { TargetPerformance } from "../../providers/window.ts";
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
 * Ranks by tokens per second / (latency x cost) x share of answers. The scale
 * is one for streams and whole answers. The cost has a floor, so that free
 * targets can be compared; an unpriced target counts as the dearest one.
 */
export function selectPerformance(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
): Ranked[] {
  const { costFloorPer1M } = context.settings.performance;
  const costs = new Map<string, number>();
  let dearest = -Infinity;
  for (const { target } of targets) {
    const cost = context.readers.performance(target)?.costPer1M ?? null;
    if (cost === null) continue;
    const floored = Math.max(cost, costFloorPer1M);
    costs.set(target.id, floored);
    dearest = Math.max(dearest, floored);
  }
  // With no price at all the cost is the same for everyone.
  const unpriced = costs.size === 0 ? 1 : dearest;
  return rankMeasured(targets, context, ({ target }) => {
    const found = context.readers.performance(target);
    const cost = costs.get(target.id);
    return measured(
      found,
      cost ?? unpriced,
      cost === undefined ? "unpriced" : `${figure(cost)} USD per million`,
      context.settings.performance.minSamples,
    );
  });
}

function measured(
  found: TargetPerformance | null,
  cost: number,
  costWords: string,
  minSamples: number,
): Measured {
  if (found === null) return NO_FRESH_DATA;
  if (found.answered === 0 && found.requests >= minSamples) {
    return noneAnswered(found.requests);
  }
  const { tokensPerSecond, p50Ms, successRate, answered } = found;
  if (
    found.requests < minSamples || tokensPerSecond === null || p50Ms === null
  ) {
    return {
      score: null,
      reason: `Only ${answered} answers of late`,
      fresh: false,
    };
  }
  return {
    score: tokensPerSecond * successRate / (p50Ms / 1000 * cost),
    fresh: true,
    reason: `${figure(tokensPerSecond)} tokens/s, median ${
      figure(p50Ms)
    } ms, ${costWords}, ${percent(successRate)} success`,
  };
}
