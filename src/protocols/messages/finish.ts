/** Stop reasons, in both directions. @module */

import { isJsonObject, type JsonValue } from "../../support/json.ts";
import type { Finish, FinishKind } from "../canonical.ts";

const KIND_OF_REASON: ReadonlyMap<string, FinishKind> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop-sequence"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool-calls"],
  ["refusal", "refusal"],
  ["pause_turn", "pause"],
]);

const REASON_OF_KIND: { readonly [K in FinishKind]: string } = {
  "stop": "end_turn",
  "stop-sequence": "stop_sequence",
  "length": "max_tokens",
  "tool-calls": "tool_use",
  "refusal": "refusal",
  "content-filter": "refusal",
  "pause": "pause_turn",
  "error": "end_turn",
};

/** The fields of a message or of `message_delta.delta` that say why it stopped. */
export interface StopFields {
  /** The stop reason. */
  readonly stop_reason?: JsonValue;
  /** The stop sequence that was hit. */
  readonly stop_sequence?: JsonValue;
  /** Details of a refusal. */
  readonly stop_details?: JsonValue;
}

/** Reads why generation stopped. Calls win over a plain end: some servers say `end_turn` with them. */
export function decodeFinish(
  fields: StopFields,
  hasToolCalls: boolean,
): Finish {
  const { stop_reason, stop_sequence, stop_details } = fields;
  const raw = typeof stop_reason === "string" ? stop_reason : null;
  const kind = KIND_OF_REASON.get(raw ?? "end_turn") ?? "stop";
  return {
    kind: kind === "stop" && hasToolCalls ? "tool-calls" : kind,
    raw,
    stopSequence: typeof stop_sequence === "string" ? stop_sequence : null,
    details: stop_details ?? null,
  };
}

/** Writes why generation stopped: `stop_reason`, `stop_sequence` and, for a refusal, `stop_details`. */
export function encodeFinish(
  finish: Finish,
  hasToolCalls: boolean,
  hasRefusal: boolean,
): {
  stop_reason: string;
  stop_sequence: string | null;
  stop_details?: JsonValue;
} {
  const stop_sequence = finish.kind === "stop-sequence"
    ? finish.stopSequence
    : null;
  if (finish.kind === "refusal" || finish.kind === "content-filter") {
    return !isJsonObject(finish.details) || finish.details.type !== "refusal"
      ? { stop_reason: "refusal", stop_sequence }
      : { stop_reason: "refusal", stop_sequence, stop_details: finish.details };
  }
  return {
    stop_reason: reasonOf(finish, hasToolCalls, hasRefusal),
    stop_sequence,
  };
}

function reasonOf(
  finish: Finish,
  hasToolCalls: boolean,
  hasRefusal: boolean,
): string {
  if (finish.kind === "stop" && hasToolCalls) return "tool_use";
  if (finish.kind === "stop" && hasRefusal) return "refusal";
  if (finish.raw === "model_context_window_exceeded") return finish.raw;
  return REASON_OF_KIND[finish.kind];
}
