/** A clock that only moves when a test says so. @module */

import type { CancelTimer, Clock } from "../../src/support/clock.ts";

interface FakeTimer {
  atMs: number;
  callback: () => void;
}

/** A hand-driven {@linkcode Clock}; both clocks start at the same number, and the wall clock may be set. */
export class FakeClock implements Clock {
  /** The current time, ms. */
  nowMs: number;
  /** How far the wall clock has been set away from that. */
  wallOffsetMs = 0;
  /** How many timers were ever set. */
  timersSet = 0;
  readonly #timers = new Set<FakeTimer>();

  /** Starts at `nowMs`. */
  constructor(nowMs = 0) {
    this.nowMs = nowMs;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs + this.wallOffsetMs;
  }

  setTimer(callback: () => void, delayMs: number): CancelTimer {
    this.timersSet++;
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on by `ms` and fires what is due, in order. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      let next: FakeTimer | null = null;
      for (const timer of this.#timers) {
        if (timer.atMs <= endMs && (next === null || timer.atMs < next.atMs)) {
          next = timer;
        }
      }
      if (next === null) break;
      this.#timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
    }
    this.nowMs = endMs;
  }
}
