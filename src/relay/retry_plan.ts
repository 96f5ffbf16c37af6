/** Which target is tried next after a failure, and when. @module */

import type { Candidate } from "../exchange/decision.ts";
import { type Failure, FAILURE_RULES } from "../exchange/failure.ts";

/** How often is tried. */
export interface RetrySettings {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  /** More tries at the same target after a failure that may pass. */
  readonly sameTargetRetries: number;
  /** Shortest and longest pause before the same target is tried again, ms. */
  readonly backoffMs: readonly [number, number];
  /** A provider that asks for a longer pause is not waited for, ms. */
  readonly maxRetryAfterMs: number;
}

/** The next try. */
export interface NextTry {
  /** Where. */
  readonly candidate: Candidate;
  /** After how many ms. */
  readonly delayMs: number;
}

/** Walks through the decision's order. */
export class RetryPlan {
  readonly #order: readonly Candidate[];
  readonly #settings: RetrySettings;
  readonly #random: () => number;
  #position = 0;
  #attempts = 1;
  #sameTries = 0;

  /** Plans over `order`; `random` gives [0, 1) for the jitter. */
  constructor(
    order: readonly Candidate[],
    settings: RetrySettings,
    random: () => number = Math.random,
  ) {
    this.#order = order;
    this.#settings = settings;
    this.#random = random;
  }

  /** The first target. */
  first(): Candidate | null {
    return this.#order[0] ?? null;
  }

  /** The target at hand cannot take the request: the next one, which costs no attempt. */
  skip(): Candidate | null {
    this.#position++;
    this.#sameTries = 0;
    return this.#order[this.#position] ?? null;
  }

  /** What follows from a failure, `null` if nothing is left to try. */
  after(failed: Failure): NextTry | null {
    const rule = FAILURE_RULES[failed.kind];
    const candidate = this.#order[this.#position];
    if (this.#attempts >= this.#settings.maxAttempts) return null;
    if (
      rule.sameTarget && candidate !== undefined &&
      this.#sameTries < this.#settings.sameTargetRetries &&
      (failed.retryAfterMs ?? 0) <= this.#settings.maxRetryAfterMs
    ) {
      this.#sameTries++;
      this.#attempts++;
      return { candidate, delayMs: this.#delayMs(failed.retryAfterMs) };
    }
    if (!rule.nextTarget) return null;
    const next = this.skip();
    if (next === null) return null;
    this.#attempts++;
    return { candidate: next, delayMs: 0 };
  }

  /** Full jitter between the bounds, never less than the provider asked for. */
  #delayMs(retryAfterMs: number | null): number {
    const [least, most] = this.#settings.backoffMs;
    const ceiling = Math.min(most, least * 2 ** this.#sameTries);
    const jittered = least + this.#random() * Math.max(0, ceiling - least);
    return Math.max(retryAfterMs ?? 0, jittered);
  }
}
