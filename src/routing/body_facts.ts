/** What a body says of itself, read off the JSON of each protocol; wrong types read as unsaid. @module */

import type { ProtocolName } from "../exchange/names.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

/** A tool that a request offers. */
export interface ToolFact {
  /** Its name, "" where it has none. */
  readonly name: string;
  /** Its type in the words of the protocol; `function` where none is said. */
  readonly type: string;
}

/** The value of a field, `undefined` where there is none. */
export type FieldValue = JsonValue | undefined;

/** Lists the tools of `tools`. */
export function toolsIn(tools: FieldValue): ToolFact[] {
  if (!Array.isArray(tools)) return [];
  return tools.filter(isJsonObject).map((tool) => {
    const inner = tool["function"] ?? tool["custom"];
    const named = isJsonObject(inner) ? inner : tool;
    return {
      name: textOf(named["name"]) || textOf(named["server_label"]),
      type: textOf(tool["type"]) || "function",
    };
  });
}

/** Whether `tool_choice` (or `function_call`) leaves the model no choice but to call. */
export function forcesTool(choice: FieldValue): boolean {
  if (choice === "required" || choice === "any") return true;
  if (!isJsonObject(choice)) return false;
  switch (choice["type"]) {
    case "auto":
    case "none":
      return false;
    case "allowed_tools": {
      const allowed = choice["allowed_tools"];
      const mode = isJsonObject(allowed) ? allowed["mode"] : choice["mode"];
      return mode === "required";
    }
    default:
      return true;
  }
}

/** The fields that {@linkcode asksToThink} reads. */
export const THINKING_FIELDS: readonly string[] = [
  "thinking",
  "reasoning",
  "reasoning_effort",
  "enable_thinking",
  "thinking_budget",
];

/** Whether a request asks for thinking, in any protocol or dialect of it. */
export function asksToThink(field: (name: string) => FieldValue): boolean {
  const effort = textOf(field("reasoning_effort"));
  if (effort !== "") return effort !== "none";
  const thinking = field("thinking");
  if (isJsonObject(thinking)) {
    const type = textOf(thinking["type"]);
    return type !== "disabled" && type !== "";
  }
  const reasoning = field("reasoning");
  if (isJsonObject(reasoning)) return asksToReason(reasoning);
  const budget = field("thinking_budget");
  return field("enable_thinking") === true ||
    (typeof budget === "number" && budget > 0);
}

function asksToReason(reasoning: JsonObject): boolean {
  if (reasoning["enabled"] === false) return false;
  const effort = textOf(reasoning["effort"]);
  if (effort !== "") return effort !== "none";
  const budget = reasoning["max_tokens"];
  return reasoning["enabled"] === true || textOf(reasoning["summary"]) !== "" ||
    (typeof budget === "number" && budget > 0);
}

const IMAGE_TYPES: ReadonlySet<string> = new Set([
  "image",
  "image_url",
  "input_image",
  "computer_screenshot",
]);

/** Whether there is a picture in `messages` or `input`, tool results included. */
export function hasImage(conversation: FieldValue): boolean {
  const stack: FieldValue[] = [conversation];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === "object") stack.push(item);
    } else if (isJsonObject(value)) {
      if (IMAGE_TYPES.has(textOf(value["type"]))) return true;
      // Nowhere else: the arguments of a call may look like anything.
      for (const key of ["content", "output"]) {
        const inner = value[key];
        if (typeof inner === "object" && inner !== null) stack.push(inner);
      }
    }
  }
  return false;
}

/** The fields that {@linkcode outputLimit} reads. */
export const LIMIT_FIELDS: readonly string[] = [
  "max_completion_tokens",
  "max_tokens",
  "max_output_tokens",
];

/** The names of the limit in each protocol: one of another protocol limits nothing. */
const LIMITS_OF: { readonly [P in ProtocolName]: readonly string[] } = {
  chat: ["max_completion_tokens", "max_tokens"],
  messages: ["max_tokens"],
  responses: ["max_output_tokens"],
};

/** The output limit that a request asks for, of two the larger one; `null` if it says none. */
export function outputLimit(
  protocol: ProtocolName,
  field: (name: string) => FieldValue,
): number | null {
  let limit: number | null = null;
  for (const name of LIMITS_OF[protocol]) {
    const value = field(name);
    if (typeof value === "number") limit = Math.max(value, limit ?? 0);
  }
  return limit;
}

/** The fields that {@linkcode setsSampling} reads. */
export const SAMPLING_FIELDS: readonly string[] = [
  "temperature",
  "top_p",
  "top_k",
];

/** Whether a request sets a sampling knob. */
export function setsSampling(field: (name: string) => FieldValue): boolean {
  return SAMPLING_FIELDS.some((name) => typeof field(name) === "number");
}

/**
 * The beginning that all requests of one conversation share: instructions,
 * tools and the turns up to the first of the user. `null` if there is nothing.
 */
export function conversationPrefix(body: JsonObject): JsonValue | null {
  const turns = body["messages"] ?? body["input"];
  const first = Array.isArray(turns) ? firstTurns(turns) : turns ?? null;
  if (first === null || (Array.isArray(first) && first.length === 0)) {
    return null;
  }
  return [
    body["system"] ?? null,
    body["instructions"] ?? null,
    body["tools"] ?? body["functions"] ?? null,
    first,
  ];
}

function firstTurns(turns: readonly JsonValue[]): JsonValue[] {
  const user = turns.findIndex((turn) =>
    isJsonObject(turn) && turn["role"] === "user"
  );
  return turns.slice(0, user < 0 ? 1 : user + 1);
}

function textOf(value: FieldValue): string {
  return typeof value === "string" ? value : "";
}
