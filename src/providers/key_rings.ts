/** The key rings of all providers. @module */

import type { GuardMemory } from "./guard_memory.ts";
import type { GuardView } from "./guard_view.ts";
import { type KeyRest, type KeyRests, KeyRing, NO_KEY } from "./key_ring.ts";

const NO_KEYS: readonly string[] = [NO_KEY];

/** Keeps rings by provider id. Every time is ms of a clock that never goes back. */
export class KeyRings {
  /** Those of the config that is live. */
  #rings: ReadonlyMap<string, KeyRing> = new Map();
  /** Those of registered heads. */
  readonly #heads = new Map<string, KeyRing>();
  readonly #rests = new Map<string, KeyRests>();

  /** Gives the live ring of a provider, if it has one. */
  find(provider: string): KeyRing | undefined {
    return this.#rings.get(provider) ?? this.#heads.get(provider);
  }

  /** Adds the ring of a head that has registered. */
  add(provider: string): void {
    this.#heads.set(provider, new KeyRing(NO_KEYS, this.#restsOf(provider)));
  }

  /** Forgets a head. */
  remove(provider: string): void {
    this.#heads.delete(provider);
    this.#rests.delete(provider);
  }

  /** Makes the ring of a provider for a config that is not live yet; the same keys keep their ring. */
  make(provider: string, names: readonly string[]): KeyRing {
    const keys = names.length === 0 ? NO_KEYS : names;
    const known = this.#rings.get(provider);
    const isSame = known !== undefined && known.names.length === keys.length &&
      known.names.every((name, index) => name === keys[index]);
    return isSame ? known : new KeyRing(keys, this.#restsOf(provider));
  }

  /** The rings of a config that goes live; those of providers that are gone are forgotten. */
  use(rings: ReadonlyMap<string, KeyRing>): void {
    this.#rings = rings;
    for (const [provider, rests] of [...this.#rests]) {
      if (this.#heads.has(provider)) continue;
      const names = rings.get(provider)?.names ?? [];
      for (const name of [...rests.keys()]) {
        if (!names.includes(name)) rests.delete(name);
      }
      if (!rings.has(provider)) this.#rests.delete(provider);
    }
  }

  /** Ends all rests. */
  reset(): void {
    for (const [, ring] of this.#all()) ring.reset(null);
  }

  /** Shows the keys that rest; `wall` gives ms since the epoch. */
  *views(
    nowMs: number,
    wall: (monotonicMs: number) => number,
  ): Iterable<GuardView> {
    for (const [provider, ring] of this.#all()) {
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
    for (const [provider, ring] of this.#all()) {
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
  restore({ provider, ...rest }: GuardMemory["keys"][number]): void {
    const rests = this.#restsOf(provider);
    const ofKey = rests.get(rest.key) ?? new Map<string, KeyRest>();
    rests.set(rest.key, ofKey);
    ofKey.set(rest.model ?? "", rest);
  }

  *#all(): Iterable<readonly [provider: string, ring: KeyRing]> {
    yield* this.#rings;
    yield* this.#heads;
  }

  #restsOf(provider: string): KeyRests {
    const known = this.#rests.get(provider);
    if (known !== undefined) return known;
    const rests: KeyRests = new Map();
    this.#rests.set(provider, rests);
    return rests;
  }
}
