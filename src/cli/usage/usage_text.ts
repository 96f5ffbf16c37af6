/** Amounts and times as people read them. @module */

import { usdText } from "../../support/decimal.ts";

/** 1e-12 USD as decimal text. */
export function usdOf(pico: number | bigint): string {
  return usdText(BigInt(pico));
}

/** Milliseconds as a whole number, "-" for none. */
export function msOf(ms: number | null): string {
  return ms === null ? "-" : ms.toFixed(0);
}
