/** Selector `round_robin`: everyone's turn comes, by weight and evenly spread. @module */

import type {
  Ranked,
  SelectorContext,
  SelectorTarget,
  Turns,
} from "../selector.ts";
import { descending } from "./weighted.ts";

/** Credits kept of targets that are not usable at the moment. */
const MAX_ABSENT = 100;

/**
 * Takes smooth weighted turns: each target is credited with its weight, the
 * one with the most credit goes first and pays the sum. Within as many
 * decisions as the weights sum up to, each goes first as often as its weight
 * says. Weight 0 comes last.
 */
export function selectRoundRobin(
  targets: readonly SelectorTarget[],
  { turns }: SelectorContext,
): Ranked[] {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const credited = targets.map(({ target, weight }) => {
    const share = total === 0 ? 1 : weight;
    const credit = (turns.get(target.id) ?? 0) + share;
    return { target, share, credit };
  });
  credited.sort((left, right) =>
    descending(Math.sign(left.share), Math.sign(right.share)) ||
    descending(left.credit, right.credit)
  );
  const cost = total === 0 ? targets.length : total;
  credited.forEach(({ target, share, credit }, place) => {
    if (share > 0) turns.set(target.id, place === 0 ? credit - cost : credit);
  });
  if (turns.size > 2 * targets.length + MAX_ABSENT) {
    forgetAbsent(turns, targets);
  }
  return credited.map(({ target, share, credit }, place) => ({
    target,
    score: share === 0 ? 0 : credit,
    reason: share === 0
      ? "Weight 0: only when nothing else is left"
      : place === 0
      ? "Its turn"
      : `Its turn comes later, credit ${rounded(credit)}`,
  }));
}

/** Heads come and go: the credit of those that are away is not kept without bound. */
function forgetAbsent(turns: Turns, targets: readonly SelectorTarget[]): void {
  const present = new Set(targets.map(({ target }) => target.id));
  for (const id of [...turns.keys()]) if (!present.has(id)) turns.delete(id);
}

function rounded(credit: number): number {
  return Math.round(credit * 100) / 100;
}
