/** Status and incomplete details of OpenAI Responses to a finish and back. @module */

import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type { Finish, FinishKind } from "../canonical.ts";

/** What the output held, as far as it tells why generation stopped. */
export interface OutputFacts {
  /** Whether the model called a tool that the client runs. */
  readonly calls: boolean;
  /** Whether the model declined. */
  readonly refused: boolean;
}

/** Reads why a response stopped. A failed or cancelled one is `error` with its error as details. */
export function decodeFinish(response: JsonObject, facts: OutputFacts): Finish {
  const status = typeof response.status === "string" ? response.status : null;
  const reason = isJsonObject(response.incomplete_details)
    ? response.incomplete_details.reason
    : undefined;
  const raw = typeof reason === "string" ? reason : status;
  const finish = (kind: FinishKind): Finish => ({
    kind,
    raw,
    stopSequence: null,
    details: kind === "error" ? response.error ?? null : null,
  });
  if (status === "failed" || status === "cancelled") return finish("error");
  if (status === "incomplete" || typeof reason === "string") {
    return finish(reason === "content_filter" ? "content-filter" : "length");
  }
  if (facts.calls) return finish("tool-calls");
  return finish(facts.refused ? "refusal" : "stop");
}

/** How an answer ends on the wire. */
export interface EncodedFinish {
  /** The `status` of the response; `incomplete` also for the item that was cut. */
  readonly status: "completed" | "incomplete" | "failed";
  /** Its `incomplete_details`. */
  readonly incompleteDetails: JsonObject | null;
  /** Its `error`. */
  readonly error: JsonObject | null;
}

/** Builds status and details of an answer that stopped for `finish`. */
export function encodeFinish(
  finish: Finish,
  facts: OutputFacts,
): EncodedFinish {
  const incomplete = (reason: string): EncodedFinish => ({
    status: "incomplete",
    incompleteDetails: { reason },
    error: null,
  });
  switch (finish.kind) {
    case "length":
      return incomplete("max_output_tokens");
    case "content-filter":
      return incomplete("content_filter");
    case "error":
      return {
        status: "failed",
        incompleteDetails: null,
        error: encodeFailure(finish),
      };
    case "refusal":
      // A refusal part says it all; without one the status must.
      if (!facts.refused) return incomplete("content_filter");
  }
  return { status: "completed", incompleteDetails: null, error: null };
}

function encodeFailure(finish: Finish): JsonObject {
  const details = isJsonObject(finish.details) ? finish.details : {};
  return {
    code: typeof details.code === "string" ? details.code : "server_error",
    message: typeof details.message === "string"
      ? details.message
      : `The upstream's answer failed (${finish.raw ?? "no reason given"})`,
  };
}
