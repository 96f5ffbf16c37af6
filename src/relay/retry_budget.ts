/**
 * Keeps retries from becoming a storm: of the calls that come on top of the
 * first ones, no more may fail than a share of the requests.
 *
 * A call that another target answers helps a client and loads nobody twice, so
 * it is not counted; with every target failing, the calls on top are bounded.
 *
 * @module
 */

import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";

const WINDOW_MS = 10_000;
const SLICES = 10;
const SLICE_MS = WINDOW_MS / SLICES;
/** Small traffic can retry too: this many failed calls on top are always free. */
const FREE_RETRIES = 10;

/** The budget of one alias. */
export class RetryBudget {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #onRefused: () => void;
  readonly #requests: Uint32Array = new Uint32Array(SLICES);
  readonly #spent: Uint32Array = new Uint32Array(SLICES);
  #slice: number;

  /** Begins with nothing counted; `onRefused` hears of every call on top that was not allowed. */
  constructor(
    clock: Pick<Clock, "monotonicMs"> = SYSTEM_CLOCK,
    onRefused: () => void = () => {},
  ) {
    this.#clock = clock;
    this.#onRefused = onRefused;
    this.#slice = this.#now();
  }

  /** Counts a request. */
  request(): void {
    this.#count(this.#requests);
  }

  /** Counts a call on top that failed, or will be made at a target that just failed. */
  spend(): void {
    this.#count(this.#spent);
  }

  /** Whether one more call on top may be made; a `ratio` of 0 allows none. */
  allows(ratio: number): boolean {
    this.#advance();
    const allowance = ratio === 0
      ? 0
      : Math.max(FREE_RETRIES, ratio * sum(this.#requests));
    const allowed = sum(this.#spent) < allowance;
    if (!allowed) this.#onRefused();
    return allowed;
  }

  #count(counts: Uint32Array): void {
    this.#advance();
    const place = this.#slice % SLICES;
    counts[place] = (counts[place] ?? 0) + 1;
  }

  #advance(): void {
    const slice = this.#now();
    const steps = Math.min(slice - this.#slice, SLICES);
    for (let step = 1; step <= steps; step++) {
      const place = (this.#slice + step) % SLICES;
      this.#requests[place] = 0;
      this.#spent[place] = 0;
    }
    this.#slice = slice;
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicMs() / SLICE_MS);
  }
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

/** A budget per alias, so that one that fails takes no retries from the others. */
export class RetryBudgets {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #onRefused: () => void;
  readonly #budgets = new Map<string | null, RetryBudget>();

  /** Begins without any; `onRefused` hears of every retry that was not allowed. */
  constructor(
    clock: Pick<Clock, "monotonicMs"> = SYSTEM_CLOCK,
    onRefused: () => void = () => {},
  ) {
    this.#clock = clock;
    this.#onRefused = onRefused;
  }

  /** Gives the budget of an alias; `null` is that of all requests without one. */
  of(alias: string | null): RetryBudget {
    const known = this.#budgets.get(alias);
    if (known !== undefined) return known;
    const budget = new RetryBudget(this.#clock, this.#onRefused);
    this.#budgets.set(alias, budget);
    return budget;
  }
}
