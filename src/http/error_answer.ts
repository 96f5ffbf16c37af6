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
