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
  const { costFloorPer1M, minSamples } = context.settings.performance;
  const found = targets.map(({ target }) =>
    context.readers.performance(target)
  );
  const costs = found.map((one) =>
    one === null || one.costPer1M === null
      ? null
      : Math.max(one.costPer1M, costFloorPer1M)
  );
  // With no price at all the cost is the same for everyone.
  const dearest = Math.max(
    -Infinity,
    ...costs.map((cost) => cost ?? -Infinity),
  );
  const unpriced = dearest === -Infinity ? 1 : dearest;
  return rankMeasured(targets, context, (_, index) => {
    const cost = costs[index] ?? null;
    const words = cost === null
      ? "unpriced"
      : `${figure(cost)} USD per million`;
    return measured(found[index] ?? null, cost ?? unpriced, words, minSamples);
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
