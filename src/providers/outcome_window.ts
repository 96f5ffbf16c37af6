/** Successes and failures of the last while, in ten slices of which the oldest is dropped as a whole. @module */

const SLICES = 10;

/** Counts outcomes over a sliding window. */
export class OutcomeWindow {
  readonly #sliceMs: number;
  readonly #answered: Uint32Array = new Uint32Array(SLICES);
  readonly #failed: Uint32Array = new Uint32Array(SLICES);
  #slice: number;

  /** Begins empty at `nowMs` of a clock that never goes back. */
  constructor(windowMs: number, nowMs: number) {
    this.#sliceMs = windowMs / SLICES;
    this.#slice = Math.floor(nowMs / this.#sliceMs);
  }

  /** Counts one outcome. */
  add(answered: boolean, nowMs: number): void {
    this.#advance(nowMs);
    const counts = answered ? this.#answered : this.#failed;
    const place = this.#slice % SLICES;
    counts[place] = (counts[place] ?? 0) + 1;
  }

  /** Gives what the window holds now. */
  read(nowMs: number): { readonly requests: number; readonly failed: number } {
    this.#advance(nowMs);
    const failed = sum(this.#failed);
    return { requests: failed + sum(this.#answered), failed };
  }

  /** Forgets everything. */
  clear(): void {
    this.#answered.fill(0);
    this.#failed.fill(0);
  }

  #advance(nowMs: number): void {
    const slice = Math.floor(nowMs / this.#sliceMs);
    const steps = Math.min(slice - this.#slice, SLICES);
    for (let step = 1; step <= steps; step++) {
      const place = (this.#slice + step) % SLICES;
      this.#answered[place] = 0;
      this.#failed[place] = 0;
    }
    if (steps > 0) this.#slice = slice;
  }
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
