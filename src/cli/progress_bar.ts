/** A bar on standard error for work that takes long, where a person looks at it. @module */

import type { Terminal } from "./output.ts";

/** Work that is done sooner shows no bar. */
const SHOW_AFTER_MS = 500;
const REDRAW_MS = 100;
const WIDTH = 30;

/** Draws how far something is; draws nothing where standard error is no terminal. */
export class ProgressBar implements Disposable {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #startedMs: number;
  #drawnMs = -Infinity;

  /** Starts at nothing. */
  constructor(
    terminal: Terminal,
    now: () => number = () => performance.now(),
  ) {
    this.#terminal = terminal;
    this.#now = now;
    this.#startedMs = now();
  }

  /** Says that `done` of `total` is done. */
  readonly update = (done: number, total: number): void => {
    const nowMs = this.#now();
    if (this.#terminal.progress === undefined) return;
    if (nowMs - this.#startedMs < SHOW_AFTER_MS) return;
    if (nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const filled = Math.round(share * WIDTH);
    const bar = "#".repeat(filled).padEnd(WIDTH, ".");
    this.#terminal.progress(`[${bar}] ${Math.floor(share * 100)} %`);
  };

  /** Wipes it off. */
  [Symbol.dispose](): void {
    if (!Number.isFinite(this.#drawnMs)) return;
    this.#drawnMs = -Infinity;
    this.#terminal.progress?.("");
  }
}
