/**
 * Tools and tool choices of Chat Completions, read and written; the deprecated
 * `functions` and `function_call` are read as tools.
 *
 * @module
 */

import { invalidField } from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { Tool, ToolChoice } from "../canonical.ts";
import {
  booleanField,
  objectField,
  objectsField,
  requiredText,
  textField,
  wrongField,
} from "../fields.ts";
import type { TargetProfile } from "../protocol.ts";
import type { ToolNameMap } from "../tool_names.ts";
import { decodeCacheHint, encodeCacheHint } from "./content_parts.ts";

/** Reads `tools`, and `functions` where there are no tools. */
export function decodeTools(body: JsonObject): Tool[] {
  const tools = objectsField(body, "tools").map((tool, index) =>
    decodeTool(tool, `tools[${index}]`)
  );
  if (tools.length > 0) return tools;
  return objectsField(body, "functions").map((definition, index) =>
    decodeFunction(definition, {}, `functions[${index}]`)
  );
}

function decodeTool(tool: JsonObject, path: string): Tool {
  const type = textField(tool, "type", `${path}.type`) ?? "function";
  if (type === "function") {
    const definition = objectField(tool, "function", `${path}.function`) ?? {};
    return decodeFunction(definition, tool, `${path}.function`);
  }
  if (type !== "custom") {
    return { kind: "native", protocol: "chat", value: tool };
  }
  const custom = objectField(tool, "custom", `${path}.custom`) ?? {};
  return {
    kind: "custom",
    name: requiredText(custom, "name", `${path}.custom.name`),
    description: textField(custom, "description", `${path}.custom.description`),
    format: flatFormat(
      objectField(custom, "format", `${path}.custom.format`),
    ),
  };
}

/** Chat holds a grammar in an object of its own; the canonical form is that of responses. */
function flatFormat(format: JsonObject | null): JsonObject | null {
  if (!isJsonObject(format?.grammar)) return format;
  const { grammar, ...rest } = format;
  return { ...rest, ...grammar };
}

function nestedFormat(format: JsonObject): JsonObject {
  if (format.type !== "grammar" || format.grammar !== undefined) return format;
  const { type, ...grammar } = format;
  return { type, grammar };
}

function decodeFunction(
  definition: JsonObject,
  tool: JsonObject,
  path: string,
): Tool {
  return {
    kind: "function",
    name: requiredText(definition, "name", `${path}.name`),
    description: textField(definition, "description", `${path}.description`),
    parameters: objectField(definition, "parameters", `${path}.parameters`),
    strict: booleanField(definition, "strict", `${path}.strict`),
    cache: decodeCacheHint(tool) ?? decodeCacheHint(definition),
  };
}

/** Reads `tool_choice`, and `function_call` where there is none. */
export function decodeToolChoice(body: JsonObject): ToolChoice | null {
  const choice = body.tool_choice ?? null;
  if (choice !== null) return decodeChoice(choice, "tool_choice");
  const legacy = body.function_call ?? null;
  if (isJsonObject(legacy)) {
    return {
      kind: "tool",
      name: requiredText(legacy, "name", "function_call.name"),
      custom: false,
    };
  }
  return legacy === null ? null : decodeChoice(legacy, "function_call");
}

function decodeChoice(choice: JsonValue, path: string): ToolChoice {
  if (choice === "auto" || choice === "none" || choice === "required") {
    return { kind: choice };
  }
  // Mistral's word for it.
  if (choice === "any") return { kind: "required" };
  if (!isJsonObject(choice)) {
    throw wrongField(path, choice, '"auto", "none", "required" or an object');
  }
  if (choice.type === "allowed_tools") return decodeAllowed(choice, path);
  const custom = choice.type === "custom";
  const key = custom ? "custom" : "function";
  const named = objectField(choice, key, `${path}.${key}`);
  if (named === null) {
    throw wrongField(
      path,
      choice,
      'an object with "function", "custom" or "allowed_tools"',
    );
  }
  return {
    kind: "tool",
    name: requiredText(named, "name", `${path}.${key}.name`),
    custom,
  };
}

function decodeAllowed(choice: JsonObject, path: string): ToolChoice {
  const allowed =
    objectField(choice, "allowed_tools", `${path}.allowed_tools`) ??
      choice;
  const names = objectsField(allowed, "tools", `${path}.allowed_tools.tools`)
    .map(
      (tool, index) => {
        const at = `${path}.allowed_tools.tools[${index}]`;
        const key = tool.type === "custom" ? "custom" : "function";
        const named = objectField(tool, key, `${at}.${key}`) ?? tool;
        return requiredText(named, "name", `${at}.${key}.name`);
      },
    );
  return {
    kind: "allowed",
    mode: allowed.mode === "required" ? "required" : "auto",
    names,
  };
}

/**
 * Writes `tools`.
 * @throws {RequestError} for a tool that another protocol's provider runs
 */
export function encodeTools(
  tools: readonly Tool[],
  names: ToolNameMap,
  target: TargetProfile,
): JsonObject[] {
  return tools.map((tool, index): JsonObject => {
    if (tool.kind === "native") return encodeNativeTool(tool, index, target);
    const definition: JsonObject = { name: names.upstreamName(tool.name) };
    if (tool.description !== null) definition.description = tool.description;
    if (tool.kind === "custom") {
      if (tool.format !== null) {
        definition.format = nestedFormat(tool.format);
      }
      return { type: "custom", custom: definition };
    }
    if (tool.parameters !== null) definition.parameters = tool.parameters;
    if (tool.strict !== null) definition.strict = tool.strict;
    return {
      type: "function",
      function: definition,
      ...(target.cacheControl ? encodeCacheHint(tool.cache) : {}),
    };
  });
}

function encodeNativeTool(
  tool: Tool & { kind: "native" },
  index: number,
  target: TargetProfile,
): JsonObject {
  if (tool.protocol === "chat") return tool.value;
  throw invalidField(
    `tools[${index}]`,
    `Cannot send tools[${index}] to ${target.provider}/${target.model}: the chat protocol has no counterpart of ${
      JSON.stringify(tool.value.type ?? tool.value.name ?? null)
    }; remove it or choose a ${tool.protocol} provider`,
    "unsupported_value",
  );
}

/** A choice as written, and the tools that it leaves. */
export type EncodedChoice = {
  readonly choice: JsonValue;
  readonly tools: readonly Tool[];
};

/**
 * Writes `tool_choice`. `allowed` is OpenAI's own: elsewhere the other tools
 * are left out instead.
 * @throws {RequestError} for a forced choice on a model that takes none
 */
export function encodeToolChoice(
  choice: ToolChoice,
  tools: readonly Tool[],
  names: ToolNameMap,
  target: TargetProfile,
  isOpenAi: boolean,
): EncodedChoice {
  const forced = choice.kind === "tool" || choice.kind === "required" ||
    (choice.kind === "allowed" && choice.mode === "required");
  if (forced && target.capabilities.forcedToolChoice === false) {
    throw invalidField(
      "tool_choice",
      `Cannot send tool_choice to ${target.provider}/${target.model}: the model takes no forced tool call; use auto or none`,
      "unsupported_value",
    );
  }
  switch (choice.kind) {
    case "auto":
    case "required":
    case "none":
      return { choice: choice.kind, tools };
    case "tool":
      return {
        choice: namedTool(names.upstreamName(choice.name), choice.custom),
        tools,
      };
    case "allowed":
      return encodeAllowed(choice, tools, names, isOpenAi);
  }
}

function namedTool(name: string, custom: boolean): JsonObject {
  return custom
    ? { type: "custom", custom: { name } }
    : { type: "function", function: { name } };
}

function encodeAllowed(
  choice: ToolChoice & { kind: "allowed" },
  tools: readonly Tool[],
  names: ToolNameMap,
  isOpenAi: boolean,
): EncodedChoice {
  const allowed = new Set(choice.names);
  if (!isOpenAi) {
    const left = tools.filter((tool) =>
      tool.kind === "native" || allowed.has(tool.name)
    );
    // With nothing left to call, no call may come.
    if (left.length === 0) return { choice: "none", tools };
    return { choice: choice.mode, tools: left };
  }
  const custom = new Set(
    tools.flatMap((tool) => tool.kind === "custom" ? [tool.name] : []),
  );
  return {
    choice: {
      type: "allowed_tools",
      allowed_tools: {
        mode: choice.mode,
        tools: choice.names.map((name) =>
          namedTool(names.upstreamName(name), custom.has(name))
        ),
      },
    },
    tools,
  };
}
