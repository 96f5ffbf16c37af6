/** Selector `random`: every target is as likely as every other. @module */

import type { RandomSource } from "../../support/random_source.ts";
import type { Ranked, SelectorContext, SelectorTarget } from "../selector.ts";

/** Draws an order in which every target is as likely to be first. */
export function selectRandom(
  targets: readonly SelectorTarget[],
  { random }: SelectorContext,
): Ranked[] {
  return drawn(targets, random, "Drawn at random");
}

/** Draws an order, with one reason for all. */
export function drawn(
  targets: readonly SelectorTarget[],
  random: RandomSource,
  reason: string,
): Ranked[] {
  return shuffled(targets, random).map(({ target }) => ({
    target,
    score: null,
    reason,
  }));
}

/** Gives the items in an order drawn at random. */
export function shuffled<T>(items: readonly T[], random: RandomSource): T[] {
  const order = [...items];
  for (let end = order.length - 1; end > 0; end--) {
    const place = Math.floor(random.next() * (end + 1));
    const chosen = order[place] as T;
    order[place] = order[end] as T;
    order[end] = chosen;
  }
  return order;
}
