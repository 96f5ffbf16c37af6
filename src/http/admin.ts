/** What operators may do to the gateway itself. @module */

import { type Route, WRITE_LIMITS } from "./route.ts";

/** What the actions act on. */
export interface AdminActions {
  /** Loads the config again; `null` if it went well. */
  reload(): Promise<Error | null>;
  /** Hash of the config that is live. */
  configHash(): string;
}

/** Makes the routes of actions. */
export function adminRoutes(actions: AdminActions): Route[] {
  return [{
    method: "POST",
    path: "/api/reload",
    scope: "admin",
    protocol: null,
    limits: WRITE_LIMITS,
    handler: async (_context, _request, response) => {
      const error = await actions.reload();
      const body = {
        ok: error === null,
        hash: actions.configHash(),
        ...(error === null ? {} : { error: error.message }),
      };
      response.send(
        error === null ? 200 : 400,
        ["content-type", "application/json"],
        JSON.stringify(body),
      );
    },
  }];
}
