/**
 * Selectors by load: `least_loaded`, and the same after a preference for a
 * region (`geo_preferred`), a class (`model_specific`) or both (`hybrid`).
 *
 * @module
 */

import type { Ranked, SelectorContext, SelectorTarget } from "../selector.ts";
import { shuffled } from "./random.ts";
import { descending, percent } from "./weighted.ts";

/** What nobody has said is taken for half full. */
const UNKNOWN_LOAD = 0.5;

type Preference = (
  target: SelectorTarget,
  context: SelectorContext,
) => { readonly points: number; readonly words: string };

/** Ranks by load, the least first; equals are drawn. */
export function selectLeastLoaded(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
): Ranked[] {
  return byLoad(targets, context, () => ({ points: 0, words: "" }));
}

/** Ranks targets of the preferred region first, by load within and without. */
export function selectGeoPreferred(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
): Ranked[] {
  return byLoad(targets, context, inRegion);
}

/** Ranks targets of the preferred class first, by load within and without. */
export function selectModelSpecific(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
): Ranked[] {
  return byLoad(targets, context, ofClass);
}

/** Ranks by class, then region, then load. */
export function selectHybrid(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
): Ranked[] {
  return byLoad(targets, context, (target, inner) => {
    const region = inRegion(target, inner);
    const modelType = ofClass(target, inner);
    return {
      points: 2 * modelType.points + region.points,
      words: modelType.words + region.words,
    };
  });
}

function inRegion(
  { region }: SelectorTarget,
  { preferred }: SelectorContext,
): ReturnType<Preference> {
  const points = preferred.region === region ? 1 : 0;
  return { points, words: `Region ${region}, ` };
}

function ofClass(
  { modelType }: SelectorTarget,
  { preferred }: SelectorContext,
): ReturnType<Preference> {
  const points = preferred.modelType === modelType ? 1 : 0;
  return { points, words: `Class ${modelType}, ` };
}

/** A preference outweighs every load: it counts whole points, the room left at most one. */
function byLoad(
  targets: readonly SelectorTarget[],
  context: SelectorContext,
  preference: Preference,
): Ranked[] {
  const ranked = shuffled(targets, context.random).map((candidate) => {
    const load = context.readers.load(candidate.target);
    const { points, words } = preference(candidate, context);
    const room = 1 - Math.min(1, Math.max(0, load ?? UNKNOWN_LOAD));
    return {
      target: candidate.target,
      score: points * 2 + room,
      reason: words +
        (load === null ? "load unknown" : `load ${percent(load)}`),
    };
  });
  return ranked.sort((left, right) => descending(left.score, right.score));
}
