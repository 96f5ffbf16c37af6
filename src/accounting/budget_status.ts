/** How budgets stand, for people and programs. @module */

import { usdText } from "../support/decimal.ts";
import { monthPassed, periodEnd, periodStart } from "./budget_periods.ts";
import type { BudgetScope, Room } from "./budget_scope.ts";

/** How one period of a budget stands. */
export interface PeriodStatus {
  /** Limit in USD. */
  readonly limitUsd: string;
  /** Spent in USD. */
  readonly spentUsd: string;
  /** What requests under way may still cost, in USD. */
  readonly reservedUsd: string;
  /** What is left, in USD; negative after input that was more than estimated. */
  readonly remainingUsd: string;
  /** Spent in percent of the limit. */
  readonly percentage: number;
  /** Begin of the period. */
  readonly from: string;
  /** End of the period. */
  readonly resetsAt: string;
}

/** How a budget stands. */
export interface BudgetStatus {
  /** `global`, `client:<name>` or `alias:<name>`. */
  readonly budget: string;
  /** `ok`, `warn`, `critical` or `exceeded`. */
  readonly state: string;
  /** What happens to a request that does not fit. */
  readonly onExceeded: string;
  /** What is used instead, `null` for nothing. */
  readonly downgradeTo: string | null;
  /** Its periods. */
  readonly periods: { readonly [period: string]: PeriodStatus };
  /** What the month will come to at this pace, in USD. */
  readonly projectedMonthUsd: string;
}

/** Tells how a budget stands. */
export function budgetStatus(
  scope: BudgetScope,
  nowMs: number,
  at: { readonly warn: number; readonly critical: number },
): BudgetStatus {
  const periods: { [period: string]: PeriodStatus } = {};
  for (const [period, limit] of scope.budget.limits) {
    const spent = scope.spent(period, nowMs);
    const startMs = periodStart(period, nowMs);
    periods[period] = {
      limitUsd: usdText(limit),
      spentUsd: usdText(spent),
      reservedUsd: usdText(scope.reserved),
      remainingUsd: usdText(limit - spent),
      percentage: Math.round(Number(spent) / Number(limit) * 1e4) / 100,
      from: new Date(startMs).toISOString(),
      resetsAt: new Date(periodEnd(period, startMs)).toISOString(),
    };
  }
  const share = scope.usedShare(nowMs);
  const { onExceeded, downgradeTo } = scope.budget;
  return {
    budget: scope.name,
    state: share >= 1
      ? "exceeded"
      : share >= at.critical
      ? "critical"
      : share >= at.warn
      ? "warn"
      : "ok",
    onExceeded,
    downgradeTo,
    periods,
    projectedMonthUsd: usdText(projectedMonth(scope, nowMs)),
  };
}

/** Says why a request does not fit, and what to do. */
export function refusalWords(
  scope: BudgetScope,
  room: Room,
  pico: bigint,
  nowMs: number,
): string {
  const { period } = room;
  const limit = scope.budget.limits.get(period) ?? 0n;
  const left = room.pico > 0n ? room.pico : 0n;
  const resetsAt = periodEnd(period, periodStart(period, nowMs));
  return `budget ${scope.name} has ${dollars(left)} USD of ${
    dollars(limit)
  } left for the ${period}, the request may cost ${
    dollars(pico)
  }: ask for less output, or wait until ${new Date(resetsAt).toISOString()}`;
}

/** Six decimals are enough for people; rounded up, so that 0 means nothing. */
function dollars(pico: bigint): string {
  return usdText((pico + 999_999n) / 1_000_000n * 1_000_000n);
}

/** What the month comes to at the pace so far. */
export function projectedMonth(scope: BudgetScope, nowMs: number): bigint {
  const { elapsedMs, lengthMs } = monthPassed(nowMs);
  return scope.spent("month", nowMs) * lengthMs / elapsedMs;
}
