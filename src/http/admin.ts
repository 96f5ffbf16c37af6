/** What operators may do to the gateway itself. @module */

import { RequestError } from "../exchange/gateway_error.ts";
import { sendJson } from "./admin_body.ts";
import { type Actor, actorOf } from "./audit_trail.ts";
import { type Route, WRITE_LIMITS } from "./route.ts";

/** What the actions act on. */
export interface AdminActions {
  /** Loads the config again; `null` if it went well. */
  reload(actor: Actor): Promise<Error | null>;
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
    handler: async (context, _request, response) => {
      const error = await actions.reload(actorOf(context));
      if (error instanceof RequestError) throw error;
      sendJson(response, error === null ? 200 : 400, {
        ok: error === null,
        hash: actions.configHash(),
        ...(error === null ? {} : { error: error.message }),
      });
    },
  }];
}
