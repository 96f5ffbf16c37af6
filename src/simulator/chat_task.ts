/** Reads a checked chat body. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import {
  contentText,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
} from "./body_read.ts";
import { promptTokens } from "./prompt_tokens.ts";
import type {
  Task,
  TaskChoice,
  TaskFormat,
  TaskReasoning,
  TaskTool,
  ToolOutcome,
} from "./task.ts";

/** Reads what a chat body asks for. */
export function chatTask(body: JsonObject): Task {
  const messages = objectsOf(body.messages);
  const { choice, allowed } = chatChoice(body.tool_choice);
  const tools = objectsOf(body.tools).map(chatTool)
    .filter((tool) => allowed === null || allowed.includes(tool.name));
  const stop = typeof body.stop === "string" ? [body.stop] : listOf(body.stop);
  const lastUser = messages.findLast(({ role }) => role === "user");
  return {
    model: textOf(body.model),
    stream: body.stream === true,
    inputTokens: promptTokens([
      body.messages ?? null,
      body.tools ?? null,
      body.response_format ?? null,
    ]),
    lastUserText: contentText(lastUser?.content),
    tools,
    choice,
    parallel: body.parallel_tool_calls !== false,
    results: chatResults(messages),
    maxTokens: numberOf(body.max_completion_tokens) ??
      numberOf(body.max_tokens),
    stop: stop.map(String),
    format: chatFormat(objectOf(body.response_format)),
    reasoning: chatReasoning(body),
    cache: chatCache(body, messages),
  };
}

function chatTool(tool: JsonObject): TaskTool {
  if (tool.type === "custom") {
    const name = textOf(objectOf(tool.custom).name);
    return { name, kind: "custom", parameters: undefined };
  }
  const { name, parameters } = objectOf(tool.function);
  return {
    name: textOf(name),
    kind: "function",
    parameters: parameters ?? undefined,
  };
}

function chatChoice(
  value: JsonValue | undefined,
): { choice: TaskChoice; allowed: readonly string[] | null } {
  if (value === "none" || value === "required") {
    return { choice: { kind: value }, allowed: null };
  }
  if (!isJsonObject(value)) return { choice: { kind: "auto" }, allowed: null };
  if (value.type === "allowed_tools") {
    const { mode, tools } = objectOf(value.allowed_tools);
    const allowed = objectsOf(tools).map((tool) =>
      textOf(objectOf(tool[textOf(tool.type)]).name)
    );
    const kind = mode === "required" ? "required" : "auto";
    return { choice: { kind }, allowed };
  }
  const { name } = objectOf(value[textOf(value.type)]);
  return { choice: { kind: "tool", name: textOf(name) }, allowed: null };
}

function chatResults(messages: readonly JsonObject[]): ToolOutcome[] {
  const from = messages.findLastIndex(({ role }) => role !== "tool") + 1;
  const calls = objectsOf(messages[from - 1]?.tool_calls);
  return messages.slice(from).map((message) => {
    const id = textOf(message.tool_call_id);
    const call = calls.find((one) => one.id === id);
    const name = call && objectOf(call[textOf(call.type) || "function"]).name;
    return {
      name: textOf(name) || id,
      text: contentText(message.content),
      isError: false,
    };
  });
}

function chatFormat(format: JsonObject): TaskFormat | null {
  if (format.type === "json_object") return { kind: "object" };
  if (format.type !== "json_schema") return null;
  return { kind: "schema", schema: objectOf(format.json_schema).schema };
}

// `reasoning` is OpenRouter's dialect, `thinking` that of several others.
function chatReasoning(body: JsonObject): TaskReasoning | null {
  const reasoning = objectOf(body.reasoning);
  const effort = body.reasoning_effort ?? reasoning.effort;
  if (typeof effort === "string") {
    return effort === "none" ? null : { effort, budgetTokens: null };
  }
  const budgetTokens = numberOf(reasoning.max_tokens);
  const enabled = reasoning.enabled === true || budgetTokens !== null ||
    objectOf(body.thinking).type === "enabled";
  return enabled ? { effort: null, budgetTokens } : null;
}

// A cache is used where the request points at one: `prompt_cache_key`, or the
// `cache_control` of the dialects that take it on parts.
function chatCache(
  body: JsonObject,
  messages: readonly JsonObject[],
): { hour: boolean } | null {
  const marked = messages.some(({ cache_control: own, content }) =>
    own !== undefined ||
    objectsOf(content).some((part) => part.cache_control !== undefined)
  );
  return typeof body.prompt_cache_key === "string" || marked
    ? { hour: false }
    : null;
}
