/** `GET /api/cache/stats`: how the response cache does. @module */

import type { CacheStats } from "../cache/response_cache.ts";
import { usdText } from "../support/decimal.ts";
import { sendJson } from "./admin_body.ts";
import { READ_LIMITS, type Route } from "./route.ts";

/** Makes the route. */
export function cacheRoutes(l1: () => CacheStats): Route[] {
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
