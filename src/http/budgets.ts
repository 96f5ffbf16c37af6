/** `GET /api/budgets`: what every budget allows, what was spent of it and where the month is going. @module */

import type { BudgetStatus } from "../accounting/budget_status.ts";
import { sendJson } from "./admin_body.ts";
import { READ_LIMITS, type Route } from "./route.ts";

/** Makes the route; `statuses` gives every budget that has a limit. */
export function budgetRoutes(statuses: () => readonly BudgetStatus[]): Route[] {
  return [{
    method: "GET",
    path: "/api/budgets",
    scope: "admin",
    protocol: null,
    limits: READ_LIMITS,
    handler: (_context, _request, response) =>
      sendJson(response, 200, { budgets: statuses() }),
  }];
}
