/**
 * Errors in the shape of OpenAI Responses: the body of a failed call, the last
 * words of a broken stream, and what a client may know of an upstream's error.
 *
 * @module
 */

import {
  type ErrorKind,
  type GatewayError,
  gatewayError,
} from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import {
  openAiError,
  readErrorValue,
  type UpstreamError,
} from "../chat/errors.ts";

/** Codes that clients know in a failed response; the last two no schema lists, but agents act on them. */
const FAILURE_CODES: ReadonlySet<string> = new Set([
  "server_error",
  "rate_limit_exceeded",
  "invalid_prompt",
  "data_residency_mismatch",
  "bio_policy",
  "misalignment_policy_violation",
  "vector_store_timeout",
  "invalid_image",
  "invalid_image_format",
  "invalid_base64_image",
  "invalid_image_url",
  "image_too_large",
  "image_too_small",
  "image_parse_error",
  "image_content_policy_violation",
  "invalid_image_mode",
  "image_file_too_large",
  "unsupported_image_media_type",
  "empty_image_file",
  "failed_to_download_image",
  "image_file_not_found",
  "context_length_exceeded",
  "insufficient_quota",
]);

/** Builds an error's whole body. The protocol has no field for the request id: it travels in the headers. */
export function encodeResponsesError(
  error: GatewayError,
  _requestId: string,
): JsonObject {
  return { error: openAiError(error) };
}

/** What a stream had said before it broke. */
export interface BrokenStream {
  /** Number of the next event. */
  readonly sequenceNumber: number;
  /** The response object as created, `null` if no `response.created` was sent. */
  readonly response: JsonObject | null;
}

/**
 * Builds the last words of an event stream: `error`, then `response.failed`
 * where a response had been created. The error stands nested as the live API
 * sends it and flat as its published schema has it, so that clients of either
 * kind find the message.
 */
export function encodeResponsesStreamError(
  error: GatewayError,
  broken: BrokenStream = { sequenceNumber: 0, response: null },
): string {
  const { message, type, param, code } = openAiError(error);
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
      error: { code: failureCode(error.kind, code), message },
    },
  };
  return `${text}event: response.failed\ndata: ${JSON.stringify(failed)}\n\n`;
}

/**
 * Gives a failed response's code. The schema demands one of a list here, unlike
 * in the error event: another vendor's word is not on it.
 */
function failureCode(kind: ErrorKind, code: JsonValue | undefined): string {
  if (typeof code === "string" && FAILURE_CODES.has(code)) return code;
  return kind === "rate_limit" ? "rate_limit_exceeded" : "server_error";
}

/** Reads what an error says; the `type` of a flat event is the event's name, not the error's. */
function readError(value: unknown): UpstreamError | null {
  const read = readErrorValue(value);
  return read?.type === "error" ? { ...read, type: null } : read;
}

/** Reads an upstream's error body: nested, flat, or inside a failed response. */
export function decodeResponsesError(
  status: number,
  body: JsonObject | null,
): UpstreamError {
  const holder = isJsonObject(body?.response) ? body.response : body;
  return readError(holder?.error) ?? readError(holder) ?? {
    message: `The upstream answered with HTTP status ${status}`,
    code: null,
    type: null,
    param: null,
  };
}

const KIND_OF_CODE: ReadonlyMap<string, ErrorKind> = new Map([
  ["rate_limit_exceeded", "rate_limit"],
  ["rate_limit_error", "rate_limit"],
  ["429", "rate_limit"],
  // The gateway's own account is empty: the client cannot fix that.
  ["insufficient_quota", "overloaded"],
  ["service_unavailable", "overloaded"],
  ["server_is_overloaded", "overloaded"],
  ["overloaded_error", "overloaded"],
  ["503", "overloaded"],
  ["timeout", "timeout"],
  ["504", "timeout"],
  ["context_length_exceeded", "invalid_request"],
  ["invalid_prompt", "invalid_request"],
  ["invalid_request_error", "invalid_request"],
  ["image_content_policy_violation", "invalid_request"],
  ["invalid_image", "invalid_request"],
  ["invalid_image_format", "invalid_request"],
  ["invalid_image_url", "invalid_request"],
  ["image_too_large", "invalid_request"],
  ["image_parse_error", "invalid_request"],
]);

// The gateway's own key is bad: its text may hold a piece of the key.
const KEY_TROUBLE: ReadonlySet<string> = new Set([
  "invalid_api_key",
  "authentication_error",
  "permission_error",
  "401",
  "403",
]);

/**
 * Turns an error event, or the `error` of a failed response or of a 200 that is
 * none, into what the client is told.
 */
export function errorOfUpstream(value: JsonValue | undefined): GatewayError {
  const read = readError(value);
  if (read === null) {
    return gatewayError(
      "upstream",
      "The upstream reported a failure without saying why",
    );
  }
  const words = [read.code, read.type].filter((word) => word !== null);
  if (words.some((word) => KEY_TROUBLE.has(word))) {
    return gatewayError(
      "upstream",
      "The upstream refused the gateway's credentials",
      { code: "upstream_auth" },
    );
  }
  const known = words.find((word) => KIND_OF_CODE.has(word)) ?? "";
  const kind = KIND_OF_CODE.get(known) ?? "upstream";
  return gatewayError(kind, read.message, {
    code: read.code,
    param: read.param,
  });
}
