/** Answers where node:http has no response object: broken heads, timeouts, CONNECT and upgrades. @module */

import { Buffer } from "node:buffer";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import { errorHeaders } from "../exchange/headers.ts";
import type { JsonObject } from "../support/json.ts";
import type { LimitName } from "./limits.ts";

/** How long the peer may take to close its side, ms. */
const LINGER_MS = 1000;

/** Writes an error straight to a socket and ends the connection. */
export function answerRaw(
  socket: Duplex,
  error: GatewayError,
  body: JsonObject,
  requestId: string,
  headers: readonly string[] = [],
): void {
  const text = JSON.stringify(body);
  const all = [
    ...errorHeaders(error),
    "content-length",
    String(Buffer.byteLength(text)),
    "x-request-id",
    requestId,
    "request-id",
    requestId,
    "connection",
    "close",
    ...headers,
  ];
  let head = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ""}\r\n`;
  for (let index = 0; index < all.length; index += 2) {
    head += `${all[index]}: ${all[index + 1]}\r\n`;
  }
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.on("error", ignore);
  socket.end(`${head}\r\n${text}`);
  socket.resume();
}

/** What a failure of the HTTP parser is answered with; `null`: nothing, the peer has gone. */
export function parserFault(
  error: Error & { code?: string },
  bodyExpected: boolean,
): { error: GatewayError; limit: LimitName | null } | null {
  switch (error.code) {
    case "ECONNRESET":
    case "EPIPE":
      return null;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return {
        limit: bodyExpected ? "bodyTimeoutMs" : "headTimeoutMs",
        error: gatewayError(
          "timeout",
          "Cannot wait for the request any longer: it did not arrive in time",
          { status: 408 },
        ),
      };
    case "HPE_HEADER_OVERFLOW":
      return {
        limit: "maxHeadBytes",
        error: gatewayError(
          "invalid_request",
          "Cannot read the request: its head is too large",
          { status: 431 },
        ),
      };
    default:
      return {
        limit: null,
        error: gatewayError(
          "invalid_request",
          "Cannot read the request: it is not valid HTTP/1.1",
        ),
      };
  }
}

/** What CONNECT is answered with. */
export function noTunnel(): GatewayError {
  return gatewayError(
    "method_not_allowed",
    "Cannot use CONNECT: the gateway is no proxy",
  );
}

function ignore(): void {}
