/**
 * What the measuring selectors share: targets with fresh data by their score,
 * those without behind them, and now and then one of those first.
 *
 * @module
 */

import type { TargetRef } from "../../exchange/decision.ts";
import type { Ranked, SelectorContext, SelectorTarget } from "../selector.ts";
import { shuffled } from "./random.ts";
import { descending, percent } from "./weighted.ts";

/** What is known of a target. */
export interface Measured {
  /** Higher is better; `null` where too little is known to compare. */
  readonly score: number | null;
  /** What the score is made of, or what is missing. */
  readonly reason: string;
  /** Whether it was called lately, so that there is nothing to explore. */
  readonly fresh: boolean;
}

/** What is said of a target that was not called lately. */
export const NO_FRESH_DATA: Measured = {
  score: null,
  reason: "No fresh data",
  fresh: false,
};

/** What is said of a target that was called and never answered. */
export function noneAnswered(requests: number): Measured {
  return { score: 0, reason: `None of ${requests} answered`, fresh: true };
}

/**
 * Ranks by score, equal ones as they stand. Without any score the order is
 * drawn at random. At the exploration rate one of the targets that were not
 * called lately goes first.
 */
export function rankMeasured(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
  measure: (target: SelectorTarget, index: number) => Measured,
): Ranked[] {
  const scored: Scored[] = [];
  const unknown: Ranked[] = [];
  const stale: TargetRef[] = [];
  for (const [index, candidate] of targets.entries()) {
    const { target } = candidate;
    const { score, reason, fresh } = measure(candidate, index);
    if (score === null) unknown.push({ target, score, reason });
    else scored.push({ target, score, reason });
    if (!fresh) stale.push(target);
  }
  if (scored.length === 0) {
    return shuffled(unknown, context.random).map(drawnCold);
  }
  scored.sort((left, right) => descending(left.score, right.score));
  const ranked = [...scored, ...shuffled(unknown, context.random)];
  // With nothing fresh there is nothing to explore beside.
  return stale.length === 0 || stale.length === targets.length
    ? ranked
    : explored(ranked, stale, context);
}

type Scored = Ranked & { readonly score: number };

function explored(
  ranked: Ranked[],
  stale: readonly TargetRef[],
  { random, settings }: SelectorContext,
): Ranked[] {
  if (random.next() >= settings.explorationRate) return ranked;
  const chosen = stale[Math.floor(random.next() * stale.length)];
  const place = ranked.findIndex(({ target }) => target === chosen);
  const [first] = ranked.splice(place, 1);
  if (first === undefined) return ranked;
  const share = percent(settings.explorationRate);
  const reason = `${first.reason}: explored, as ${share} of the requests are`;
  return [{ ...first, reason }, ...ranked];
}

function drawnCold(ranked: Ranked): Ranked {
  return { ...ranked, reason: `${ranked.reason}: drawn at random` };
}

/** Spells a number with three digits that matter. Rounding costs a third of `toFixed`. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return String(Math.round(value));
  if (size >= 10) return String(Math.round(value * 10) / 10);
  if (size >= 1) return String(Math.round(value * 100) / 100);
  return size >= 0.001
    ? String(Math.round(value * 10_000) / 10_000)
    : value.toPrecision(3);
}
