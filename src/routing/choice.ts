/** Puts the targets of all groups in order, and says what became of the others. @module */

import type { Candidate, Exclusion } from "../exchange/decision.ts";
import type { RandomSource } from "../support/random_source.ts";
import { type KnownTarget, whyUnable } from "./eligibility.ts";
import type { RequestFacts } from "./facts.ts";
import type { RoutingReaders } from "./readers.ts";
import type { Resting } from "./refusals.ts";
import type { RouteGroup } from "./route_groups.ts";
import type {
  Ranked,
  SelectorContext,
  SelectorSettings,
  Turns,
} from "./selector.ts";

/** What is chosen from, and by what. */
export interface ChoiceInput {
  /** The groups, in order. */
  readonly groups: readonly RouteGroup[];
  /** The request. */
  readonly facts: RequestFacts;
  /** What others know. */
  readonly readers: RoutingReaders;
  /** Numbers of the config. */
  readonly settings: SelectorSettings;
  /** Whether losing something in a translation is refused. */
  readonly onLoss: "header" | "reject";
  /** Draws. */
  readonly random: RandomSource;
  /** The target that a request of the same conversation went to, `null` without one. */
  readonly remembered: string | null;
  /** The turns of a group; they are changed. */
  turns(group: number): Turns;
}

/** Chooses once. */
export class Choice {
  /** Usable targets in the order in which they will be tried. */
  readonly order: Candidate[] = [];
  /** Everything else, with the reason. */
  excluded: Exclusion[] = [];
  /** Targets that could serve but rest. */
  readonly resting: Resting[] = [];
  /** Selector of the group that leads, `none` if no target is left. */
  strategy = "none";
  /** Whether the remembered target leads. */
  hit = false;
  /** Whether every target rests and they are called all the same. */
  lastResort = false;
  readonly #input: ChoiceInput;
  readonly #lastResort: (Candidate & { readonly waitMs: number })[] = [];

  /** Chooses. */
  constructor(input: ChoiceInput) {
    this.#input = input;
    const seen = input.groups.length > 1 ? new Set<string>() : null;
    input.groups.forEach((group, index) => {
      const usable = this.#usable(group, index, seen);
      if (usable.length > 0) this.#rank(group, index, usable);
    });
    if (this.order.length === 0) this.#callResting();
  }

  #usable(
    group: RouteGroup,
    index: number,
    seen: Set<string> | null,
  ): readonly KnownTarget[] {
    const { facts, readers, onLoss } = this.#input;
    return group.targets(readers).filter((known) => {
      const { target } = known;
      // A later group may name a target again: it is tried once.
      if (seen?.has(target.id) === true) return false;
      seen?.add(target.id);
      const unable = whyUnable(known, facts, onLoss);
      if (unable !== null) {
        this.excluded.push({ target, reason: unable });
        return false;
      }
      const health = readers.health(target);
      if (!health.usable) this.#rests(known, index, health);
      return health.usable;
    });
  }

  #rests({ target }: KnownTarget, group: number, health: Resting): void {
    const { reason, retryAfterMs, lastResort } = health;
    this.excluded.push({ target, reason });
    this.resting.push(health);
    if (!lastResort) return;
    this.#lastResort.push({
      target,
      group,
      score: null,
      reason: `Last resort, every other target is out: ${reason}`,
      waitMs: retryAfterMs ?? Infinity,
    });
  }

  #rank(
    group: RouteGroup,
    index: number,
    usable: readonly KnownTarget[],
  ): void {
    const leads = this.order.length === 0;
    if (leads) this.strategy = group.strategy(this.#input.readers);
    const known = leads ? this.#remembered(usable) : undefined;
    const turns = this.#input.turns(index);
    const context: SelectorContext = {
      facts: this.#input.facts,
      random: this.#input.random,
      readers: this.#input.readers,
      settings: this.#input.settings,
      preferred: group.preferred,
      // A remembered target takes nobody's turn.
      turns: known === undefined ? turns : new Map(turns),
    };
    for (const ranked of group.select(usable, context)) {
      if (ranked.target !== known?.target) this.#add(ranked, index);
    }
    if (known === undefined) return;
    this.hit = true;
    this.order.unshift({
      target: known.target,
      group: index,
      score: null,
      reason: "Remembered for this conversation",
    });
  }

  #remembered(usable: readonly KnownTarget[]): KnownTarget | undefined {
    const { remembered } = this.#input;
    return remembered === null
      ? undefined
      : usable.find(({ target }) => target.id === remembered);
  }

  #add({ target, score, reason }: Ranked, group: number): void {
    this.order.push({ target, group, score, reason });
  }

  /** Nobody else is left: those that may be called all the same, the one first whose rest ends first. */
  #callResting(): void {
    if (this.#lastResort.length === 0) return;
    this.lastResort = true;
    this.#lastResort.sort((left, right) =>
      left.waitMs === right.waitMs ? 0 : left.waitMs < right.waitMs ? -1 : 1
    );
    for (const { target, group, score, reason } of this.#lastResort) {
      this.order.push({ target, group, score, reason });
    }
    const called = new Set(this.order.map(({ target }) => target));
    this.excluded = this.excluded.filter(({ target }) => !called.has(target));
    const leading = this.order[0]?.group ?? 0;
    const { groups, readers } = this.#input;
    this.strategy = groups[leading]?.strategy(readers) ?? "none";
  }
}
