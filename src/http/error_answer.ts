/** A {@linkcode GatewayError} as headers and bytes, in the shape of the caller's protocol. @module */

import type { GatewayError } from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { JsonObject } from "../support/json.ts";

/** Puts an error into a protocol's shape. `null`: a route of no protocol. */
export type EncodeError = (
  protocol: ProtocolName | null,
  error: GatewayError,
  requestId: string,
) => JsonObject;

/** Headers that go with an error beside the ids, alternating. */
export function errorHeaders(error: GatewayError): string[] {
  const headers = ["content-type", "application/json"];
  if (error.retryAfterMs !== null) {
    // A client that reads only whole seconds must not come back at once.
    const seconds = Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    const milliseconds = Math.max(1, Math.ceil(error.retryAfterMs));
    headers.push("retry-after", String(seconds));
    headers.push("retry-after-ms", String(milliseconds));
  }
  if (error.shouldRetry !== null) {
    headers.push("x-should-retry", String(error.shouldRetry));
  }
  return headers;
}

/** Whose error shape a path that leads nowhere is answered in. */
export function protocolOfPath(path: string): ProtocolName | null {
  if (isUnder(path, "/v1/messages")) return "messages";
  if (isUnder(path, "/v1/responses")) return "responses";
  return isUnder(path, "/v1/chat") ? "chat" : null;
}

function isUnder(path: string, prefix: string): boolean {
  return path.startsWith(prefix) &&
    (path.length === prefix.length || path[prefix.length] === "/");
}
