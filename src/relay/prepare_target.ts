/** Gets a request ready for one target, or says why it cannot go there. @module */

import {
  type GatewayError,
  gatewayError,
  RequestError,
} from "../exchange/gateway_error.ts";
import type { UpstreamRequest } from "../exchange/upstream.ts";
import type { Loss } from "../protocols/canonical.ts";
import { prepareBody } from "./bodies.ts";
import type { Outbound, Prepared } from "./outbound.ts";
import type { AnsweredCall } from "./translate.ts";

/** A prepared request, or the refusal. */
export type PreparedTarget =
  | { readonly kind: "prepared"; readonly prepared: Prepared }
  | { readonly kind: "refused"; readonly error: GatewayError };

/** Builds the body for a target; a loss is a refusal where the config says so. */
export function prepareTarget(
  outbound: Outbound,
  onLoss: "header" | "reject",
  onBug: (error: unknown) => void,
): PreparedTarget {
  try {
    const prepared = prepareBody(outbound);
    const [loss] = prepared.losses;
    if (loss !== undefined && onLoss === "reject") {
      return { kind: "refused", error: lossRefusal(loss, outbound.target.id) };
    }
    return { kind: "prepared", prepared };
  } catch (error) {
    if (error instanceof RequestError) {
      return { kind: "refused", error: error.error };
    }
    onBug(error);
    return {
      kind: "refused",
      error: gatewayError(
        "server",
        `The gateway failed to prepare the request for ${outbound.target.id}`,
      ),
    };
  }
}

/** Says what could not be carried over, for header, log and counter. */
export function lossTexts(prepared: Prepared): string[] {
  return prepared.losses.map(({ field, reason }) => `${field}: ${reason}`);
}

/** Builds the call of a prepared request. Headers and query go to the client's own protocol alone. */
export function upstreamRequest(
  { exchange, inbound, target, prepared }: AnsweredCall,
): UpstreamRequest {
  return {
    id: exchange.id,
    protocol: prepared.protocol,
    operation: exchange.operation,
    model: target.model,
    stream: prepared.stream,
    body: prepared.bytes,
    headers: prepared.native ? inbound.headers : [],
    query: prepared.native ? inbound.query : "",
  };
}

function lossRefusal(loss: Loss, target: string): GatewayError {
  return gatewayError(
    "invalid_request",
    `Cannot send ${loss.field} to ${target}: ${loss.reason}; remove the field or set onLoss to "header"`,
    { param: loss.field, code: "unsupported_parameter" },
  );
}
