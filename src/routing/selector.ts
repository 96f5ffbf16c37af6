/** What a selector is: it puts the usable targets of one group in order, with the reasons. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { RandomSource } from "../support/random_source.ts";
import type { RequestFacts } from "./facts.ts";
import type { HeadFilter, RoutingReaders } from "./readers.ts";

/** A usable target of a group. */
export interface SelectorTarget {
  /** The target. */
  readonly target: TargetRef;
  /** Its share; 0: only when nothing else is left. */
  readonly weight: number;
  /** Its region. */
  readonly region: string;
  /** Its class. */
  readonly modelType: string;
}

/** A target in its place. */
export interface Ranked {
  /** The target. */
  readonly target: TargetRef;
  /** Higher is better; `null` where the selector has none. */
  readonly score: number | null;
  /** Why it stands where it stands. */
  readonly reason: string;
}

/** Numbers of the config that selectors obey (`routing`). */
export interface SelectorSettings {
  /** Share of the requests that go to a target without fresh data. */
  readonly explorationRate: number;
  /** Weights of the cost, by the state of the budget. */
  readonly costAware: {
    readonly weight: number;
    readonly warnWeight: number;
    readonly criticalWeight: number;
  };
  /** Numbers of the selector performance. */
  readonly performance: {
    readonly costFloorPer1M: number;
    readonly minSamples: number;
  };
}

/** Whose turn it is: credit by target id, kept between decisions. */
export type Turns = Map<string, number>;

/** What a selector may look at, and draw from. */
export interface SelectorContext {
  /** The request. */
  readonly facts: RequestFacts;
  /** Draws; the same draws give the same order. */
  readonly random: RandomSource;
  /** What others know. */
  readonly readers: RoutingReaders;
  /** Numbers of the config. */
  readonly settings: SelectorSettings;
  /** Region and class that the group prefers (geo_preferred, model_specific, hybrid). */
  readonly preferred: HeadFilter;
  /** Turns of this group; a selector that takes turns changes them. */
  readonly turns: Turns;
}

/** Puts targets in the order in which they are to be tried. Never adds or loses one. */
export type Selector = (
  targets: readonly SelectorTarget[],
  context: SelectorContext,
) => Ranked[];
