/** From when to when: days or times, UTC, as people type them. @module */

import { QueryError } from "./query_error.ts";

/** One UTC day, in ms. */
export const DAY_MS = 86_400_000;
/** One hour, in ms. */
export const HOUR_MS = 3_600_000;

/** `[fromMs, toMs)`, ms since the epoch; infinite where nothing was said. */
export interface TimeRange {
  /** The first moment. */
  readonly fromMs: number;
  /** The first moment after it. */
  readonly toMs: number;
}

const MOMENT_REGEXP =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+\- ]\d\d:?\d\d)?)?$/;

/** A moment, and whether a whole day was meant. */
interface Moment {
  readonly ms: number;
  readonly isDay: boolean;
}

/**
 * Reads two ends. `to` as a day means its end, so that a day is from itself to
 * itself; as a time it is the first moment that does not count.
 *
 * @throws {QueryError} for what is no moment, and where `to` is before `from`
 */
export function readRange(
  from: string | undefined,
  to: string | undefined,
): TimeRange {
  const first = from === undefined ? null : readMoment("from", from);
  const last = to === undefined ? null : readMoment("to", to);
  const fromMs = first?.ms ?? -Infinity;
  const toMs = last === null ? Infinity : last.ms + (last.isDay ? DAY_MS : 0);
  if (fromMs > toMs || (last?.isDay && fromMs >= toMs)) {
    throw new QueryError(
      "to",
      `Cannot read the range: to is ${to}, which is before from (${from}), swap them`,
    );
  }
  return { fromMs, toMs };
}

/**
 * Refuses a range that is longer than `days`.
 *
 * @throws {QueryError} that says "range too large"
 */
export function limitRange({ fromMs, toMs }: TimeRange, days: number): void {
  if (toMs - fromMs <= days * DAY_MS) return;
  throw new QueryError(
    "from",
    `Cannot query: range too large, from and to are more than ${days} days apart, ask for less`,
  );
}

/** A moment as text, `null` for an open end. */
export function momentText(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}

function readMoment(param: string, text: string): Moment {
  const match = MOMENT_REGEXP.exec(text);
  const ms = match === null ? null : msOf(match);
  if (match === null || ms === null) {
    throw new QueryError(
      param,
      `Cannot use ${param} ${
        JSON.stringify(text.slice(0, 40))
      }: it is no moment, give a day such as 2026-11-20 or a time such as 2026-11-20T08:00:00Z`,
    );
  }
  return { ms, isDay: match[4] === undefined };
}

/** `null` for what no calendar or clock has. */
function msOf(match: RegExpExecArray): number | null {
  const [year, month, day, hour, minute, second] = match.slice(1, 7)
    .map((part) => Number(part ?? "0"));
  const fraction = Number(`0.${match[7] ?? "0"}`);
  const date = new Date(0);
  date.setUTCFullYear(year ?? 0, (month ?? 0) - 1, day);
  const exists = date.getUTCMonth() + 1 === month && date.getUTCDate() === day;
  const onClock = (hour ?? 0) < 24 && (minute ?? 0) < 60 && (second ?? 0) < 60;
  const offset = offsetMs(match[8] ?? "Z");
  if (!exists || !onClock || offset === null) return null;
  date.setUTCHours(hour ?? 0, minute, second, Math.floor(fraction * 1000));
  return date.getTime() - offset;
}

/** In a query string a plus that is not escaped arrives as a space. */
function offsetMs(zone: string): number | null {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  const ms = (hours * 60 + minutes) * 60_000;
  return zone.startsWith("-") ? -ms : ms;
}
