/** The key rings of all providers. @module */

import type { GuardMemory } from "./guard_memory.ts";
import type { GuardView } from "./guard_view.ts";
import { KeyRing } from "./key_ring.ts";

/** The only "key" of a provider without keys: what is limited is its address. */
const NO_KEY: readonly string[] = ["none"];

/** Keeps rings by provider id. Every time is ms of a clock that never goes back. */
export class KeyRings {
  readonly #rings = new Map<string, KeyRing>();
  /** From before a restart, for providers whose ring was not asked for yet. */
  readonly #restored = new Map<string, GuardMemory["keys"][number][]>();

  /** Gives the ring of a provider, if it has one. */
  find(provider: string): KeyRing | undefined {
    return this.#rings.get(provider);
  }

  /** Gives the ring of a provider, with the keys of the config at hand (by `keyName`). */
  of(provider: string, names: readonly string[]): KeyRing {
    const keys = names.length === 0 ? NO_KEY : names;
    const known = this.#rings.get(provider);
    if (known !== undefined) {
      known.update(keys);
      return known;
    }
    const ring = new KeyRing(keys);
    for (const rest of this.#restored.get(provider) ?? []) ring.restore(rest);
    this.#restored.delete(provider);
    this.#rings.set(provider, ring);
    return ring;
  }

  /** Ends all rests. */
  reset(): void {
    for (const ring of this.#rings.values()) ring.reset(null);
  }

  /** Forgets providers that are gone. */
  retain(isKnown: (provider: string) => boolean): void {
    for (const provider of [...this.#rings.keys()]) {
      if (!isKnown(provider)) this.#rings.delete(provider);
    }
  }

  /** Shows the keys that rest; `wall` gives ms since the epoch. */
  *views(
    nowMs: number,
    wall: (monotonicMs: number) => number,
  ): Iterable<GuardView> {
    for (const [provider, ring] of this.#rings) {
      for (const rest of ring.current(nowMs)) {
        const model = rest.model === null ? "" : ` ${rest.model}`;
        yield {
          name: `${provider}#${rest.index}${model}`,
          kind: "key",
          state: "open",
          failures: rest.times,
          openedAtMs: wall(rest.sinceMs),
          retryAtMs: wall(rest.untilMs),
          reason: rest.reason,
        };
      }
    }
  }

  /** What must survive a restart; `wall` gives ms since the epoch. */
  *memories(
    nowMs: number,
    wall: (monotonicMs: number) => number,
  ): Iterable<GuardMemory["keys"][number]> {
    for (const [provider, ring] of this.#rings) {
      for (const { index: _, ...rest } of ring.current(nowMs)) {
        const { sinceMs, untilMs } = rest;
        yield {
          ...rest,
          provider,
          sinceMs: wall(sinceMs),
          untilMs: wall(untilMs),
        };
      }
    }
  }

  /** Takes up a rest from before a restart, with times of the clock that never goes back. */
  restore(rest: GuardMemory["keys"][number]): void {
    const kept = this.#restored.get(rest.provider) ?? [];
    this.#restored.set(rest.provider, kept);
    kept.push(rest);
  }
}
