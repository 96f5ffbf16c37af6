/** Finish reasons of Chat Completions to the canonical kinds and back. @module */

import type { Finish, FinishKind } from "../canonical.ts";

const KINDS: ReadonlyMap<string, FinishKind> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  // Mistral and some proxies of the messages protocol.
  ["model_length", "length"],
  ["max_tokens", "length"],
  ["tool_calls", "tool-calls"],
  ["tool_use", "tool-calls"],
  ["function_call", "tool-calls"],
  ["content_filter", "content-filter"],
  // GLM.
  ["sensitive", "content-filter"],
  ["network_error", "error"],
  // OpenRouter, DeepSeek, Gemini.
  ["error", "error"],
  ["insufficient_system_resource", "error"],
  ["malformed_function_call", "error"],
]);

/** What was seen beside the finish reason. */
export interface FinishFacts {
  /** Whether a whole tool call came. */
  readonly toolCalls: boolean;
  /** Whether a refusal came. */
  readonly refusal: boolean;
  /** vLLM's `stop_reason`: the stop sequence that was hit. */
  readonly stopSequence: string | null;
}

/** Reads a finish reason; one that is not known counts as a stop. */
export function decodeFinish(raw: string | null, facts: FinishFacts): Finish {
  const said = KINDS.get((raw ?? "stop").toLowerCase()) ?? "stop";
  return {
    kind: finishKind(said, facts),
    raw,
    stopSequence: said === "stop" ? facts.stopSequence : null,
    details: null,
  };
}

function finishKind(said: FinishKind, facts: FinishFacts): FinishKind {
  if (said !== "stop" && said !== "tool-calls") return said;
  // Qwen and vLLM parsers say `stop` after tool calls; others say
  // `tool_calls` although no call came whole, which no client can act on.
  if (facts.toolCalls) return "tool-calls";
  if (facts.refusal) return "refusal";
  return facts.stopSequence === null ? "stop" : "stop-sequence";
}

/** Gives the finish reason for a client. A refusal that stands in `message.refusal` stops plainly. */
export function encodeFinish(finish: Finish, hasRefusal: boolean): string {
  switch (finish.kind) {
    case "length":
      return "length";
    case "tool-calls":
      return "tool_calls";
    case "refusal":
      return hasRefusal ? "stop" : "content_filter";
    case "content-filter":
      return "content_filter";
    case "stop":
    case "stop-sequence":
    case "pause":
      return "stop";
    case "error":
      return "error";
  }
}
