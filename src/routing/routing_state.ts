/**
 * What routing remembers between decisions and across reloads: whose turn it
 * is, who belongs where, and the random source.
 *
 * @module
 */

import type { Decision } from "../exchange/decision.ts";
import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { type RandomSource, Sfc32 } from "../support/random_source.ts";
import { type AffinitySettings, AffinityTable } from "./affinity.ts";
import type { Turns } from "./selector.ts";
import { SideSlot } from "../support/side_slot.ts";

/** What a decision leaves behind beside itself. */
export interface DecisionNotes {
  /** Index of the rule that applied, `null` if none did. */
  readonly rule: number | null;
  /** Class of the chosen target, for metrics. */
  readonly modelType: string;
  /** Region of the chosen target, for metrics. */
  readonly region: string;
  /** What the request was looked up by, `null` without affinity. */
  readonly affinity: AffinityLookup | null;
  /** Whether every target rests and they are called all the same. */
  readonly lastResort: boolean;
}

/** A look into an affinity table. */
export interface AffinityLookup {
  /** The table. */
  readonly table: AffinityTable;
  /** What the request belongs to. */
  readonly key: string;
  /** Whether a target was remembered that could be used. */
  readonly hit: boolean;
}

/** What the state is made with. */
export interface RoutingStateOptions {
  /** Draws. @default {Sfc32.unseeded()} */
  readonly random?: RandomSource;
  /** Times the affinity tables. @default {SYSTEM_CLOCK} */
  readonly clock?: Pick<Clock, "monotonicMs">;
}

/** Remembers; listens to attempts, so that a conversation follows to where it was answered. */
export class RoutingState implements Tap {
  /** Shown when it throws. */
  readonly name = "affinity";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["attempt-finished"];
  /** Draws of live decisions. */
  readonly random: RandomSource;
  /** Hears of every lookup of a live decision in an affinity table. */
  onAffinity: (hit: boolean) => void = () => {};
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #turns = new Map<string, Turns>();
  readonly #tables = new Map<string, AffinityTable>();
  readonly #notes = new SideSlot<Decision, DecisionNotes>("notes");

  /** Begins with nothing remembered. */
  constructor(options: RoutingStateOptions = {}) {
    this.random = options.random ?? Sfc32.unseeded();
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Monotonic ms. */
  get nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Gives the turns of one group of an alias. */
  turns(alias: string, group: number): Turns {
    const key = `${alias}#${group}`;
    const known = this.#turns.get(key);
    if (known !== undefined) return known;
    const turns: Turns = new Map();
    this.#turns.set(key, turns);
    return turns;
  }

  /** Gives the affinity table of an alias, with the bounds of the config at hand. */
  table(alias: string, settings: AffinitySettings): AffinityTable {
    const known = this.#tables.get(alias);
    if (known !== undefined) {
      known.update(settings);
      return known;
    }
    const table = new AffinityTable(settings);
    this.#tables.set(alias, table);
    return table;
  }

  /** Forgets aliases that a new config does not have. */
  retain(aliases: ReadonlySet<string>): void {
    for (const alias of [...this.#tables.keys()]) {
      if (!aliases.has(alias)) this.#tables.delete(alias);
    }
    for (const key of [...this.#turns.keys()]) {
      const alias = key.slice(0, key.lastIndexOf("#"));
      if (!aliases.has(alias)) this.#turns.delete(key);
    }
  }

  /** Keeps the notes of a decision with it. */
  note(decision: Decision, notes: DecisionNotes): void {
    this.#notes.set(decision, notes);
  }

  /** Takes note of a live decision. */
  decided(decision: Decision, notes: DecisionNotes): void {
    this.note(decision, notes);
    const { affinity } = notes;
    if (affinity === null) return;
    this.onAffinity(affinity.hit);
    const chosen = decision.order[0];
    if (chosen !== undefined) {
      affinity.table.remember(affinity.key, chosen.target.id, this.nowMs);
    }
  }

  /** Gives what was noted of a decision, `null` if nothing was. */
  notesOf(decision: Decision): DecisionNotes | null {
    return this.#notes.get(decision) ?? null;
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (event.type !== "attempt-finished") return;
    const { decision } = event.exchange;
    const { outcome, target } = event.attempt;
    if (decision === null || outcome?.kind !== "answered") return;
    const affinity = this.#notes.get(decision)?.affinity ?? null;
    affinity?.table.remember(affinity.key, target.id, this.nowMs);
  }
}
