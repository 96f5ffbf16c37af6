/** A mean in which a value counts half as much after each half-life. @module */

/** Below this weight nothing is left to speak of. */
const LEAST_WEIGHT = 1e-6;

/** Adds values up with weights that fade. */
export class DecayedMean {
  readonly #halfLifeMs: number;
  #sum = 0;
  #weight = 0;
  #atMs = 0;

  /** Begins without values. */
  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  /** Adds a value at `nowMs` of a clock that never goes back. */
  add(value: number, nowMs: number): void {
    this.#fade(nowMs);
    this.#sum += value;
    this.#weight += 1;
  }

  /** Gives the mean, `null` without values. It does not depend on how long ago they came. */
  mean(nowMs: number): number | null {
    this.#fade(nowMs);
    return this.#weight < LEAST_WEIGHT ? null : this.#sum / this.#weight;
  }

  /** Gives the mean as if `value` had just been added: what it comes back to without new ones. */
  meanWith(value: number, nowMs: number): number {
    this.#fade(nowMs);
    return (this.#sum + value) / (this.#weight + 1);
  }

  #fade(nowMs: number): void {
    const factor = 0.5 ** ((nowMs - this.#atMs) / this.#halfLifeMs);
    this.#atMs = nowMs;
    this.#sum *= factor;
    this.#weight *= factor;
  }
}
