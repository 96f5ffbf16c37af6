/** `GET` and `PUT /api/routing/policy`: what may be changed about heads while the gateway runs. @module */

import { z } from "zod";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import { type HeadPolicy, headPolicySchema } from "../providers/head_policy.ts";
import { camelKeys, readBody, sendJson } from "./admin_body.ts";
import { actorOf, type AuditTrail } from "./audit_trail.ts";
import { READ_LIMITS, type Route, WRITE_LIMITS } from "./route.ts";

/** What the routes act on. */
export interface PolicyAdmin {
  /** Where deeds are written down. */
  readonly audit: AuditTrail;
  /** The policy of this moment. */
  policy(): HeadPolicy;
  /** Keeps another one and goes by it. Rejects if it cannot be kept. */
  setPolicy(policy: HeadPolicy): Promise<void>;
}

const bodySchema = z.preprocess(
  (value) => camelKeys(value),
  headPolicySchema,
);

/** Makes the routes. */
export function policyRoutes(admin: PolicyAdmin): Route[] {
  const path = "/api/routing/policy";
  const common = { path, scope: "admin", protocol: null } as const;
  return [
    {
      ...common,
      method: "GET",
      limits: READ_LIMITS,
      handler: (_context, _request, response) =>
        sendJson(response, 200, admin.policy()),
    },
    {
      ...common,
      method: "PUT",
      limits: WRITE_LIMITS,
      handler: async (context, request, response) => {
        const policy = readBody(request, bodySchema);
        await admin.audit.record(actorOf(context), {
          action: "policy.change",
          target: "heads",
          before: { ...admin.policy() },
          after: { ...policy },
        });
        await keep(admin, policy);
        sendJson(response, 200, policy);
      },
    },
  ];
}

async function keep(admin: PolicyAdmin, policy: HeadPolicy): Promise<void> {
  try {
    await admin.setPolicy(policy);
  } catch {
    throw new RequestError(gatewayError(
      "server",
      "Cannot keep the policy: policy.json could not be written; make stateDir writable",
    ));
  }
}
