/** The headers of an answer: what may come back from an upstream, and ours. @module */

import type { Exchange } from "../exchange/exchange.ts";
import { type Failure, FAILURE_RULES } from "../exchange/failure.ts";
import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import { headerOf } from "../exchange/headers.ts";

const PASSED_BACK: ReadonlySet<string> = new Set([
  "openai-processing-ms",
  "retry-after",
  "retry-after-ms",
]);

/** What the relay itself reads. */
const READ: ReadonlySet<string> = new Set([
  "content-type",
  "content-encoding",
  "x-request-id",
  "request-id",
]);

/** The headers of an upstream's answer that anything depends on. */
export function heardHeaders(headers: readonly string[]): string[] {
  const heard: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!READ.has(name) && !passesBack(name)) continue;
    heard.push(name, headers[index + 1] ?? "");
  }
  return heard;
}

function passesBack(name: string): boolean {
  return PASSED_BACK.has(name) || isLimit(name);
}

/** A provider's limits mean nothing to a client that has its own. */
function isLimit(name: string): boolean {
  return name.startsWith("x-ratelimit-") ||
    name.startsWith("anthropic-ratelimit-");
}

/** Builds the headers of an answer that came from an upstream. */
export function answerHeaders(
  exchange: Exchange,
  upstreamHeaders: readonly string[],
  contentType: string,
): string[] {
  const headers = ["content-type", contentType];
  for (let index = 0; index + 1 < upstreamHeaders.length; index += 2) {
    const name = upstreamHeaders[index] ?? "";
    if (exchange.limitHeaders.length > 0 && isLimit(name)) continue;
    if (passesBack(name)) headers.push(name, upstreamHeaders[index + 1] ?? "");
  }
  const upstreamId = headerOf(upstreamHeaders, "x-request-id") ??
    headerOf(upstreamHeaders, "request-id");
  if (upstreamId !== null) headers.push("x-upstream-request-id", upstreamId);
  return pushOwnHeaders(exchange, headers);
}

/** Adds what Signalbox says of an exchange: target, attempts, decision, losses, cache. */
export function pushOwnHeaders(
  exchange: Exchange,
  headers: string[],
): string[] {
  const attempt = exchange.lastAttempt;
  if (attempt !== null) {
    headers.push("x-signalbox-target", headerText(attempt.target.id));
    headers.push("x-signalbox-attempts", String(exchange.attempts.length));
  }
  const decision = exchange.decision;
  if (decision !== null) {
    const alias = decision.alias === null ? "" : `${decision.alias};`;
    headers.push(
      "x-signalbox-decision",
      headerText(
        `${alias}strategy=${decision.strategy}${
          exchange.divertedBy === null ? "" : `;budget=${exchange.divertedBy}`
        }`,
      ),
    );
  }
  if (exchange.losses.length > 0) {
    headers.push("x-signalbox-losses", headerText(exchange.losses.join(", ")));
  }
  headers.push(...exchange.limitHeaders);
  if (exchange.cacheStatus !== null) {
    headers.push("x-signalbox-cache", exchange.cacheStatus);
  }
  return headers;
}

/** Makes any text fit into a header: visible ASCII, at most 4 KiB. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 4096);
}

/** What a client is told when the last attempt failed and nothing was sent yet. */
export function errorOfFailure(
  failed: Failure,
  provider: string,
): GatewayError {
  const rule = FAILURE_RULES[failed.kind];
  const clientFault = rule.error === "invalid_request" ||
    rule.error === "not_found";
  const keptStatus = clientFault && failed.upstreamStatus !== null &&
      failed.upstreamStatus >= 400 && failed.upstreamStatus < 500
    ? failed.upstreamStatus
    : rule.status;
  return gatewayError(
    rule.error,
    clientFault ? failed.message : `${failed.message} (provider ${provider})`,
    {
      status: keptStatus,
      code: clientFault ? failed.upstreamCode : failed.kind,
      param: failed.param,
      retryAfterMs: failed.retryAfterMs,
      // The gateway has tried what it may: another try soon is the client's call
      // only where waiting helps.
      shouldRetry: rule.error === "upstream" || rule.error === "timeout"
        ? false
        : null,
    },
  );
}
