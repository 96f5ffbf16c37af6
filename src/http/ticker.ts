/** The one interval of a server: it looks at slow bodies, stalled readers, loop delay and memory. @module */

import type { Clock } from "../support/clock.ts";
import { clamp } from "./listener.ts";
import type { ListenerLimits } from "./limits.ts";

/** Memory is asked for at most this often: it is a file to read. */
const RSS_EVERY_MS = 1000;

/** What is heard at every tick: monotonic ms, how late the tick was, resident bytes (0 unless limited). */
export type OnTick = (
  nowMs: number,
  loopDelayMs: number,
  rssBytes: number,
) => void;

/** Ticks often enough for the shortest timeout. */
export class Ticker {
  readonly #clock: Clock;
  readonly #rssBytes: () => number;
  readonly #onTick: OnTick;
  #timer: ReturnType<typeof setInterval> | null = null;
  #everyMs = 0;
  #watchesRss = false;
  #lastMs = 0;
  #lastRssMs = -Infinity;
  #lastRssBytes = 0;

  /** Makes one that stands still. */
  constructor(clock: Clock, rssBytes: () => number, onTick: OnTick) {
    this.#clock = clock;
    this.#rssBytes = rssBytes;
    this.#onTick = onTick;
  }

  /** Whether it runs. */
  get running(): boolean {
    return this.#timer !== null;
  }

  /** Starts, or goes on at the pace of other limits. */
  start(limits: ListenerLimits): void {
    this.stop();
    const shortest = Math.min(
      limits.bodyTimeoutMs || Infinity,
      limits.bodyIdleTimeoutMs || Infinity,
      limits.writeStallMs || Infinity,
    );
    this.#watchesRss = limits.maxRssBytes > 0;
    this.#everyMs = clamp(shortest / 5, 10, 250);
    this.#lastMs = this.#clock.monotonicMs();
    this.#timer = setInterval(() => this.#tick(), this.#everyMs);
  }

  /** Stops. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    const nowMs = this.#clock.monotonicMs();
    const loopDelayMs = nowMs - this.#lastMs - this.#everyMs;
    this.#lastMs = nowMs;
    if (this.#watchesRss && nowMs - this.#lastRssMs >= RSS_EVERY_MS) {
      this.#lastRssMs = nowMs;
      this.#lastRssBytes = this.#rssBytes();
    }
    this.#onTick(nowMs, loopDelayMs, this.#lastRssBytes);
  }
}
