/** Which target is tried next after a failure, and when. @module */

import type { Candidate, TargetRef } from "../exchange/decision.ts";
import { type Failure, FAILURE_RULES } from "../exchange/failure.ts";
import { isKeyFailure } from "../providers/cooldowns.ts";
import type { RetryBudget } from "./retry_budget.ts";

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
  /** Most failed calls on top of the first ones, as a share of the requests. */
  readonly budgetRatio: number;
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
  /** Whether a refused key can be replaced. */
  hasOtherKey: (target: TargetRef) => boolean = () => false;
  readonly #order: readonly Candidate[];
  readonly #settings: RetrySettings;
  readonly #budget: RetryBudget;
  readonly #random: () => number;
  #position = 0;
  #attempts = 1;
  #sameTries = 0;

  /** Plans over `order`; `random` gives [0, 1) for the jitter. */
  constructor(
    order: readonly Candidate[],
    settings: RetrySettings,
    budget: RetryBudget,
    random: () => number = Math.random,
  ) {
    this.#order = order;
    this.#settings = settings;
    this.#budget = budget;
    this.#random = random;
    budget.request();
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
    const { maxAttempts, budgetRatio } = this.#settings;
    // A try at the same target was paid for when it was planned.
    if (this.#attempts > 1 && this.#sameTries === 0) this.#budget.spend();
    if (this.#attempts >= maxAttempts) return null;
    const { sameTarget, nextTarget } = FAILURE_RULES[failed.kind];
    if (!sameTarget && !nextTarget) return null;
    if (!this.#budget.allows(budgetRatio)) return null;
    return this.#otherKey(failed) ?? this.#sameAgain(failed) ??
      this.#nextTarget(failed);
  }

  /** The key was refused, not the target: the next key is tried at once. */
  #otherKey({ kind }: Failure): NextTry | null {
    const candidate = this.#order[this.#position];
    if (
      candidate === undefined || !isKeyFailure(kind) ||
      !this.hasOtherKey(candidate.target)
    ) return null;
    this.#attempts++;
    return { candidate, delayMs: 0 };
  }

  #sameAgain({ kind, retryAfterMs }: Failure): NextTry | null {
    const { sameTargetRetries, maxRetryAfterMs } = this.#settings;
    const candidate = this.#order[this.#position];
    if (
      candidate === undefined || !FAILURE_RULES[kind].sameTarget ||
      this.#sameTries >= sameTargetRetries ||
      (retryAfterMs ?? 0) > maxRetryAfterMs
    ) return null;
    this.#sameTries++;
    this.#attempts++;
    this.#budget.spend();
    return { candidate, delayMs: this.#delayMs(retryAfterMs) };
  }

  #nextTarget({ kind }: Failure): NextTry | null {
    if (!FAILURE_RULES[kind].nextTarget) return null;
    const candidate = this.skip();
    if (candidate === null) return null;
    this.#attempts++;
    return { candidate, delayMs: 0 };
  }

  /** Full jitter between the bounds, never less than the provider asked for. */
  #delayMs(retryAfterMs: number | null): number {
    const [least, most] = this.#settings.backoffMs;
    const ceiling = Math.min(most, least * 2 ** this.#sameTries);
    const jittered = least + this.#random() * Math.max(0, ceiling - least);
    return Math.max(retryAfterMs ?? 0, jittered);
  }
}
