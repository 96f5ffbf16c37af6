/** Tools and tool choices of OpenAI Responses, both ways. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { Tool, ToolChoice } from "../canonical.ts";
import type { ToolNameMap } from "../tool_names.ts";
import {
  booleanField,
  objectField,
  requiredText,
  textField,
  wrongField,
} from "../fields.ts";
import type { Losses } from "./losses.ts";

/** Reads one tool; hosted and built-in ones stay native. */
export function decodeTool(tool: JsonObject, path: string): Tool {
  switch (requiredText(tool, "type", `${path}.type`)) {
    case "function":
      return {
        kind: "function",
        name: requiredText(tool, "name", `${path}.name`),
        description: textField(tool, "description", `${path}.description`),
        parameters: objectField(tool, "parameters", `${path}.parameters`),
        strict: booleanField(tool, "strict", `${path}.strict`),
        cache: null,
      };
    case "custom":
      return {
        kind: "custom",
        name: requiredText(tool, "name", `${path}.name`),
        description: textField(tool, "description", `${path}.description`),
        format: objectField(tool, "format", `${path}.format`),
      };
    default:
      return { kind: "native", protocol: "responses", value: tool };
  }
}

/**
 * Reads `tool_choice`. `undefined` stands for a choice that only this protocol
 * can say (a hosted tool, or a subset with one).
 */
export function decodeToolChoice(
  choice: JsonValue | undefined,
): ToolChoice | null | undefined {
  if (choice === undefined || choice === null) return null;
  if (choice === "auto" || choice === "required" || choice === "none") {
    return { kind: choice };
  }
  if (!isJsonObject(choice)) {
    throw wrongField(
      "tool_choice",
      choice,
      "auto, required, none or an object",
    );
  }
  switch (choice.type) {
    case "function":
    case "custom":
      return {
        kind: "tool",
        name: requiredText(choice, "name", "tool_choice.name"),
        custom: choice.type === "custom",
      };
    case "allowed_tools":
      return decodeAllowedTools(choice);
    default:
      return undefined;
  }
}

function decodeAllowedTools(choice: JsonObject): ToolChoice | undefined {
  if (!Array.isArray(choice.tools)) {
    throw wrongField("tool_choice.tools", choice.tools, "an array of tools");
  }
  const names: string[] = [];
  for (const tool of choice.tools) {
    if (!isJsonObject(tool) || typeof tool.name !== "string") return undefined;
    if (tool.type !== "function" && tool.type !== "custom") return undefined;
    names.push(tool.name);
  }
  const mode = choice.mode === "required" ? "required" : "auto";
  return { kind: "allowed", mode, names };
}

/**
 * Builds the tools.
 * @throws {RequestError} for a tool that another protocol's server runs
 */
export function encodeTools(
  tools: readonly Tool[],
  names: ToolNameMap,
  losses: Losses,
): JsonObject[] {
  return tools.map((tool, index) => {
    switch (tool.kind) {
      case "function":
        if (tool.cache !== null) {
          losses.add("cache_control", "the target caches prompts by itself");
        }
        return {
          type: "function",
          name: names.upstreamName(tool.name),
          ...(tool.description === null
            ? {}
            : { description: tool.description }),
          parameters: tool.parameters,
          // A missing `strict` means strict here: the API would rewrite the schema.
          strict: tool.strict ?? false,
        };
      case "custom":
        return {
          type: "custom",
          name: names.upstreamName(tool.name),
          ...(tool.description === null
            ? {}
            : { description: tool.description }),
          ...(tool.format === null ? {} : { format: tool.format }),
        };
      case "native":
        if (tool.protocol === "responses") return tool.value;
        throw invalidField(
          `tools[${index}]`,
          `Cannot send tools[${index}] to a responses provider: a ${tool.protocol} server runs ${
            JSON.stringify(tool.value.type ?? tool.value.name ?? null)
          }; define it as a function, or choose a ${tool.protocol} provider`,
          "unsupported_tool",
        );
    }
  });
}

/** Builds `tool_choice`. */
export function encodeToolChoice(
  choice: ToolChoice,
  tools: readonly Tool[],
  names: ToolNameMap,
): JsonValue {
  switch (choice.kind) {
    case "tool":
      return {
        type: choice.custom ? "custom" : "function",
        name: names.upstreamName(choice.name),
      };
    case "allowed":
      return {
        type: "allowed_tools",
        mode: choice.mode,
        tools: choice.names.map((name) => ({
          type: typeOf(name, tools),
          name: names.upstreamName(name),
        })),
      };
    default:
      return choice.kind;
  }
}

function typeOf(name: string, tools: readonly Tool[]): "function" | "custom" {
  const found = tools.find((tool) =>
    tool.kind !== "native" && tool.name === name
  );
  return found?.kind === "custom" ? "custom" : "function";
}
