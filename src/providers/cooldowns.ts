/** How long a key or target rests after a failure (`routing.cooldownMs`). @module */

import {
  type Failure,
  FAILURE_RULES,
  type FailureKind,
} from "../exchange/failure.ts";

/** Rests by class of failure, ms; 0: none. */
export interface CooldownSettings {
  /** After a 429 without Retry-After. */
  readonly rateLimit: number;
  /** After a refused key. */
  readonly auth: number;
  /** After a used-up quota. */
  readonly quota: number;
  /** After a server error. */
  readonly serverError: number;
  /** After a timeout. */
  readonly timeout: number;
  /** Longest rest, whatever the provider says. */
  readonly max: number;
}

/** The class of a failure that rests something. */
export type CooldownClass = Exclude<keyof CooldownSettings, "max">;

/** Failures that are about the key with which the provider was called. */
const KEY_FAILURES: ReadonlySet<FailureKind> = new Set([
  "rate_limited",
  "auth",
  "quota",
]);

/** Whether another key might have been taken. */
export function isKeyFailure(kind: FailureKind): boolean {
  return KEY_FAILURES.has(kind);
}

/** The class by which a failure is rested. */
export function cooldownClass(kind: FailureKind): CooldownClass {
  switch (kind) {
    case "rate_limited":
      return "rateLimit";
    case "auth":
      return "auth";
    case "quota":
      return "quota";
    default:
      return FAILURE_RULES[kind].errorType === "timeout"
        ? "timeout"
        : "serverError";
  }
}

/**
 * How long a failure rests what it is about: what the provider asks for, else
 * its class's time, twice as long each time in a row, never above `max`.
 */
export function restMs(
  failed: Failure,
  settings: CooldownSettings,
  timesInARow: number,
): number {
  const asked = failed.retryAfterMs;
  const base = settings[cooldownClass(failed.kind)];
  const grown = base * 2 ** Math.min(30, Math.max(0, timesInARow - 1));
  return Math.min(settings.max, asked ?? grown);
}
