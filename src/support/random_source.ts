/** Randomness that is injected, seeded in tests, and can be looked at ahead of its use. @module */

/** A stream of draws from [0, 1). */
export interface RandomSource {
  /** Draws a number from [0, 1). */
  next(): number;
  /** Gives a stream that goes on exactly as this one will, without moving it. */
  clone(): RandomSource;
}

/** The generator sfc32: 128 bits of state, a few nanoseconds a draw. Not for secrets. */
export class Sfc32 implements RandomSource {
  readonly #state: Int32Array;

  /** Starts from four words; the same words give the same draws. */
  constructor(words: readonly [number, number, number, number]) {
    this.#state = Int32Array.from(words);
    // Seeds that differ in one bit give similar first draws: these are thrown away.
    for (let round = 0; round < 12; round++) this.next();
  }

  /** Starts where nobody can foresee. */
  static unseeded(): Sfc32 {
    const [a = 0, b = 0, c = 0] = crypto.getRandomValues(new Int32Array(3));
    return new Sfc32([a, b, c, 1]);
  }

  /** Starts the stream of a whole number. */
  static seeded(seed: number): Sfc32 {
    return new Sfc32([seed, seed ^ 0x9e3779b9, 0x243f6a88, 1]);
  }

  /** Draws a number from [0, 1). */
  next(): number {
    const state = this.#state;
    const a = state[0] ?? 0;
    const b = state[1] ?? 0;
    const c = state[2] ?? 0;
    const counter = state[3] ?? 0;
    const sum = (a + b + counter) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    state[3] = counter + 1;
    return (sum >>> 0) / 4294967296;
  }

  /** Gives a stream that goes on exactly as this one will, without moving it. */
  clone(): Sfc32 {
    const copy = new Sfc32([0, 0, 0, 0]);
    copy.#state.set(this.#state);
    return copy;
  }
}
