/** How costs move: from whole days alone, a day that has begun says nothing. @module */

import { divideHalfEven, usdText } from "../../support/decimal.ts";
import { DAY_MS, type TimeRange } from "../query/time_range.ts";
import { dayOf, startOfDay } from "../usage_files.ts";

/** How costs move. */
export interface CostTrends {
  /** Mean cost of a whole day, decimal text in USD; `null` without one. */
  readonly dailyAverage: string | null;
  /** The last seven whole days against the seven before, in percent; `null` without fourteen or where those cost nothing. */
  readonly weeklyTrend: number | null;
  /** The daily average times the days of the month, decimal text in USD. */
  readonly monthlyProjection: string | null;
  /** Whole days that this rests on. */
  readonly wholeDays: number;
}

/** Computes them from the cost of each day, in 1e-12 USD. */
export function trendsOf(
  byDay: ReadonlyMap<string, bigint>,
  { fromMs, toMs }: TimeRange,
  nowMs: number,
): CostTrends {
  const first = [...byDay.keys()].sort()[0];
  const days = first === undefined
    ? []
    : wholeDays(Math.max(fromMs, startOfDay(first)), Math.min(toMs, nowMs));
  const costs = days.map((day) => byDay.get(day) ?? 0n);
  const last = days.at(-1);
  if (last === undefined) {
    return {
      dailyAverage: null,
      weeklyTrend: null,
      monthlyProjection: null,
      wholeDays: 0,
    };
  }
  const total = sum(costs);
  const count = BigInt(costs.length);
  return {
    dailyAverage: usdText(divideHalfEven(total, count)),
    weeklyTrend: weeklyTrend(costs),
    monthlyProjection: usdText(
      divideHalfEven(total * BigInt(daysOfMonth(last)), count),
    ),
    wholeDays: costs.length,
  };
}

function wholeDays(fromMs: number, toMs: number): string[] {
  const days: string[] = [];
  const first = Math.ceil(fromMs / DAY_MS) * DAY_MS;
  for (let at = first; at + DAY_MS <= toMs; at += DAY_MS) days.push(dayOf(at));
  return days;
}

function weeklyTrend(costs: readonly bigint[]): number | null {
  if (costs.length < 14) return null;
  const before = sum(costs.slice(-14, -7));
  if (before === 0n) return null;
  const change = sum(costs.slice(-7)) - before;
  return Math.round(Number(change * 100_000n / before) / 100) / 10;
}

function sum(costs: readonly bigint[]): bigint {
  return costs.reduce((total, cost) => total + cost, 0n);
}

function daysOfMonth(day: string): number {
  const [year = 0, month = 1] = day.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
