/**
 * What is asked for beside generation and never translated: counts of input
 * tokens that no provider can make are estimated, and marked so; embeddings
 * that nobody makes are a 404.
 *
 * @module
 */

import type { Exchange } from "../exchange/exchange.ts";
import type { Failure } from "../exchange/failure.ts";
import {
  type GatewayError,
  gatewayError,
  RequestError,
} from "../exchange/gateway_error.ts";
import type { Provider } from "../providers/provider.ts";
import { estimateRequestTokens } from "../support/request_tokens.ts";
import { tokenFamilyOf } from "../support/token_estimate.ts";
import { pushOwnHeaders } from "./answer_headers.ts";
import type { Inbound } from "./inbound.ts";

/** How providers say that they have no such path. */
const NO_SUCH_PATH: ReadonlySet<number | null> = new Set([404, 405, 501]);

/** The code of a refusal because no target could take the request. */
const NO_CAPABLE_TARGET = "no_capable_target";

/** Whether tokens are to be counted, and a provider does not speak the client's protocol or has failed for want of the operation. */
export function mustEstimate(
  exchange: Exchange,
  reason: Pick<Provider, "protocols"> | Failure,
): boolean {
  if (exchange.operation !== "count-tokens") return false;
  return "protocols" in reason
    ? !reason.protocols.includes(exchange.protocol)
    : NO_SUCH_PATH.has(reason.upstreamStatus);
}

/** An answer that no provider made. */
export type LocalAnswer =
  | {
    readonly kind: "answered";
    readonly headers: string[];
    readonly body: string;
  }
  | { readonly kind: "refused"; readonly error: GatewayError };

/** Answers in place of a provider; `refusal` says why nobody may be called, `null` that nobody counts. */
export function localAnswer(
  exchange: Exchange,
  inbound: Inbound,
  refusal: GatewayError | null,
): LocalAnswer {
  if (refusal !== null && refusal.code !== NO_CAPABLE_TARGET) {
    return { kind: "refused", error: refusal };
  }
  switch (exchange.operation) {
    case "count-tokens":
      return estimated(exchange, inbound);
    case "embeddings":
      return {
        kind: "refused",
        error: gatewayError(
          "not_found",
          refusal?.message ??
            "Cannot make embeddings: no provider makes them for this model",
          { code: NO_CAPABLE_TARGET },
        ),
      };
    case "generate":
      return {
        kind: "refused",
        error: refusal ??
          gatewayError("server", "Cannot serve the request: no target is left"),
      };
  }
}

function estimated(exchange: Exchange, inbound: Inbound): LocalAnswer {
  const model = exchange.lastAttempt?.target.model ??
    exchange.decision?.excluded[0]?.target.model ?? exchange.requestedModel;
  try {
    const tokens = estimateRequestTokens(inbound.json(), tokenFamilyOf(model));
    const count = exchange.protocol === "responses"
      ? { object: "response.input_tokens", input_tokens: tokens }
      : { input_tokens: tokens };
    const headers = pushOwnHeaders(exchange, [
      "content-type",
      "application/json",
      "x-signalbox-estimated",
      "true",
    ]);
    return { kind: "answered", headers, body: JSON.stringify(count) };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { kind: "refused", error: error.error };
  }
}
