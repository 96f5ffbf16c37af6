/** Headers as alternating lists of names (lower case) and values. @module */

import type { GatewayError } from "./gateway_error.ts";

/** Finds a header's first value, `null` if absent. */
export function headerOf(
  headers: readonly string[],
  name: string,
): string | null {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index] === name) return headers[index + 1] ?? null;
  }
  return null;
}

/** Reads `retry-after-ms`, else `retry-after` (seconds or HTTP date), in ms from `nowMs`. */
export function retryAfterOf(
  headers: readonly string[],
  nowMs: number,
): number | null {
  const precise = Number(headerOf(headers, "retry-after-ms") ?? NaN);
  if (Number.isFinite(precise) && precise >= 0) return Math.round(precise);
  const text = headerOf(headers, "retry-after");
  if (text === null) return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, Math.round(seconds * 1000));
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/** Headers that go with an error beside the ids, alternating. */
export function errorHeaders(error: GatewayError): string[] {
  const headers = ["content-type", "application/json"];
  if (error.retryAfterMs !== null) {
    // A client that reads only whole seconds must not come back at once.
    const seconds = Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    const milliseconds = Math.max(1, Math.ceil(error.retryAfterMs));
    headers.push("retry-after", String(seconds));
    headers.push("retry-after-ms", String(milliseconds));
  }
  if (error.shouldRetry !== null) {
    headers.push("x-should-retry", String(error.shouldRetry));
  }
  return headers;
}
