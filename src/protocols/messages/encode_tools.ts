/** Tools and the tool choice of a request for a messages provider. @module */

import type { JsonObject } from "../../support/json.ts";
import type { CanonicalRequest, Tool, ToolChoice } from "../canonical.ts";
import { withCacheControl } from "./cache_control.ts";
import type { Encoding } from "./encoding.ts";
import { fitToolSchema } from "./schema.ts";

/** The tool fields of a body. */
export interface ToolFields {
  /** The tools. */
  tools?: JsonObject[];
  /** Which one must, may or may not be called. */
  tool_choice?: JsonObject;
}

/** Writes `tools` and `tool_choice`. @throws {RequestError} for tools without a counterpart and choices that the model refuses */
export function encodeTools(
  request: CanonicalRequest,
  encoding: Encoding,
): ToolFields {
  const choice = request.toolChoice;
  const tools = request.tools
    .map((tool, index) => ({ tool, index }))
    .filter(({ tool }) => isAllowed(tool, choice))
    .map(({ tool, index }) => encodeTool(tool, `tools[${index}]`, encoding));
  if (tools.length === 0) return withoutTools(request, encoding);
  const encoded = encodeToolChoice(choice, request.parallelToolCalls, encoding);
  return encoded === null ? { tools } : { tools, tool_choice: encoded };
}

/** Tells whether a tool choice makes the model call. */
export function isForced(choice: ToolChoice | null): boolean {
  return choice !== null &&
    (choice.kind === "required" || choice.kind === "tool" ||
      (choice.kind === "allowed" && choice.mode === "required"));
}

// The protocol has no subset of tools: only those allowed are sent.
function isAllowed(tool: Tool, choice: ToolChoice | null): boolean {
  if (choice?.kind !== "allowed" || tool.kind === "native") return true;
  return choice.names.includes(tool.name);
}

function encodeTool(tool: Tool, path: string, encoding: Encoding): JsonObject {
  if (tool.kind === "native") {
    if (tool.protocol === "messages") return tool.value;
    throw encoding.refuse(
      path,
      `the messages protocol has no counterpart of the ${
        String(tool.value.type)
      } tool`,
      "leave the tool out or choose a model whose provider offers it",
    );
  }
  if (tool.kind === "custom") {
    throw encoding.refuse(
      path,
      `the custom tool ${tool.name} takes free text and the messages protocol has only tools with a schema`,
      "define it as a function",
    );
  }
  const { schema, change } = fitToolSchema(tool.parameters);
  if (change !== null) encoding.lose(`${path}.parameters`, change);
  const encoded: JsonObject = {
    name: encoding.toolNames.upstreamName(tool.name),
  };
  if (tool.description !== null) encoded.description = tool.description;
  encoded.input_schema = schema;
  if (tool.strict === true) encoded.strict = true;
  return withCacheControl(encoded, tool.cache);
}

function encodeToolChoice(
  choice: ToolChoice | null,
  parallel: boolean | null,
  encoding: Encoding,
): JsonObject | null {
  if (
    isForced(choice) && encoding.target.capabilities.forcedToolChoice === false
  ) {
    throw encoding.refuse(
      "tool_choice",
      "the model does not take a forced tool choice",
      'use "auto" or another model',
    );
  }
  const serial = parallel === false;
  if (choice === null) {
    return serial ? { type: "auto", disable_parallel_tool_use: true } : null;
  }
  const encoded = choiceObject(choice, encoding);
  // The switch is refused on `none`, where it means nothing.
  if (serial && choice.kind !== "none") {
    encoded.disable_parallel_tool_use = true;
  }
  return encoded;
}

function choiceObject(choice: ToolChoice, encoding: Encoding): JsonObject {
  switch (choice.kind) {
    case "auto":
    case "none":
      return { type: choice.kind };
    case "required":
      return { type: "any" };
    case "allowed":
      return { type: choice.mode === "required" ? "any" : "auto" };
    case "tool":
      return {
        type: "tool",
        name: encoding.toolNames.upstreamName(choice.name),
      };
  }
}

function withoutTools(
  request: CanonicalRequest,
  encoding: Encoding,
): ToolFields {
  const choice = request.toolChoice;
  if (isForced(choice)) {
    throw encoding.refuse(
      "tool_choice",
      choice?.kind === "allowed"
        ? `none of the allowed tools (${
          choice.names.join(", ")
        }) is among the tools`
        : "it forces a tool call and there are no tools",
      "send the tool in tools",
    );
  }
  const called = calledNames(request);
  if (called.size === 0) return {};
  // Calls in the history without any tools are a 400 at the provider.
  return {
    tools: [...called].map((name) => ({
      name: encoding.toolNames.upstreamName(name),
      input_schema: { type: "object" },
    })),
    tool_choice: { type: "none" },
  };
}

function calledNames(request: CanonicalRequest): Set<string> {
  const names = new Set<string>();
  for (const turn of request.turns) {
    if (turn.role !== "assistant") continue;
    for (const block of turn.blocks) {
      if (block.type === "tool-call") names.add(block.name);
    }
  }
  return names;
}
