/**
 * Errors in the shape of OpenAI Responses: the body of a failed call, the last
 * words of a broken stream, and what a client may know of an upstream's error.
 *
 * @module
 */

import type { ErrorKind, GatewayError } from "../../exchange/gateway_error.ts";
import { isJsonObject, type JsonObject } from "../../support/json.ts";

const TYPE_AND_CODE: {
  readonly [K in ErrorKind]: readonly [type: string, code: string | null];
} = {
  invalid_request: ["invalid_request_error", null],
  authentication: ["invalid_request_error", "invalid_api_key"],
  permission: ["permission_error", null],
  billing: ["insufficient_quota", "insufficient_quota"],
  not_found: ["invalid_request_error", null],
  method_not_allowed: ["invalid_request_error", "method_not_allowed"],
  conflict: ["invalid_request_error", "conflict"],
  request_too_large: ["invalid_request_error", "request_too_large"],
  unsupported_media_type: ["invalid_request_error", "unsupported_media_type"],
  rate_limit: ["rate_limit_exceeded", "rate_limit_exceeded"],
  timeout: ["server_error", "timeout"],
  overloaded: ["service_unavailable", "service_unavailable"],
  server: ["server_error", "server_error"],
  upstream: ["server_error", "upstream_error"],
};

/** The error object that both the body and the stream event carry. */
export function responsesErrorObject(error: GatewayError): JsonObject {
  const [type, code] = TYPE_AND_CODE[error.kind];
  return {
    message: error.message,
    type,
    param: error.param,
    code: error.code ?? code,
  };
}

/** Encodes an error as a whole body. The protocol has no field for the request id: it travels in the headers. */
export function encodeResponsesError(
  error: GatewayError,
  _requestId: string,
): JsonObject {
  return { error: responsesErrorObject(error) };
}

/** What a stream had said before it broke. */
export interface BrokenStream {
  /** Number of the next event. */
  readonly sequenceNumber: number;
  /** The response object as created, `null` if no `response.created` was sent. */
  readonly response: JsonObject | null;
}

/**
 * Encodes an error as the last words of an event stream: `error`, then
 * `response.failed` where a response had been created. The error stands nested
 * as the live API sends it and flat as its published schema has it, so that
 * clients of either kind find the message.
 */
export function encodeResponsesStreamError(
  error: GatewayError,
  broken: BrokenStream = { sequenceNumber: 0, response: null },
): string {
  const { message, type, param, code } = responsesErrorObject(error);
  const event = {
    type: "error",
    sequence_number: broken.sequenceNumber,
    code,
    message,
    param,
    error: { type, code, message, param },
  };
  const text = `event: error\ndata: ${JSON.stringify(event)}\n\n`;
  if (broken.response === null) return text;
  const failed = {
    type: "response.failed",
    sequence_number: broken.sequenceNumber + 1,
    response: {
      ...broken.response,
      status: "failed",
      error: { code, message },
    },
  };
  return `${text}event: response.failed\ndata: ${JSON.stringify(failed)}\n\n`;
}

/** What a client may learn of an upstream's error. */
export interface UpstreamErrorFacts {
  /** The upstream's own sentence, or one made from the status. */
  readonly message: string;
  /** Its code as text, `null` if unsaid. */
  readonly code: string | null;
  /** Its type, `null` if unsaid. */
  readonly type: string | null;
  /** The field it complained of, `null` if unsaid. */
  readonly param: string | null;
}

/** Reads an upstream's error, nested in `error` or flat, with codes as text or numbers. */
export function decodeResponsesError(
  status: number,
  body: JsonObject | null,
): UpstreamErrorFacts {
  const holder =
    isJsonObject(body?.response) && isJsonObject(body.response.error)
      ? body.response
      : body;
  const nested = holder?.error;
  const error = isJsonObject(nested) ? nested : holder;
  const message = text(error?.message) ?? text(nested) ?? text(body?.detail) ??
    `The upstream answered with status ${status}`;
  const type = text(error?.type);
  return {
    message,
    code: codeText(error?.code),
    // A flat event's `type` is the name of the event, not of the error.
    type: type === "error" ? null : type,
    param: text(error?.param),
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function codeText(value: unknown): string | null {
  return typeof value === "number" ? String(value) : text(value);
}
