/** The fields of a response that echo the request, and those that are always there. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

// What stands in a response where the request does not say otherwise.
const DEFAULTS: readonly (readonly [string, JsonValue])[] = [
  ["background", false],
  ["frequency_penalty", 0],
  ["instructions", null],
  ["max_output_tokens", null],
  ["max_tool_calls", null],
  ["metadata", {}],
  ["parallel_tool_calls", true],
  ["presence_penalty", 0],
  ["previous_response_id", null],
  ["prompt_cache_key", null],
  ["safety_identifier", null],
  ["store", true],
  ["temperature", 1],
  ["tool_choice", "auto"],
  ["tools", []],
  ["top_logprobs", 0],
  ["top_p", 1],
  ["truncation", "disabled"],
  ["user", null],
];

/** Builds a response without output that has every field a client may read. */
export function responseShell(
  id: string,
  body: JsonObject,
  nowMs: number,
): JsonObject {
  const shell: JsonObject = {
    id,
    object: "response",
    created_at: Math.floor(nowMs / 1000),
    status: "in_progress",
    completed_at: null,
    error: null,
    incomplete_details: null,
    model: body.model,
    output: [],
    service_tier: "default",
    usage: null,
  };
  for (const [name, value] of DEFAULTS) shell[name] = body[name] ?? value;
  const { reasoning, text } = body;
  shell.reasoning = {
    effort: null,
    summary: null,
    ...(isJsonObject(reasoning) ? reasoning : {}),
  };
  shell.text = {
    format: { type: "text" },
    verbosity: "medium",
    ...(isJsonObject(text) ? text : {}),
  };
  return shell;
}
