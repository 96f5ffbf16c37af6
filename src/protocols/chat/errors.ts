/**
 * Errors in OpenAI's shape, which chat and responses share, and reading of the
 * many shapes that upstreams of the chat protocol answer errors with.
 *
 * @module
 */

import type { ErrorKind, GatewayError } from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";

/** `type` and the `code` that stands where the error has none of its own. */
const TYPES: { readonly [K in ErrorKind]: readonly [string, string | null] } = {
  invalid_request: ["invalid_request_error", null],
  authentication: ["invalid_request_error", "invalid_api_key"],
  permission: ["permission_error", "permission_denied"],
  billing: ["insufficient_quota", "insufficient_quota"],
  not_found: ["invalid_request_error", "not_found"],
  method_not_allowed: ["invalid_request_error", "method_not_allowed"],
  conflict: ["invalid_request_error", "conflict"],
  request_too_large: ["invalid_request_error", "request_too_large"],
  unsupported_media_type: ["invalid_request_error", "unsupported_media_type"],
  rate_limit: ["rate_limit_exceeded", "rate_limit_exceeded"],
  timeout: ["server_error", "timeout"],
  overloaded: ["service_unavailable", "service_unavailable"],
  server: ["server_error", null],
  upstream: ["server_error", null],
};

/** Builds the inner error object that chat and responses share. */
export function openAiError(error: GatewayError): JsonObject {
  const [type, code] = TYPES[error.kind];
  return {
    message: error.message,
    type,
    param: error.param,
    code: error.code ?? code,
  };
}

/** Builds the error body of chat. The request id has no place in it: it goes into a header. */
export function encodeChatError(
  error: GatewayError,
  _requestId: string,
): JsonObject {
  return { error: openAiError(error) };
}

/** Builds the last words of a chat stream that failed. No `[DONE]` follows: it would read as success. */
export function encodeChatStreamError(
  error: GatewayError,
  requestId: string,
): string {
  return `data: ${JSON.stringify(encodeChatError(error, requestId))}\n\n`;
}

/** What an upstream's error body says. */
export interface UpstreamError {
  /** The upstream's sentence. */
  message: string;
  /** Its code as text, `null` if unsaid. */
  code: string | null;
  /** Its type, `null` if unsaid. */
  type: string | null;
  /** The field it names, `null` if unsaid. */
  param: string | null;
}

function text(value: JsonValue | undefined): string | null {
  if (typeof value === "string" && value !== "") return value;
  // OpenRouter and Google put the HTTP status into `code`, as a number.
  return typeof value === "number" ? String(value) : null;
}

// An array, a body, its error and one more of a proxy in between.
const MAX_ERROR_DEPTH = 6;

/** Reads the error of a body or of an `error` field, whatever its shape; `null` where there is none. */
export function readErrorValue(value: unknown): UpstreamError | null {
  return readNested(value, MAX_ERROR_DEPTH);
}

function readNested(value: unknown, depth: number): UpstreamError | null {
  if (depth === 0) return null;
  // Google's endpoint wraps the body into an array.
  if (Array.isArray(value)) return readNested(value[0], depth - 1);
  if (typeof value === "string" && value !== "") {
    return { message: value, code: null, type: null, param: null };
  }
  if (!isJsonObject(value)) return null;
  const inner = value.error ?? value.errors;
  if (inner !== undefined && inner !== null) {
    const read = readNested(inner, depth - 1);
    if (read !== null) return { ...read, code: read.code ?? text(value.code) };
  }
  const message = text(value.message) ?? text(value.msg) ?? text(value.detail);
  const code = text(value.code);
  const type = text(value.type) ?? text(value.status);
  if (message === null && code === null && type === null) return null;
  return {
    message: message ?? `The upstream answered with the error ${code ?? type}`,
    code,
    type,
    param: text(value.param),
  };
}

/** Reads an upstream's error body; a body that says nothing leaves the status. */
export function decodeChatError(
  status: number,
  body: JsonObject | null,
): UpstreamError {
  return readErrorValue(body) ?? {
    message: `The upstream answered with HTTP status ${status}`,
    code: null,
    type: null,
    param: null,
  };
}
