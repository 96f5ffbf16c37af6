/**
 * JSON text of the values that lines of the usage log are made of, as cheap as
 * it gets: what comes again is remembered, numbers take no detour.
 *
 * @module
 */

import { usdText } from "../support/decimal.ts";
import { cutText } from "../support/log_format.ts";

/** Names come from clients and providers: what is remembered is bounded. */
const MAX_REMEMBERED = 4096;
/** Longest name or message, in bytes. */
const MAX_TEXT_BYTES = 1024;

/** A text for every key, made once. */
export class TextMemory<Value> {
  readonly #make: (key: string) => Value;
  readonly #known = new Map<string, Value>();

  /** Starts empty; `make` makes what is not known yet. */
  constructor(make: (key: string) => Value) {
    this.#make = make;
  }

  /** What belongs to `key`. */
  of(key: string): Value {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = this.#make(key);
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(key, made);
    return made;
  }
}

/** A name that comes again, cut and in quotes. */
export class Quoted {
  readonly #known = new TextMemory((text) => quoted(text));

  /** The JSON text of a name, `null` for none. */
  of(text: string | null): string {
    return text === null ? "null" : this.#known.of(text);
  }
}

/** A text that will not come again, cut and in quotes. */
export function quoted(text: string): string {
  return JSON.stringify(
    text.length * 3 <= MAX_TEXT_BYTES ? text : cutText(text, MAX_TEXT_BYTES),
  );
}

/** Puts pieces together in one flat text: one that is kept is cheaper to read so. */
export function flat(...pieces: readonly string[]): string {
  return pieces.join("");
}

const ZEROS = '"0.000000000000';
const ZERO_DIGIT = 48;

/** Decimal text of 1e-12 USD in quotes, `null` for unknown. Nearly every amount is below one dollar. */
export function moneyText(pico: bigint | null): string {
  if (pico === null) return "null";
  if (pico === 0n) return '"0"';
  const digits = String(pico);
  if (digits.length > 12 || pico < 0n) return `"${usdText(pico)}"`;
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO_DIGIT) end--;
  return ZEROS.slice(0, 15 - digits.length) + digits.slice(0, end) + '"';
}

/** Three decimals of a millisecond are more than any clock is good for. */
export function msText(value: number): string {
  return scaledText(Math.round(value * 1000), 1000);
}

/** A number with two decimals. */
export function hundredthsText(value: number): string {
  return scaledText(Math.round(value * 100), 100);
}

/** `count / unit` (100 or 1000) as decimal text, put together of whole numbers: that is quicker than any float's. */
function scaledText(count: number, unit: number): string {
  if (!(count >= 0 && count <= Number.MAX_SAFE_INTEGER)) {
    return Number.isFinite(count) ? String(count / unit) : "null";
  }
  const whole = Math.floor(count / unit);
  const rest = count - whole * unit;
  if (rest === 0) return String(whole);
  const zeros = rest * 10 >= unit ? "." : rest * 100 >= unit ? ".0" : ".00";
  return whole + zeros + rest;
}
