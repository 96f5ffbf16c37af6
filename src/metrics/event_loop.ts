/**
 * How late the event loop is. The runtime's own `monitorEventLoopDelay` calls a
 * block of 200 ms 0.05 ms, so a timer's lateness is measured.
 *
 * @module
 */

import type { Histogram } from "./histogram.ts";

const SAMPLE_MS = 50;

/** Samples the lateness of the event loop 20 times a second. */
export class EventLoopMonitor implements Disposable {
  readonly #histogram: Histogram;
  readonly #handle: ReturnType<typeof setInterval>;
  #expectedMs: number;
  #lastMs = 0;

  /** Starts to sample into `histogram`, in seconds. */
  constructor(histogram: Histogram) {
    this.#histogram = histogram;
    this.#expectedMs = performance.now() + SAMPLE_MS;
    this.#handle = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** How late the loop is now, in ms: the last sample, or how long the next one is overdue. */
  get delayMs(): number {
    return Math.max(this.#lastMs, performance.now() - this.#expectedMs);
  }

  /** Stops. */
  [Symbol.dispose](): void {
    clearInterval(this.#handle);
  }

  #sample(): void {
    const nowMs = performance.now();
    this.#lastMs = Math.max(0, nowMs - this.#expectedMs);
    this.#expectedMs = nowMs + SAMPLE_MS;
    this.#histogram.observe(this.#lastMs / 1000);
  }
}
