/** Reads a checked messages body. @module */

import type { JsonObject } from "../support/json.ts";
import {
  contentText,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
} from "./body_read.ts";
import { cacheControls } from "./messages_check.ts";
import { promptTokens } from "./prompt_tokens.ts";
import type {
  Task,
  TaskChoice,
  TaskFormat,
  TaskReasoning,
  TaskTool,
  ToolOutcome,
} from "./task.ts";

/** Reads what a messages body asks for. */
export function messagesTask(body: JsonObject): Task {
  const messages = objectsOf(body.messages);
  const lastUser = messages.findLast(({ role, content }) =>
    role === "user" && contentText(content) !== ""
  );
  const caches = cacheControls(body);
  const choice = objectOf(body.tool_choice);
  return {
    model: textOf(body.model),
    stream: body.stream === true,
    inputTokens: messagesTokens(body),
    lastUserText: contentText(lastUser?.content),
    tools: objectsOf(body.tools).flatMap(messagesTool),
    choice: messagesChoice(choice),
    parallel: choice.disable_parallel_tool_use !== true,
    results: messagesResults(messages),
    maxTokens: numberOf(body.max_tokens),
    stop: listOf(body.stop_sequences).map(String),
    format: messagesFormat(body),
    reasoning: messagesReasoning(body),
    cache: caches.length === 0
      ? null
      : { hour: caches.some(({ ttl }) => ttl === "1h") },
  };
}

/** Estimates the tokens of everything that a messages body has the model read. */
export function messagesTokens(body: JsonObject): number {
  return promptTokens([
    body.system ?? null,
    body.messages ?? null,
    body.tools ?? null,
  ]);
}

function messagesTool(tool: JsonObject): TaskTool[] {
  if (tool.type !== undefined && tool.type !== "custom") return [];
  const { name, input_schema: parameters } = tool;
  return [{ name: textOf(name), kind: "function", parameters }];
}

function messagesChoice(choice: JsonObject): TaskChoice {
  switch (choice.type) {
    case "any":
      return { kind: "required" };
    case "tool":
      return { kind: "tool", name: textOf(choice.name) };
    case "none":
      return { kind: "none" };
    default:
      return { kind: "auto" };
  }
}

function messagesResults(messages: readonly JsonObject[]): ToolOutcome[] {
  const last = messages.at(-1);
  if (last?.role !== "user") return [];
  const calls = messages.filter(({ role }) => role === "assistant")
    .flatMap(({ content }) => objectsOf(content));
  return objectsOf(last.content).filter(({ type }) => type === "tool_result")
    .map((block) => {
      const id = textOf(block.tool_use_id);
      const call = calls.find((one) =>
        one.type === "tool_use" && one.id === id
      );
      return {
        name: textOf(call?.name) || id,
        text: contentText(block.content),
        isError: block.is_error === true,
      };
    });
}

function messagesFormat(body: JsonObject): TaskFormat | null {
  const { format } = objectOf(body.output_config);
  const { type, schema } = objectOf(format);
  return type === "json_schema" ? { kind: "schema", schema } : null;
}

function messagesReasoning(body: JsonObject): TaskReasoning | null {
  const { type, budget_tokens: budget } = objectOf(body.thinking);
  if (type !== "enabled" && type !== "adaptive") return null;
  const effort = textOf(objectOf(body.output_config).effort) || null;
  return { effort, budgetTokens: numberOf(budget) };
}
