/** Errors inside a 200 answer of a chat upstream, as the gateway's own. @module */

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
import { readErrorValue, type UpstreamError } from "./errors.ts";

/** Kinds by the words and status numbers that upstreams put into an error. */
function kindOf(words: string, status: number): ErrorKind {
  if (status === 429 || words.includes("rate_limit")) return "rate_limit";
  if (status === 503 || status === 529) return "overloaded";
  if (words.includes("overloaded") || words.includes("unavailable")) {
    return "overloaded";
  }
  if (status === 408 || status === 504 || words.includes("timeout")) {
    return "timeout";
  }
  if (
    words.includes("context_length") || words.includes("content_filter") ||
    words.includes("content_policy")
  ) {
    return "invalid_request";
  }
  return "upstream";
}

/** Builds the error for what an upstream said; a bad key of the gateway's own is never quoted. */
export function upstreamFailure(said: UpstreamError): GatewayError {
  const words = `${said.code ?? ""} ${said.type ?? ""}`.toLowerCase();
  const status = Number(said.code);
  if (
    status === 401 || status === 403 || words.includes("api_key") ||
    words.includes("authentication")
  ) {
    return gatewayError(
      "upstream",
      "The upstream refused the gateway's credentials",
    );
  }
  // A status number is no code that a client could act on.
  const code = Number.isInteger(status) ? said.type : said.code ?? said.type;
  return gatewayError(kindOf(words, status), said.message, { code });
}

/** Reads the error of a chunk or body that came with status 200; `null` where there is none. */
export function inBandError(
  body: JsonValue,
  isErrorEvent: boolean,
): GatewayError | null {
  // Gemini's endpoint puts an error into an array; no other chunk is one.
  const holder = Array.isArray(body) ? body[0] : body;
  if (!isJsonObject(holder)) {
    return isErrorEvent ? upstreamFailure(errorOf(body)) : null;
  }
  const error = errorField(holder);
  if (error === null && !isErrorEvent) return null;
  return upstreamFailure(errorOf(error ?? holder));
}

function errorField(holder: JsonObject): JsonValue {
  const error = holder.error ?? null;
  // Some send `error: ""` or `{}` beside every chunk.
  return error === "" ||
      (isJsonObject(error) && Object.keys(error).length === 0)
    ? null
    : error;
}

function errorOf(value: JsonValue): UpstreamError {
  return readErrorValue(value) ?? {
    message: "The upstream's answer ended in an error",
    code: null,
    type: null,
    param: null,
  };
}
