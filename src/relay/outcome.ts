/** How an exchange ended, as the SLI counts it. @module */

import { type Failure, FAILURE_RULES } from "../exchange/failure.ts";
import {
  type ErrorKind,
  type GatewayError,
  gatewayError,
} from "../exchange/gateway_error.ts";
import type { Outcome } from "../exchange/names.ts";

/** The outcome of an exchange whose last attempt failed before anything was sent. */
export function outcomeOfFailure(failed: Failure): Outcome {
  switch (FAILURE_RULES[failed.kind].error) {
    case "invalid_request":
    case "not_found":
      return "client_error";
    case "rate_limit":
      return "rate_limited";
    case "timeout":
      return "timeout";
    default:
      return "upstream_error";
  }
}

/** The outcome of an exchange that broke off when the client had seen a part of its answer. */
export function outcomeOfBreak(failed: Failure): Outcome {
  return failed.kind === "deadline" ? "timeout" : "stream_broken";
}

/** A failure in the words of logs. */
export function failureText({ kind, message }: Failure): string {
  return `${kind}: ${message}`;
}

const OF_KIND: { readonly [K in ErrorKind]: Outcome } = {
  invalid_request: "client_error",
  authentication: "client_error",
  permission: "client_error",
  billing: "budget_rejected",
  not_found: "client_error",
  method_not_allowed: "client_error",
  conflict: "client_error",
  request_too_large: "client_error",
  unsupported_media_type: "client_error",
  rate_limit: "rate_limited",
  timeout: "timeout",
  overloaded: "upstream_error",
  server: "signalbox_error",
  upstream: "upstream_error",
};

/** The outcome of an exchange that the gateway itself refused. */
export function outcomeOfError(error: GatewayError): Outcome {
  return OF_KIND[error.kind];
}

/** What a client is told when no target of the decision is left that may be called. */
export const NO_TARGET: GatewayError = gatewayError(
  "overloaded",
  "Cannot serve the request: none of its targets may be called now",
);
