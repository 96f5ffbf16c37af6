/**
 * The keys of one provider: taken in turn, rested one by one. A key that was
 * refused rests for every model, one that was limited for that model alone.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Failure } from "../exchange/failure.ts";
import { type CooldownSettings, restMs } from "./cooldowns.ts";

/** A rest of one key. */
export interface KeyRest {
  /** The key, by a digest: a key is never shown, not even in part. */
  readonly key: string;
  /** The model it rests for, `null` for all. */
  readonly model: string | null;
  /** When it began, ms of the ring's clock. */
  readonly sinceMs: number;
  /** When it ends, ms of the ring's clock. */
  readonly untilMs: number;
  /** Rests in a row without an answer between. */
  readonly times: number;
  /** The kind of the failure. */
  readonly reason: string;
}

/** Stands for the key of a provider without keys: what is limited is its address, and that for one model. */
export const NO_KEY = "none";

const ALL_MODELS = "";
/** Models come from clients where a provider takes any name. */
const MAX_RESTS = 1000;

/** Names a key so that it can be told from others and never be guessed. */
export function keyName(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}

/** Rests of one provider's keys by key name, then by model. */
export type KeyRests = Map<string, Map<string, KeyRest>>;

/** Rotates and rests the keys of one provider. Every time is ms of one clock that never goes back. */
export class KeyRing {
  /** The keys by name, in the order of the config. */
  readonly names: readonly string[];
  readonly #rests: KeyRests;
  #turn = 0;

  /** Takes the keys, by the names that {@linkcode keyName} gave them. Rings of one provider share `rests`. */
  constructor(names: readonly string[], rests: KeyRests = new Map()) {
    this.names = names;
    this.#rests = rests;
  }

  /** How many keys there are. */
  get size(): number {
    return this.names.length;
  }

  /** Takes the next key for a model: one that does not rest, else the one whose rest ends first; -1 without keys. */
  take(model: string, nowMs: number): number {
    const { size } = this;
    if (size === 0) return -1;
    let best = -1;
    let bestMs = Infinity;
    for (let step = 0; step < size; step++) {
      const index = (this.#turn + step) % size;
      const untilMs = this.#restsUntil(index, model);
      if (untilMs <= nowMs) {
        this.#turn = index + 1;
        return index;
      }
      if (untilMs < bestMs) {
        best = index;
        bestMs = untilMs;
      }
    }
    this.#turn = best + 1;
    return best;
  }

  /** When the first key may be taken for a model; at or before `nowMs` if one may now. */
  freeAtMs(model: string): number {
    let soonest = Infinity;
    for (let index = 0; index < this.size; index++) {
      soonest = Math.min(soonest, this.#restsUntil(index, model));
    }
    return this.size === 0 ? -Infinity : soonest;
  }

  /** The rest of a model that ends first, `null` unless every key rests. */
  restOf(model: string, nowMs: number): KeyRest | null {
    let first: KeyRest | null = null;
    for (const name of this.names) {
      const rest = longest(this.#rests.get(name), model);
      if (rest === null || rest.untilMs <= nowMs) return null;
      if (first === null || rest.untilMs < first.untilMs) first = rest;
    }
    return first;
  }

  /** Hears that a key was answered: its rests are over. */
  answered(index: number, model: string): void {
    const name = this.names[index];
    const rests = name === undefined ? undefined : this.#rests.get(name);
    rests?.delete(ALL_MODELS);
    rests?.delete(model);
  }

  /** Rests a key after a failure that is about it; gives the time in ms, 0 for none. */
  rest(
    index: number,
    model: string,
    failed: Failure,
    settings: CooldownSettings,
    nowMs: number,
  ): number {
    const name = this.names[index];
    if (name === undefined) return 0;
    const rests = this.#rests.get(name) ?? new Map<string, KeyRest>();
    const isForAll = name !== NO_KEY && isForAllModels(failed);
    const scope = isForAll ? ALL_MODELS : model;
    const before = rests.get(scope);
    // Calls that ran side by side fail together: that is one time, not many.
    const again = before !== undefined && before.untilMs > nowMs;
    const times = again ? before.times : (before?.times ?? 0) + 1;
    const lastsMs = restMs(failed, settings, times);
    if (lastsMs <= 0) return 0;
    const untilMs = Math.max(before?.untilMs ?? 0, nowMs + lastsMs);
    this.#rests.set(name, rests);
    if (rests.size >= MAX_RESTS) rests.clear();
    rests.set(scope, {
      key: name,
      model: scope === ALL_MODELS ? null : scope,
      sinceMs: again ? before.sinceMs : nowMs,
      untilMs,
      times,
      reason: failed.kind,
    });
    return lastsMs;
  }

  /** Ends the rests for a model, or all. */
  reset(model: string | null): void {
    if (model === null) return this.#rests.clear();
    for (const rests of this.#rests.values()) {
      rests.delete(ALL_MODELS);
      rests.delete(model);
    }
  }

  /** Gives the rests that have not ended, with the position of the key. */
  *current(nowMs: number): Iterable<KeyRest & { readonly index: number }> {
    for (const [index, name] of this.names.entries()) {
      for (const rest of this.#rests.get(name)?.values() ?? []) {
        if (rest.untilMs > nowMs) yield { ...rest, index };
      }
    }
  }

  #restsUntil(index: number, model: string): number {
    const name = this.names[index];
    if (name === undefined) return Infinity;
    return longest(this.#rests.get(name), model)?.untilMs ?? -Infinity;
  }
}

/** A 403 may be about one model, a 401 or an empty account never is. */
function isForAllModels({ kind, upstreamStatus }: Failure): boolean {
  return kind === "quota" || (kind === "auth" && upstreamStatus !== 403);
}

function longest(
  rests: ReadonlyMap<string, KeyRest> | undefined,
  model: string,
): KeyRest | null {
  const all = rests?.get(ALL_MODELS) ?? null;
  const one = rests?.get(model) ?? null;
  if (all === null || one === null) return all ?? one;
  return all.untilMs >= one.untilMs ? all : one;
}
