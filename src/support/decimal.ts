/**
 * Decimal text to scaled integers and back, without floats in between: money
 * is counted in integers of 1e-12 USD.
 *
 * @module
 */

/** A decimal as an integer of `10^-scale`. */
export interface ScaledDecimal {
  /** The integer. */
  readonly value: bigint;
  /** Whether nothing was rounded away. */
  readonly exact: boolean;
}

const DECIMAL_REGEXP = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Longest decimal that is read: prices are short, and big integers are slow. */
const MAX_CHARS = 400;

/** Divides two integers that are not negative, rounding half to even. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  if (twice < divisor) return quotient;
  if (twice > divisor) return quotient + 1n;
  return quotient + (quotient & 1n);
}

/**
 * Reads a decimal that is not negative, exponents allowed, as an integer of
 * `10^-scale`, rounded half to even. `null` for anything else.
 */
export function scaledDecimal(
  text: string,
  scale: number,
): ScaledDecimal | null {
  if (text.length > MAX_CHARS) return null;
  const found = DECIMAL_REGEXP.exec(text);
  if (found === null) return null;
  const whole = found[1] ?? "";
  const fraction = found[2] ?? "";
  if (whole === "" && fraction === "") return null;
  const digits = BigInt(whole + fraction);
  const shift = Number(found[3] ?? "0") - fraction.length + scale;
  if (shift >= 0) return { value: digits * 10n ** BigInt(shift), exact: true };
  const divisor = 10n ** BigInt(-shift);
  return {
    value: divideHalfEven(digits, divisor),
    exact: digits % divisor === 0n,
  };
}

/**
 * Reads a number or decimal text that came out of JSON. Numbers go through
 * their shortest decimal text, which is what was written in the file.
 */
export function scaledValue(
  value: unknown,
  scale: number,
): ScaledDecimal | null {
  if (typeof value === "string") return scaledDecimal(value.trim(), scale);
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  return scaledDecimal(String(value), scale);
}

/** Writes an integer of `10^-scale` as decimal text without trailing zeros. */
export function decimalText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString()
    .padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  const text = fraction === "" ? whole : `${whole}.${fraction}`;
  return value < 0n ? `-${text}` : text;
}

/** Digits after the point of an amount in USD: the unit is 1e-12 USD. */
const USD_SCALE = 12;

/** Reads an amount in USD, a number or decimal text, as an integer of 1e-12 USD. */
export function picoOfUsd(value: unknown): bigint | null {
  return scaledValue(value, USD_SCALE)?.value ?? null;
}

/** Writes 1e-12 USD as decimal text in USD. */
export function usdText(pico: bigint): string {
  return decimalText(pico, USD_SCALE);
}
