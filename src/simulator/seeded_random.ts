/**
 * Randomness that a text decides: the same seed text gives the same draws on
 * every machine.
 *
 * @module
 */

import { createHash } from "node:crypto";

const ALPHANUMERIC =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX = "0123456789abcdef";

/** A stream of draws that follows from its seed text alone. */
export class SeededRandom {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** Starts the stream of `seed`. */
  constructor(seed: string) {
    this.#seed = seed;
    const digest = createHash("sha256").update(seed).digest();
    this.#a = digest.readInt32LE(0);
    this.#b = digest.readInt32LE(4);
    this.#c = digest.readInt32LE(8);
    this.#counter = 1;
  }

  /** Starts another stream that does not depend on the draws taken from this one. */
  fork(label: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${label}`);
  }

  /** Draws from [0, 1). The generator is sfc32. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return (sum >>> 0) / 4294967296;
  }

  /** Draws a whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Draws one element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const value = list[this.integer(0, list.length - 1)];
    if (value === undefined) {
      throw new RangeError("Cannot pick: the list is empty");
    }
    return value;
  }

  /** Draws from the standard normal distribution. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** Draws `length` letters and digits, for ids. */
  alphanumeric(length: number): string {
    return this.#characters(ALPHANUMERIC, length);
  }

  /** Draws `length` hexadecimal digits, for ids. */
  hex(length: number): string {
    return this.#characters(HEX, length);
  }

  #characters(alphabet: string, length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) {
      text += alphabet.charAt(this.integer(0, alphabet.length - 1));
    }
    return text;
  }
}
