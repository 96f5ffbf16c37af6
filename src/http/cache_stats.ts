/** `GET /api/cache/stats`: how the response cache does. @module */

import { usdText } from "../support/decimal.ts";
import { sendJson } from "./admin_body.ts";
import { READ_LIMITS, type Route } from "./route.ts";

/** Counts of one level of the cache. */
export interface CacheLevel {
  /** Lookups that found an answer. */
  readonly hits: number;
  /** Lookups that found none. */
  readonly misses: number;
  /** Share of hits since the start, `null` without lookups. */
  readonly hitRatio: number | null;
  /** Bytes of all entries. */
  readonly size: number;
  /** Most bytes of all entries. */
  readonly max: number;
  /** Entries. */
  readonly entries: number;
  /** What hits have saved, in 1e-12 USD. */
  readonly savedPico: bigint;
}

/** Makes the route. */
export function cacheRoutes(l1: () => CacheLevel): Route[] {
  return [{
    method: "GET",
    path: "/api/cache/stats",
    scope: "admin",
    protocol: null,
    limits: READ_LIMITS,
    handler: (_context, _request, response) => {
      const { savedPico, ...level } = l1();
      sendJson(response, 200, {
        hitRatio: level.hitRatio,
        savedUsd: usdText(savedPico),
        l1: level,
      });
    },
  }];
}
