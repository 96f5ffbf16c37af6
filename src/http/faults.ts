/** What is wrong with a head or a body, as the error that the client is told. @module */

import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { JsonScan } from "../support/json_scan.ts";
import { isJson } from "./auth.ts";
import { bodiesTooLarge, type BodyBudget, bodyTooLarge } from "./body.ts";
import type { LimitName, ListenerLimits } from "./limits.ts";
import type { RequestHead } from "./request_head.ts";

/** A fault and the limit it is counted under. */
export interface Fault {
  /** What the client is told. */
  readonly error: GatewayError;
  /** The limit that was hit, `null` if none was. */
  readonly limit: LimitName | null;
}

const MAX_IDEMPOTENCY_KEY = 256;

/** Checks everything about a head that does not depend on the route. */
export function headFault(
  head: RequestHead,
  path: string,
  query: string,
  httpVersion: string,
  limits: ListenerLimits,
): Fault | null {
  const { maxHeaders, maxTargetBytes } = limits;
  if (maxHeaders > 0 && head.count > maxHeaders) {
    return tooLarge("maxHeaders", 431, `more than ${maxHeaders} headers`);
  }
  if (maxTargetBytes > 0 && path.length + query.length > maxTargetBytes) {
    const what = `a target of more than ${maxTargetBytes} bytes`;
    return tooLarge("maxTargetBytes", 414, what);
  }
  const fault = head.fault(httpVersion);
  if (fault !== null) return wrong(fault);
  if (!path.startsWith("/") || path.includes("#")) {
    return wrong("Cannot route the request: its target is no path");
  }
  const key = head.idempotencyKey;
  if (key !== null && key.length > MAX_IDEMPOTENCY_KEY) {
    return wrong(
      `Cannot take the idempotency-key: it is longer than ${MAX_IDEMPOTENCY_KEY} characters`,
    );
  }
  return null;
}

/** The client's own id of the request where it may stand in a log and a header, else `null`. */
export function validRequestId(id: string | null): string | null {
  return id !== null && /^[A-Za-z0-9._-]{1,128}$/.test(id) ? id : null;
}

/** Checks what a head says of the body that follows. */
export function announcedFault(
  head: RequestHead,
  maxBodyBytes: number,
  budget: BodyBudget,
): Fault | null {
  const encoding = head.contentEncoding;
  if (encoding !== null && encoding.trim().toLowerCase() !== "identity") {
    return unsupported(
      "Cannot take the body: it is compressed; send it without content-encoding",
    );
  }
  if (!isJson(head.contentType)) {
    return unsupported(
      "Cannot take the body: its content type is not application/json",
    );
  }
  const length = head.contentLength;
  if (maxBodyBytes > 0 && length > maxBodyBytes) {
    return { error: bodyTooLarge(maxBodyBytes), limit: "maxBodyBytes" };
  }
  if (length > 0 && !budget.fits(length)) {
    return { error: bodiesTooLarge(), limit: "maxBodiesInMemoryBytes" };
  }
  return null;
}

/** What is wrong with a body that was scanned. Names offsets, never what stands there. */
export function scanFault(
  scan: JsonScan,
  limits: ListenerLimits,
): Fault | null {
  const at = `at byte ${scan.errorOffset}`;
  switch (scan.errorKind) {
    case null:
      return null;
    case "depth":
      return {
        ...wrong(
          `Cannot read the body: it is nested deeper than ${limits.maxJsonDepth} levels ${at}`,
        ),
        limit: "maxJsonDepth",
      };
    case "tokens":
      return {
        ...wrong(
          `Cannot read the body: it has more than ${limits.maxJsonTokens} JSON tokens ${at}`,
        ),
        limit: "maxJsonTokens",
      };
    case "utf8":
      return wrong(`Cannot read the body: invalid UTF-8 ${at}`);
    case "root":
      return wrong("Cannot read the body: it is no JSON object");
    case "key":
      return wrong(
        `Cannot read the body: a top-level key has an escape ${at}; write it plainly`,
      );
    case "syntax":
      return wrong(`Cannot read the body: invalid JSON ${at}`);
  }
}

/** What a path outside the table is answered with. */
export function unknownPath(): GatewayError {
  return gatewayError(
    "not_found",
    "Cannot find this path: the gateway serves no such route",
  );
}

/** What a known path with another method is answered with. */
export function wrongMethod(path: string, allow: string): GatewayError {
  return gatewayError(
    "method_not_allowed",
    `Cannot use this method here: ${path} takes ${allow}`,
  );
}

function unsupported(message: string): Fault {
  return {
    error: gatewayError("unsupported_media_type", message),
    limit: null,
  };
}

function tooLarge(limit: LimitName, status: number, what: string): Fault {
  const error = gatewayError(
    "invalid_request",
    `Cannot read the request: it has ${what}`,
    { status },
  );
  return { error, limit };
}

function wrong(message: string): Fault {
  return { error: gatewayError("invalid_request", message), limit: null };
}

/** The refusal of a request that may be welcome in a second. */
export function tryAgain(message: string): GatewayError {
  return gatewayError("overloaded", message, { retryAfterMs: 1000 });
}
