/** Why nobody is called, in the words that the client gets. @module */

import type { Exclusion } from "../exchange/decision.ts";
import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { TargetHealth } from "./readers.ts";

/** A target that rests. */
export type Resting = Extract<TargetHealth, { usable: false }>;

/** The name stands for nothing. */
export function notFound(model: string, why: string): GatewayError {
  return gatewayError(
    "not_found",
    `Cannot find model ${model}: ${why}`,
    { code: "model_not_found", param: "model" },
  );
}

/** The client's allow-list does not have the name. */
export function notAllowed(client: string, model: string): GatewayError {
  return gatewayError(
    "permission",
    `Client ${client} may not use model ${model}`,
    { code: "model_not_allowed", param: "model" },
  );
}

/** No target can do what the request asks for. */
export function unable(
  model: string,
  excluded: readonly Exclusion[],
): GatewayError {
  if (excluded.length === 0) {
    return gatewayError(
      "overloaded",
      `Cannot route ${model}: no back end is registered for it`,
    );
  }
  const reasons = excluded.slice(0, 3).map(({ target, reason }) =>
    `${target.id}: ${reason}`
  );
  const more = excluded.length > 3 ? `; and ${excluded.length - 3} more` : "";
  return gatewayError(
    "invalid_request",
    `Cannot route ${model}: no target can take the request: ${
      reasons.join("; ")
    }${more}`,
    { code: "no_capable_target" },
  );
}

/** Every target that could serve the request rests. */
export function allResting(
  model: string,
  resting: readonly Resting[],
): GatewayError {
  const waits = resting.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const retryAfterMs = waits.length === 0 ? null : Math.min(...waits);
  const limited = resting.every(({ rateLimited }) => rateLimited);
  return gatewayError(
    limited ? "rate_limit" : "overloaded",
    `Cannot route ${model}: every target rests: ${resting[0]?.reason}`,
    { retryAfterMs },
  );
}
