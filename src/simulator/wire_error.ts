/**
 * The errors of a simulated provider, in the shape and words of the protocol
 * that is spoken.
 *
 * @module
 */

import {
  type ErrorDetails,
  type ErrorKind,
  type GatewayError,
  gatewayError,
} from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import { openAiError } from "../protocols/chat/errors.ts";
import { encodeMessagesError } from "../protocols/messages/errors.ts";
import type { JsonObject } from "../support/json.ts";

const KIND_OF_STATUS: ReadonlyMap<number, ErrorKind> = new Map([
  [401, "authentication"],
  [402, "billing"],
  [403, "permission"],
  [404, "not_found"],
  [405, "method_not_allowed"],
  [408, "timeout"],
  [409, "conflict"],
  [413, "request_too_large"],
  [415, "unsupported_media_type"],
  [429, "rate_limit"],
  [502, "upstream"],
  [503, "overloaded"],
  [504, "timeout"],
  [529, "overloaded"],
]);

const MESSAGE_OF_KIND: { readonly [K in ErrorKind]?: string } = {
  authentication: "Incorrect API key provided",
  billing: "The credit balance of this account is too low",
  permission: "This key has no access to the requested model",
  not_found: "The requested model does not exist",
  request_too_large: "The request exceeds the maximum size",
  rate_limit: "Rate limit reached, please try again later",
  timeout: "The request timed out",
  overloaded: "Overloaded",
};

/** Builds the error that a provider answers with this status. */
export function statusError(status: number): GatewayError {
  const kind = KIND_OF_STATUS.get(status) ??
    (status < 500 ? "invalid_request" : "server");
  const message = MESSAGE_OF_KIND[kind] ??
    (status < 500
      ? `The request was refused with status ${status}`
      : "The server had an error while processing the request");
  return gatewayError(kind, `${message} (simulated)`, { status });
}

/** Builds the error of an account without money: OpenAI answers 429, Anthropic 402. */
export function quotaError(protocol: ProtocolName): GatewayError {
  const message = "You exceeded your current quota (simulated)";
  const status = protocol === "messages" ? 402 : 429;
  return gatewayError("billing", message, { status });
}

/** Builds the error of a prompt that does not fit the context window. */
export function contextError(
  protocol: ProtocolName,
  inputTokens: number,
): GatewayError {
  if (protocol === "messages") {
    const message = `prompt is too long: ${inputTokens} tokens > 8192 maximum`;
    return gatewayError("invalid_request", message);
  }
  const message =
    `This model's maximum context length is 8192 tokens, however you requested ${inputTokens} tokens`;
  const details: ErrorDetails = {
    code: "context_length_exceeded",
    param: protocol === "chat" ? "messages" : "input",
  };
  return gatewayError("invalid_request", message, details);
}

/** Shapes an error as the body of this protocol. */
export function errorBody(
  error: GatewayError,
  protocol: ProtocolName,
  requestId: string,
): JsonObject {
  if (protocol === "messages") {
    // Anthropic names the field within the sentence and nowhere else.
    const plain = { ...error, param: null, code: null };
    return encodeMessagesError(plain, requestId);
  }
  return { error: openAiError(error) };
}
