/**
 * What can go wrong with one attempt, and what follows from it: one table
 * instead of conditions scattered over the program.
 *
 * @module
 */

import type { ErrorKind } from "./gateway_error.ts";

/** The ways an attempt fails. */
export type FailureKind =
  | "connect"
  | "connect_timeout"
  | "dns"
  | "tls"
  | "reset"
  | "first_byte_timeout"
  | "response_timeout"
  | "stream_stalled"
  | "stream_broken"
  | "stream_error"
  | "invalid_response"
  | "response_too_large"
  | "redirect"
  | "rate_limited"
  | "overloaded"
  | "quota"
  | "auth"
  | "bad_request"
  | "context_length"
  | "content_filter"
  | "not_found"
  | "server_error"
  | "deadline"
  | "untranslatable";

/** The values of the `error_type` metric label. */
export type ErrorType =
  | "timeout"
  | "connect"
  | "tls"
  | "rate_limited"
  | "auth"
  | "bad_request"
  | "context_length"
  | "content_filter"
  | "quota"
  | "server_error"
  | "stream_interrupted"
  | "invalid_response"
  | "other";

/** What a failure kind means to the client, the router and the metrics. */
export interface FailureRule {
  /** HTTP status for the client when no other target is left and nothing was sent. */
  readonly status: number;
  /** The class of the client's error. */
  readonly error: ErrorKind;
  /** May the next target be tried (before the commit point)? */
  readonly nextTarget: boolean;
  /** May the same target be tried once more? */
  readonly sameTarget: boolean;
  /** Does it speak against the target (breaker, health)? */
  readonly countsAgainstTarget: boolean;
  /** Label value in `ccr_provider_errors_total`. */
  readonly errorType: ErrorType;
}

/** One attempt's failure. */
export interface Failure {
  /** The kind; see {@linkcode FAILURE_RULES}. */
  readonly kind: FailureKind;
  /** For the log and the client. Never contains a key or the upstream's URL. */
  readonly message: string;
  /** The upstream's HTTP status, `null` if it never answered. */
  readonly upstreamStatus: number | null;
  /** The upstream's own error code or type, `null` if unsaid. */
  readonly upstreamCode: string | null;
  /** The request field the upstream complained of, `null` if unsaid. */
  readonly param: string | null;
  /** `retry-after` of the upstream in ms, `null` if unsaid. */
  readonly retryAfterMs: number | null;
}

function rule(
  status: number,
  error: ErrorKind,
  errorType: ErrorType,
  flags: string,
): FailureRule {
  return {
    status,
    error,
    errorType,
    nextTarget: flags.includes("n"),
    sameTarget: flags.includes("s"),
    countsAgainstTarget: flags.includes("b"),
  };
}

// Flags: n = next target, s = same target once more, b = counts for the breaker.
/** The table: what each kind of failure leads to. */
export const FAILURE_RULES: { readonly [K in FailureKind]: FailureRule } = {
  connect: rule(502, "upstream", "connect", "nsb"),
  connect_timeout: rule(504, "timeout", "timeout", "nb"),
  dns: rule(502, "upstream", "connect", "nb"),
  tls: rule(502, "upstream", "tls", "nb"),
  reset: rule(502, "upstream", "connect", "nsb"),
  first_byte_timeout: rule(504, "timeout", "timeout", "nb"),
  response_timeout: rule(504, "timeout", "timeout", "nb"),
  stream_stalled: rule(504, "timeout", "timeout", "nb"),
  stream_broken: rule(502, "upstream", "stream_interrupted", "nb"),
  stream_error: rule(502, "upstream", "server_error", "nb"),
  invalid_response: rule(502, "upstream", "invalid_response", "nb"),
  response_too_large: rule(502, "upstream", "invalid_response", "n"),
  redirect: rule(502, "upstream", "invalid_response", "nb"),
  rate_limited: rule(429, "rate_limit", "rate_limited", "nb"),
  overloaded: rule(503, "overloaded", "server_error", "nsb"),
  // The gateway's own account is empty: the client cannot fix it.
  quota: rule(503, "overloaded", "quota", "nb"),
  // The gateway's own key is bad: the client's key is fine, so never a 401.
  auth: rule(502, "upstream", "auth", "nb"),
  bad_request: rule(400, "invalid_request", "bad_request", ""),
  context_length: rule(400, "invalid_request", "context_length", "n"),
  content_filter: rule(400, "invalid_request", "content_filter", ""),
  not_found: rule(404, "not_found", "bad_request", "n"),
  server_error: rule(502, "upstream", "server_error", "nsb"),
  deadline: rule(504, "timeout", "timeout", ""),
  untranslatable: rule(400, "invalid_request", "bad_request", "n"),
};

/** Builds a {@linkcode Failure} with nulls for what is not known. */
export function failure(
  kind: FailureKind,
  message: string,
  details: Partial<Omit<Failure, "kind" | "message">> = {},
): Failure {
  return {
    kind,
    message,
    upstreamStatus: details.upstreamStatus ?? null,
    upstreamCode: details.upstreamCode ?? null,
    param: details.param ?? null,
    retryAfterMs: details.retryAfterMs ?? null,
  };
}
