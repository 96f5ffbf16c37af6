/** A breaker per target, made when the target is first called. @module */

import type { Clock } from "../support/clock.ts";
import { Breaker, type BreakerSettings, type BreakerState } from "./breaker.ts";
import type { GuardMemory } from "./guard_memory.ts";
import type { GuardView } from "./guard_view.ts";

/** Targets come from clients where a provider takes any model. */
const MAX_BREAKERS = 5000;

/** The numbers of the config. */
export interface BreakerTableSettings {
  /** When breakers open. */
  readonly breaker: BreakerSettings;
  /** How long a breaker is kept that nobody asks for, ms. */
  readonly stateTtlMs: number;
}

/** Keeps breakers by target id. */
export class BreakerTable {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #onTransition: (target: string, state: BreakerState) => void;
  readonly #breakers = new Map<string, Breaker>();
  #settings: BreakerTableSettings;
  #sweptMs: number;

  /** Begins without any. */
  constructor(
    settings: BreakerTableSettings,
    clock: Pick<Clock, "monotonicMs">,
    onTransition: (target: string, state: BreakerState) => void,
  ) {
    this.#settings = settings;
    this.#clock = clock;
    this.#onTransition = onTransition;
    this.#sweptMs = clock.monotonicMs();
  }

  /** Takes over the numbers of a new config. */
  update(settings: BreakerTableSettings): void {
    this.#settings = settings;
    for (const breaker of this.#breakers.values()) {
      breaker.update(settings.breaker, this.#clock.monotonicMs());
    }
  }

  /** Gives the breaker of a target that was called before. */
  find(id: string): Breaker | undefined {
    return this.#breakers.get(id);
  }

  /** Gives the breaker of a target. */
  of(id: string): Breaker {
    const known = this.#breakers.get(id);
    if (known !== undefined) return known;
    this.#sweep();
    const breaker = new Breaker(
      this.#settings.breaker,
      this.#clock.monotonicMs(),
      (state) => this.#onTransition(id, state),
    );
    this.#breakers.set(id, breaker);
    return breaker;
  }

  /** Closes one, or all. */
  reset(id: string | null): void {
    const nowMs = this.#clock.monotonicMs();
    if (id !== null) return this.#breakers.get(id)?.reset(nowMs);
    for (const breaker of this.#breakers.values()) breaker.reset(nowMs);
  }

  /** Forgets the targets of providers that are gone. */
  retain(isKnown: (provider: string) => boolean): void {
    for (const id of [...this.#breakers.keys()]) {
      if (!isKnown(providerOf(id))) this.#breakers.delete(id);
    }
  }

  /** Calls for each. */
  forEach(visit: (targetId: string, state: BreakerState) => void): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, breaker] of this.#breakers) visit(id, breaker.state(nowMs));
  }

  /** Shows all of them; `wall` gives ms since the epoch. */
  *views(wall: (monotonicMs: number) => number): Iterable<GuardView> {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, breaker] of this.#breakers) {
      const state = breaker.state(nowMs);
      const isClosed = state === "closed";
      yield {
        name: id,
        kind: "target",
        state,
        failures: breaker.failures,
        openedAtMs: isClosed ? null : wall(breaker.openedAtMs),
        retryAtMs: isClosed ? null : wall(breaker.retryAtMs),
        reason: isClosed ? null : breaker.reason,
      };
    }
  }

  /** What must survive a restart; `wall` gives ms since the epoch. */
  *memories(
    wall: (monotonicMs: number) => number,
  ): Iterable<GuardMemory["targets"][number]> {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, breaker] of this.#breakers) {
      const memory = breaker.memory(nowMs);
      if (memory === null) continue;
      yield {
        ...memory,
        id,
        openedAtMs: wall(memory.openedAtMs),
        retryAtMs: wall(memory.retryAtMs),
      };
    }
  }

  /** Lets go of what nobody asked for in a long time; if that is not enough, of what is closed. */
  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    const { stateTtlMs } = this.#settings;
    const isFull = this.#breakers.size >= MAX_BREAKERS;
    if (!isFull && nowMs - this.#sweptMs < stateTtlMs / 10) return;
    this.#sweptMs = nowMs;
    for (const [id, breaker] of this.#breakers) {
      const isOld = nowMs - breaker.touchedMs >= stateTtlMs;
      const isIdle = isFull && breaker.state(nowMs) === "closed";
      if (isOld || isIdle) this.#breakers.delete(id);
    }
  }
}

function providerOf(targetId: string): string {
  const slash = targetId.indexOf("/");
  return slash < 0 ? targetId : targetId.slice(0, slash);
}
