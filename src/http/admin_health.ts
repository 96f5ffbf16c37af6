/** `GET /api/providers/health`: how every provider does, as a list. @module */

import { sendJson } from "./admin_body.ts";
import { READ_LIMITS, type Route } from "./route.ts";

/** How one provider does. */
export interface ProviderStatus {
  /** Its id. */
  readonly name: string;
  /** 0 (down) to 1. */
  readonly score: number;
  /** Everything else that is to be said, by name. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A word for a score; below a half the provider counts as down. */
export function healthWord(score: number): "healthy" | "degraded" | "down" {
  if (score < 0.5) return "down";
  return score < 0.8 ? "degraded" : "healthy";
}

/** Times and shares to three places: more is noise to a reader. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Makes the route. */
export function healthRoutes(
  providers: () => readonly ProviderStatus[],
): Route[] {
  return [{
    method: "GET",
    path: "/api/providers/health",
    scope: "admin",
    protocol: null,
    limits: READ_LIMITS,
    handler: (_context, _request, response) => {
      const list = providers().map(({ name, score, details }) => ({
        name,
        status: healthWord(score),
        score: rounded(score),
        ...Object.fromEntries(
          Object.entries(details).map(([key, value]) => [
            key,
            typeof value === "number" ? rounded(value) : value,
          ]),
        ),
      }));
      sendJson(response, 200, list);
    },
  }];
}
