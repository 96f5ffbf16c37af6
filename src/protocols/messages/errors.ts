/** Errors in the shape of the messages protocol, in both directions. @module */

import {
  type ErrorKind,
  type GatewayError,
  gatewayError,
} from "../../exchange/gateway_error.ts";
import { isJsonObject, type JsonObject } from "../../support/json.ts";

/** The error types that the messages protocol knows; nothing else may be sent. */
export type MessagesErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "billing_error"
  | "permission_error"
  | "not_found_error"
  | "conflict_error"
  | "request_too_large"
  | "rate_limit_error"
  | "timeout_error"
  | "api_error"
  | "overloaded_error";

const TYPE_OF_KIND: { readonly [K in ErrorKind]: MessagesErrorType } = {
  invalid_request: "invalid_request_error",
  authentication: "authentication_error",
  permission: "permission_error",
  billing: "billing_error",
  not_found: "not_found_error",
  method_not_allowed: "invalid_request_error",
  conflict: "conflict_error",
  request_too_large: "request_too_large",
  unsupported_media_type: "invalid_request_error",
  rate_limit: "rate_limit_error",
  timeout: "timeout_error",
  overloaded: "overloaded_error",
  server: "api_error",
  upstream: "api_error",
};

const KIND_OF_TYPE: ReadonlyMap<string, ErrorKind> = new Map([
  ["invalid_request_error", "invalid_request"],
  ["authentication_error", "authentication"],
  ["billing_error", "billing"],
  ["permission_error", "permission"],
  ["not_found_error", "not_found"],
  ["conflict_error", "conflict"],
  ["request_too_large", "request_too_large"],
  ["rate_limit_error", "rate_limit"],
  ["timeout_error", "timeout"],
  ["overloaded_error", "overloaded"],
]);

/** Shapes an error for a client of the messages protocol; an empty `requestId` is left out. */
export function encodeMessagesError(
  error: GatewayError,
  requestId: string,
): JsonObject {
  const inner: JsonObject = {
    type: TYPE_OF_KIND[error.kind],
    message: error.message,
  };
  const details: JsonObject = {};
  if (error.code !== null) details.error_code = error.code;
  if (error.param !== null) details.param = error.param;
  if (Object.keys(details).length > 0) inner.details = details;
  const body: JsonObject = { type: "error", error: inner };
  if (requestId !== "") body.request_id = requestId;
  return body;
}

/** Shapes an error as the event that ends a stream. */
export function encodeMessagesStreamError(
  error: GatewayError,
  requestId: string,
): string {
  // Without the event line the official client ignores the error.
  return `event: error\ndata: ${
    JSON.stringify(encodeMessagesError(error, requestId))
  }\n\n`;
}

/** Finds the kind of an error type of this protocol; unknown ones are the upstream's own trouble. */
export function kindOfMessagesError(type: string | null): ErrorKind {
  return KIND_OF_TYPE.get(type ?? "") ?? "upstream";
}

/** What an upstream's error body says that a client may know. */
export interface UpstreamErrorFacts {
  /** The upstream's sentence, or one that names the status. */
  readonly message: string;
  /** Machine-readable code, or `null`. */
  readonly code: string | null;
  /** The upstream's error type, or `null`. */
  readonly type: string | null;
  /** The field it complains of, or `null`. */
  readonly param: string | null;
}

/** Reads an upstream's error body; also takes the `{"error":{...}}` that compatible servers send. */
export function decodeMessagesError(
  status: number,
  body: JsonObject | null,
): UpstreamErrorFacts {
  const error = body === null
    ? null
    : isJsonObject(body.error)
    ? body.error
    : body;
  const details = isJsonObject(error?.details) ? error.details : null;
  const message = textOf(error?.message) ?? textOf(body?.error);
  return {
    message: message ?? `The provider answered with status ${status}`,
    code: codeOf(error?.code) ?? codeOf(details?.code) ??
      codeOf(details?.error_code),
    type: error === body && error?.type === "error" ? null : textOf(
      error?.type,
    ),
    param: textOf(error?.param) ?? textOf(details?.param),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

// Some vendors number their codes.
function codeOf(value: unknown): string | null {
  return typeof value === "number" ? String(value) : textOf(value);
}

// Troubles of the gateway's own account are no business of the client's.
const OWN_TROUBLES: ReadonlySet<ErrorKind> = new Set([
  "authentication",
  "permission",
  "billing",
  "not_found",
]);

/** Reads an error that came with status 200: an error event or a body in a message's place. */
export function inBandError(body: JsonObject): GatewayError {
  const facts = decodeMessagesError(200, body);
  const kind = kindOfMessagesError(facts.type);
  return gatewayError(
    OWN_TROUBLES.has(kind) ? "upstream" : kind,
    facts.type === null && facts.message.endsWith("status 200")
      ? "The provider reported an error without saying which"
      : facts.message,
    { code: facts.code ?? facts.type, param: facts.param },
  );
}
