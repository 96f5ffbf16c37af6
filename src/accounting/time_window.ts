/** Tells whether a moment lies in a daily window of a time zone. @module */

import type { PriceWindow } from "./price_entry.ts";

const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;

/** Day of the week and minute of the day. */
type LocalTime = { readonly day: number; readonly minute: number };

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

function localTime(atMs: number, timeZone: string): LocalTime {
  if (timeZone === "UTC") {
    const minutes = Math.floor(atMs / MINUTE_MS);
    // The epoch was a Thursday.
    const days = Math.floor(minutes / DAY_MINUTES);
    return { day: (((days + 4) % 7) + 7) % 7, minute: mod(minutes) };
  }
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(atMs);
  const part = (type: string): string =>
    parts.find((found) => found.type === type)?.value ?? "";
  return {
    day: WEEKDAYS.findIndex((name) => name === part("weekday")),
    minute: Number(part("hour")) * 60 + Number(part("minute")),
  };
}

function mod(minutes: number): number {
  return ((minutes % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
}

/**
 * Tells whether a window is open: start included, end not. A window that
 * passes midnight belongs to the day on which it began.
 */
export function isInWindow(window: PriceWindow, atMs: number): boolean {
  const { day, minute } = localTime(atMs, window.timeZone);
  const dayBefore = (day + 6) % 7;
  return window.hours.some(({ fromMinute, toMinute }) => {
    if (fromMinute < toMinute) {
      return minute >= fromMinute && minute < toMinute &&
        window.days.includes(day);
    }
    if (minute >= fromMinute) return window.days.includes(day);
    return minute < toMinute && window.days.includes(dayBefore);
  });
}
