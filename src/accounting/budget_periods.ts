/** The periods of budgets: days, ISO weeks and calendar months, all UTC. @module */

const DAY_MS = 86_400_000;

/** The name of a period, as it is shown. */
export type PeriodName = "day" | "week" | "month";

/** All periods, shortest first. */
export const PERIOD_NAMES: readonly PeriodName[] = ["day", "week", "month"];

/** Begin of the period that a moment is in, ms since the epoch. */
export function periodStart(name: PeriodName, ms: number): number {
  const day = Math.floor(ms / DAY_MS);
  switch (name) {
    case "day":
      return day * DAY_MS;
    case "week":
      // 1970-01-01 was a Thursday; weeks begin on Monday.
      return (day - (day + 3) % 7) * DAY_MS;
    case "month": {
      const date = new Date(ms);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    }
  }
}

/** How much of the month has passed at a moment, and how long it is, in ms. Its first day counts as a whole one. */
export function monthPassed(
  ms: number,
): { readonly elapsedMs: bigint; readonly lengthMs: bigint } {
  const startMs = periodStart("month", ms);
  return {
    elapsedMs: BigInt(Math.floor(Math.max(DAY_MS, ms - startMs))),
    lengthMs: BigInt(periodEnd("month", startMs) - startMs),
  };
}

/** End of the period that begins at `startMs`. */
export function periodEnd(name: PeriodName, startMs: number): number {
  if (name === "day") return startMs + DAY_MS;
  if (name === "week") return startMs + 7 * DAY_MS;
  const date = new Date(startMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
