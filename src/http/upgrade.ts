/** Routes that leave HTTP behind: who may open a WebSocket, decided as for any other request. @module */

import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { Authenticator } from "./auth.ts";
import { headFault } from "./faults.ts";
import { canonicalIp } from "./ip.ts";
import type { ListenerLimits } from "./limits.ts";
import { RequestHead } from "./request_head.ts";
import type { Scope } from "./route.ts";

/** A path that may be upgraded. */
export interface UpgradeRoute {
  /** Exact path. */
  readonly path: string;
  /** Who may open it. */
  readonly scope: Scope;
  /** Takes the socket over, and what came after the head. */
  handler(message: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Finds the route of an upgrade, or the error that it is answered with. */
export function findUpgrade(
  routes: readonly UpgradeRoute[],
  message: IncomingMessage,
  peerIp: string,
  authenticator: Authenticator,
  limits: ListenerLimits,
): UpgradeRoute | GatewayError {
  const head = new RequestHead(message.rawHeaders);
  const target = message.url ?? "";
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark);
  const fault = headFault(head, path, query, message.httpVersion, limits);
  if (fault !== null) return fault.error;
  const route = routes.find((candidate) => candidate.path === path);
  if (route === undefined) {
    return gatewayError(
      "invalid_request",
      "Cannot upgrade the connection: this route speaks HTTP/1.1 only",
      { status: 426 },
    );
  }
  const ip = authenticator.clientIp(peerIp, head.forwardedFor, canonicalIp);
  const access = authenticator.check(route.scope, head, ip, false);
  return "refused" in access ? access.refused : route;
}
