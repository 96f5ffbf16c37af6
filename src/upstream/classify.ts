/** Turns what a connection or an error answer says into a `Failure`. @module */

import {
  type Failure,
  failure,
  type FailureKind,
} from "../exchange/failure.ts";

const KIND_OF_CODE: ReadonlyMap<string, FailureKind> = new Map([
  ["ECONNREFUSED", "connect"],
  ["EHOSTUNREACH", "connect"],
  ["ENETUNREACH", "connect"],
  ["EACCES", "connect"],
  ["EMFILE", "connect"],
  ["UND_ERR_CONNECT_TIMEOUT", "connect_timeout"],
  ["ETIMEDOUT", "connect_timeout"],
  ["ENOTFOUND", "dns"],
  ["EAI_AGAIN", "dns"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  ["UND_ERR_SOCKET", "reset"],
  ["UND_ERR_HEADERS_OVERFLOW", "invalid_response"],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "stream_broken"],
]);

const WORDS: { readonly [K in FailureKind]?: string } = {
  connect: "The provider refused the connection",
  connect_timeout: "The provider did not accept a connection in time",
  dns: "The provider's name could not be resolved",
  tls: "The provider's TLS handshake failed",
  reset: "The provider closed the connection before it answered",
  stream_broken: "The provider's answer ended too early",
  invalid_response: "The provider's answer is not valid HTTP",
};

/** Classifies a connection error. The message is ours: the runtime's holds addresses and URLs. */
export function classifyConnectionError(
  error: unknown,
  headSeen: boolean,
): Failure {
  const code = codeOf(error);
  const kind = headSeen
    ? "stream_broken"
    : KIND_OF_CODE.get(code) ?? kindOfOtherError(error, code);
  return failure(kind, WORDS[kind] ?? "The provider could not be reached", {
    upstreamCode: code === "" ? null : code,
  });
}

function kindOfOtherError(error: unknown, code: string): FailureKind {
  if (
    /^(ERR_TLS|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|EPROTO|ERR_SSL)/.test(code)
  ) {
    return "tls";
  }
  if (!(error instanceof Error)) return "reset";
  if (/certificate|handshake|tls/i.test(error.message)) return "tls";
  if (/^HPE_/.test(code) || error.name === "HTTPParserError") {
    return "invalid_response";
  }
  return "reset";
}

function codeOf(error: unknown): string {
  let cause = error;
  for (let depth = 0; depth < 4; depth++) {
    if (typeof cause !== "object" || cause === null) return "";
    const code: unknown = Reflect.get(cause, "code");
    if (typeof code === "string" && code !== "") return code;
    cause = Reflect.get(cause, "cause");
  }
  return "";
}

/** What an error answer says, read by the protocol's `decodeError`. */
export interface ErrorAnswer {
  /** HTTP status of the upstream. */
  readonly status: number;
  /** The upstream's message, already freed of secrets. */
  readonly message: string;
  /** The upstream's code, or `null`. */
  readonly code: string | null;
  /** The upstream's error type, or `null`. */
  readonly type: string | null;
  /** The request field it complains of, or `null`. */
  readonly param: string | null;
  /** `retry-after` in ms, or `null`. */
  readonly retryAfterMs: number | null;
}

/** Classifies an upstream's error answer by status, code and type. */
export function classifyErrorAnswer(answer: ErrorAnswer): Failure {
  return failure(kindOfAnswer(answer), answer.message, {
    upstreamStatus: answer.status,
    upstreamCode: answer.code ?? answer.type,
    param: answer.param,
    retryAfterMs: answer.retryAfterMs,
  });
}

const KIND_OF_STATUS: ReadonlyMap<number, FailureKind> = new Map([
  [401, "auth"],
  [402, "quota"],
  [403, "auth"],
  [404, "not_found"],
  [408, "response_timeout"],
  [429, "rate_limited"],
  [503, "overloaded"],
  [504, "response_timeout"],
  [529, "overloaded"],
]);

function kindOfAnswer(answer: ErrorAnswer): FailureKind {
  const words = `${answer.code ?? ""} ${answer.type ?? ""}`.toLowerCase();
  if (/insufficient_quota|billing/.test(words)) return "quota";
  if (/context_length|context_window/.test(words)) return "context_length";
  if (/content_filter|content_policy/.test(words)) return "content_filter";
  const known = KIND_OF_STATUS.get(answer.status);
  if (known !== undefined) return known;
  if (answer.status >= 500) return "server_error";
  // An error inside a 200: only its words tell the kind.
  if (answer.status < 400) return kindOfWords(words);
  if (/prompt is too long|maximum context length/i.test(answer.message)) {
    return "context_length";
  }
  return "bad_request";
}

function kindOfWords(words: string): FailureKind {
  if (/overloaded/.test(words)) return "overloaded";
  if (/rate_limit/.test(words)) return "rate_limited";
  if (/invalid_request/.test(words)) return "bad_request";
  if (/authentication|permission/.test(words)) return "auth";
  return "stream_error";
}
