/**
 * An error on its way to the client, before it takes a protocol's shape.
 * `protocols/<name>` turns it into a body, `http/` and `relay/` send it.
 *
 * @module
 */

/** What went wrong, in terms every protocol has a type for. */
export type ErrorKind =
  | "invalid_request"
  | "authentication"
  | "permission"
  | "billing"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "request_too_large"
  | "unsupported_media_type"
  | "rate_limit"
  | "timeout"
  | "overloaded"
  | "server"
  | "upstream";

/** Everything a client may learn about a failure. Never a key, URL, stack or input. */
export interface GatewayError {
  /** The class of the error. */
  readonly kind: ErrorKind;
  /** HTTP status to answer with, 400 to 599. */
  readonly status: number;
  /** One sentence that names the value and the fix. */
  readonly message: string;
  /** Machine-readable code (`model_not_found`, `context_length_exceeded`), or `null`. */
  readonly code: string | null;
  /** The offending request field, in the client's own protocol, or `null`. */
  readonly param: string | null;
  /** When to try again, in ms from now, or `null`. */
  readonly retryAfterMs: number | null;
  /** Sent as `x-should-retry` when not `null`. */
  readonly shouldRetry: boolean | null;
}

/** The fields of a {@linkcode GatewayError} that have a default. */
export interface ErrorDetails {
  /** Overrides the kind's status. */
  status?: number;
  /** Machine-readable code. @default {null} */
  code?: string | null;
  /** The offending request field. @default {null} */
  param?: string | null;
  /** When to try again, in ms from now. @default {null} */
  retryAfterMs?: number | null;
  /** Whether the client is told to try again. @default {null} */
  shouldRetry?: boolean | null;
}

/** The status each kind answers with unless a more specific one is given. */
export const STATUS_OF_KIND: { readonly [K in ErrorKind]: number } = {
  invalid_request: 400,
  authentication: 401,
  permission: 403,
  billing: 402,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  request_too_large: 413,
  unsupported_media_type: 415,
  rate_limit: 429,
  timeout: 504,
  overloaded: 503,
  server: 500,
  upstream: 502,
};

/** Builds a {@linkcode GatewayError}, filling in the kind's status and nulls. */
export function gatewayError(
  kind: ErrorKind,
  message: string,
  details: ErrorDetails = {},
): GatewayError {
  return {
    kind,
    status: details.status ?? STATUS_OF_KIND[kind],
    message,
    code: details.code ?? null,
    param: details.param ?? null,
    retryAfterMs: details.retryAfterMs ?? null,
    shouldRetry: details.shouldRetry ?? null,
  };
}

/**
 * Thrown by decoders and encoders for a request that is wrong or cannot be
 * expressed. Carries the answer; `relay/` catches it in one place.
 */
export class RequestError extends Error {
  /** What the client is told. */
  readonly error: GatewayError;

  /** Wraps `error` so that it can be thrown. */
  constructor(error: GatewayError) {
    super(error.message);
    this.name = "RequestError";
    this.error = error;
  }
}

/** Builds the 400 that names a field and the reason. */
export function invalidField(
  param: string,
  message: string,
  code: string | null = null,
): RequestError {
  return new RequestError(
    gatewayError("invalid_request", message, { param, code }),
  );
}
