/** What one client, one alias or everyone together spends, against what they may. @module */

import { picoOfUsd } from "../support/decimal.ts";
import {
  monthPassed,
  PERIOD_NAMES,
  periodEnd,
  type PeriodName,
  periodStart,
} from "./budget_periods.ts";

/** What is done when a budget is used up. */
export type OnExceeded = "warn" | "reject" | "downgrade";

/** What a scope may spend. */
export interface BudgetLimits {
  /** In 1e-12 USD by period; a period without a limit is absent. */
  readonly limits: ReadonlyMap<PeriodName, bigint>;
  /** What happens to a request that does not fit. */
  readonly onExceeded: OnExceeded;
  /** Alias or target used instead (downgrade). */
  readonly downgradeTo: string | null;
}

/** No limit at all. */
export const NO_LIMITS: BudgetLimits = {
  limits: new Map(),
  onExceeded: "warn",
  downgradeTo: null,
};

/** The least room that a scope's periods leave. */
export interface Room {
  /** In 1e-12 USD; negative once more was spent than allowed. */
  readonly pico: bigint;
  /** The period that leaves it. */
  readonly period: PeriodName;
}

interface Spent {
  startMs: number;
  endMs: number;
  pico: bigint;
  /** Thresholds told of in this period. */
  readonly told: Set<string>;
  /** Spending at which the next threshold is reached, `null` until it is worked out. */
  next: bigint | null;
  /** Spending below which the period will last, as far as was worked out last. */
  pace: bigint;
}

/** The money of one scope. */
export class BudgetScope {
  /** `global`, `client:<name>` or `alias:<name>`. */
  readonly name: string;
  #budget: BudgetLimits = NO_LIMITS;
  readonly #spent: { readonly [P in PeriodName]: Spent };
  #reserved = 0n;

  /** Begins with nothing spent. */
  constructor(name: string) {
    this.name = name;
    this.#spent = { day: unspent(), week: unspent(), month: unspent() };
  }

  /** What it may spend; another config brings another one. */
  get budget(): BudgetLimits {
    return this.#budget;
  }

  /** Takes over the limits of a config; thresholds are worked out anew. */
  set budget(budget: BudgetLimits) {
    this.#budget = budget;
    for (const period of PERIOD_NAMES) {
      this.#spent[period].next = null;
      this.#spent[period].pace = 0n;
    }
  }

  /** What requests under way may still cost, in 1e-12 USD. */
  get reserved(): bigint {
    return this.#reserved;
  }

  /** Whether requests can be refused or diverted on its account. */
  get binds(): boolean {
    const { limits, onExceeded } = this.budget;
    return limits.size > 0 && onExceeded !== "warn";
  }

  /** What was spent in the current period, in 1e-12 USD. */
  spent(period: PeriodName, nowMs: number): bigint {
    return this.#current(period, nowMs).pico;
  }

  /**
   * Books an amount to the periods that `atMs` is in, as far as they are the
   * current ones. What is spent before a period that has begun was spent on a
   * clock that went back: it counts too.
   */
  add(pico: bigint, atMs: number, nowMs: number): void {
    for (const period of PERIOD_NAMES) {
      const spent = this.#current(period, nowMs);
      const isBehind = nowMs < spent.startMs;
      if ((isBehind || atMs >= spent.startMs) && atMs < spent.endMs) {
        spent.pico += pico;
      }
    }
  }

  /** Sets an amount aside. */
  reserve(pico: bigint): void {
    this.#reserved += pico;
  }

  /** Gives back what was set aside. */
  release(pico: bigint): void {
    this.#reserved -= pico;
  }

  /** The least room that is left, `null` without a limit. */
  room(nowMs: number): Room | null {
    let least: Room | null = null;
    for (const [period, limit] of this.budget.limits) {
      const pico = limit - this.spent(period, nowMs) - this.#reserved;
      if (least === null || pico < least.pico) least = { pico, period };
    }
    return least;
  }

  /** The largest share of a limit that is used up, 0 without a limit. */
  usedShare(nowMs: number): number {
    let most = 0;
    for (const [period, limit] of this.budget.limits) {
      const share = Number(this.spent(period, nowMs)) / Number(limit);
      if (share > most) most = share;
    }
    return most;
  }

  /** Whether spending has reached the next of some shares of the limit; `shares` rise. Cheap while it has not. */
  reaches(
    period: PeriodName,
    shares: readonly number[],
    nowMs: number,
  ): boolean {
    const spent = this.#current(period, nowMs);
    if (spent.next !== null && spent.pico < spent.next) return false;
    const limit = this.#budget.limits.get(period) ?? 0n;
    const reached = spent.next !== null;
    const share = shares.find((one) => shareOf(limit, one) > spent.pico);
    // Beyond the last one nothing more can be reached in this period.
    spent.next = share === undefined ? NEVER : shareOf(limit, share);
    return reached || shares.some((one) => shareOf(limit, one) <= spent.pico);
  }

  /**
   * Whether the month has come to be on its way to more than `share` of its
   * limit: `true` once. Cheap before and after that: what may be spent without
   * it only grows with time.
   */
  outpaces(share: number, nowMs: number): boolean {
    const spent = this.#current("month", nowMs);
    if (spent.pico <= spent.pace) return false;
    const limit = this.#budget.limits.get("month");
    if (limit !== undefined) {
      const { elapsedMs, lengthMs } = monthPassed(nowMs);
      spent.pace = shareOf(limit, share) * elapsedMs / lengthMs;
      if (spent.pico <= spent.pace) return false;
    }
    spent.pace = NEVER;
    return limit !== undefined;
  }

  /** Whether `event` has not been told of in the current period; from now on it has. */
  tells(period: PeriodName, event: string, nowMs: number): boolean {
    const { told } = this.#current(period, nowMs);
    if (told.has(event)) return false;
    told.add(event);
    return true;
  }

  #current(period: PeriodName, nowMs: number): Spent {
    const spent = this.#spent[period];
    // A clock that goes back keeps the period: what was spent stays spent.
    if (nowMs >= spent.endMs) {
      spent.startMs = periodStart(period, nowMs);
      spent.endMs = periodEnd(period, spent.startMs);
      spent.pico = 0n;
      spent.told.clear();
      spent.next = null;
      spent.pace = 0n;
    }
    return spent;
  }
}

function unspent(): Spent {
  return {
    startMs: 0,
    endMs: 0,
    pico: 0n,
    told: new Set(),
    next: null,
    pace: 0n,
  };
}

/** More than anyone spends. */
const NEVER = 1n << 126n;
const PPM = 1_000_000n;

function shareOf(limit: bigint, share: number): bigint {
  return limit * BigInt(Math.round(share * 1e6)) / PPM;
}

/** A budget as the config writes it. */
export interface BudgetSection {
  /** Most USD per day. */
  readonly dailyUsd?: number;
  /** Most USD per ISO week. */
  readonly weeklyUsd?: number;
  /** Most USD per month. */
  readonly monthlyUsd?: number;
  /** What happens to a request that does not fit. */
  readonly onExceeded?: BudgetLimits["onExceeded"];
  /** What is used instead. */
  readonly downgradeTo?: string | null;
}

/** Reads the limits of a budget; 0 is no limit. */
export function limitsOf(section: BudgetSection): BudgetLimits {
  const limits = new Map<PeriodName, bigint>();
  const amounts = [section.dailyUsd, section.weeklyUsd, section.monthlyUsd];
  for (const [index, period] of PERIOD_NAMES.entries()) {
    const pico = picoOfUsd(amounts[index] ?? 0) ?? 0n;
    if (pico > 0n) limits.set(period, pico);
  }
  return {
    limits,
    onExceeded: section.onExceeded ?? "warn",
    downgradeTo: section.downgradeTo ?? null,
  };
}
