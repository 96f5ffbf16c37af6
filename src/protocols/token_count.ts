/** Counts in usage objects, as far as they can be believed. @module */

import type { JsonValue } from "../support/json.ts";

/** No request has more tokens: what claims so is broken, and would spoil every sum that it enters. */
export const MOST_TOKENS = 1e12;

/** A count as told: `null` where it was not, or cannot be; whole and never negative. */
export function tokenCount(value: JsonValue | undefined): number | null {
  if (typeof value !== "number" || !(value <= MOST_TOKENS)) return null;
  return Math.max(0, Math.floor(value));
}
