/** Reads a checked responses body. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import {
  contentText,
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

/** Reads what a responses body asks for. */
export function responsesTask(body: JsonObject): Task {
  const items = objectsOf(body.input);
  const lastUser = items.findLast(({ role }) => role === "user");
  const { choice, allowed } = responsesChoice(body.tool_choice);
  return {
    model: textOf(body.model),
    stream: body.stream === true,
    inputTokens: responsesTokens(body),
    lastUserText: typeof body.input === "string"
      ? body.input
      : contentText(lastUser?.content),
    tools: objectsOf(body.tools).flatMap(responsesTool)
      .filter((tool) => allowed === null || allowed.includes(tool.name)),
    choice,
    parallel: body.parallel_tool_calls !== false,
    results: responsesResults(items),
    maxTokens: numberOf(body.max_output_tokens),
    stop: [],
    format: responsesFormat(body),
    reasoning: responsesReasoning(objectOf(body.reasoning)),
    cache: typeof body.prompt_cache_key === "string" ? { hour: false } : null,
  };
}

/** Estimates the tokens of everything that a responses body has the model read. */
export function responsesTokens(body: JsonObject): number {
  return promptTokens([
    body.instructions ?? null,
    body.input ?? null,
    body.tools ?? null,
    body.text ?? null,
  ]);
}

function responsesTool(tool: JsonObject): TaskTool[] {
  const name = textOf(tool.name);
  switch (tool.type) {
    case "function": {
      const parameters = tool.parameters ?? undefined;
      return [{ name, kind: "function", parameters }];
    }
    case "custom":
      return [{ name, kind: "custom", parameters: undefined }];
    default:
      // What runs at the provider is accepted and never used.
      return [];
  }
}

function responsesChoice(
  value: JsonValue | undefined,
): { choice: TaskChoice; allowed: readonly string[] | null } {
  if (value === "none" || value === "required") {
    return { choice: { kind: value }, allowed: null };
  }
  if (!isJsonObject(value)) return { choice: { kind: "auto" }, allowed: null };
  if (value.type === "allowed_tools") {
    const allowed = objectsOf(value.tools).map(({ name }) => textOf(name));
    const kind = value.mode === "required" ? "required" : "auto";
    return { choice: { kind }, allowed };
  }
  const { type, name } = value;
  return type === "function" || type === "custom"
    ? { choice: { kind: "tool", name: textOf(name) }, allowed: null }
    : { choice: { kind: "auto" }, allowed: null };
}

function responsesResults(items: readonly JsonObject[]): ToolOutcome[] {
  const from =
    items.findLastIndex(({ type }) => !textOf(type).endsWith("_call_output")) +
    1;
  return items.slice(from).map((item) => {
    const id = textOf(item.call_id);
    const call = items.find((one) =>
      one.call_id === id && typeof one.name === "string"
    );
    return {
      name: textOf(call?.name) || id,
      text: contentText(item.output),
      isError: false,
    };
  });
}

function responsesFormat(body: JsonObject): TaskFormat | null {
  const format = objectOf(objectOf(body.text).format);
  if (format.type === "json_object") return { kind: "object" };
  return format.type === "json_schema"
    ? { kind: "schema", schema: format.schema }
    : null;
}

function responsesReasoning(reasoning: JsonObject): TaskReasoning | null {
  const { effort, summary } = reasoning;
  if (effort === "none") return null;
  const asked = typeof effort === "string" || typeof summary === "string";
  return asked ? { effort: textOf(effort) || null, budgetTokens: null } : null;
}
