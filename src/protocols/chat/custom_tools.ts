/**
 * Custom tools for providers that know functions only: a custom tool takes
 * free text, so it goes out as a function with one string, and its calls come
 * back with the text that was in it.
 *
 * @module
 */

import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type {
  CanonicalRequest,
  Loss,
  OutputBlock,
  Tool,
  Turn,
} from "../canonical.ts";

/** A request without custom tools and calls, and what had to be done for it. */
export interface EmulatedRequest {
  /** The request with functions in their place. */
  readonly request: CanonicalRequest;
  /** Names of the tools that were custom. */
  readonly customTools: ReadonlySet<string>;
  /** Grammars that nobody enforces now. */
  readonly losses: readonly Loss[];
}

/** Writes custom tools and calls of a request as functions. */
export function emulateCustomTools(request: CanonicalRequest): EmulatedRequest {
  const { toolChoice } = request;
  const losses: Loss[] = [];
  const customTools = new Set<string>();
  const tools = request.tools.map((tool, index) => {
    if (tool.kind !== "custom") return tool;
    customTools.add(tool.name);
    if (tool.format?.type === "grammar") {
      losses.push({
        field: `tools[${index}].format`,
        reason:
          "the model is told the grammar, but the provider does not hold it to it",
      });
    }
    return asFunction(tool);
  });
  return {
    request: {
      ...request,
      tools,
      turns: request.turns.map(withFunctionCalls),
      toolChoice: toolChoice?.kind === "tool"
        ? { ...toolChoice, custom: false }
        : toolChoice,
    },
    customTools,
    losses,
  };
}

function asFunction(tool: Tool & { kind: "custom" }): Tool {
  return {
    kind: "function",
    name: tool.name,
    description: describe(tool),
    parameters: {
      type: "object",
      properties: {
        input: { type: "string", description: "The whole input, as raw text" },
      },
      required: ["input"],
      additionalProperties: false,
    },
    strict: null,
    cache: null,
  };
}

/** The description, and the grammar, which else the model would never learn of. */
function describe({ description, format }: Tool & { kind: "custom" }) {
  const { type, syntax, definition } = format ?? {};
  if (type !== "grammar" || typeof definition !== "string") return description;
  const kind = typeof syntax === "string" ? ` ${syntax}` : "";
  const rule = `The input must match this${kind} grammar:\n${definition}`;
  return description === null ? rule : `${description}\n\n${rule}`;
}

function withFunctionCalls(turn: Turn): Turn {
  if (turn.role !== "assistant") return turn;
  return {
    ...turn,
    blocks: turn.blocks.map((block): OutputBlock =>
      block.type === "tool-call" && block.kind === "custom"
        ? {
          ...block,
          kind: "function",
          arguments: JSON.stringify({ input: block.arguments }),
        }
        : block
    ),
  };
}

/**
 * Gives the text that a model put into the one string of an emulated custom
 * tool. A model that wrote anything else is taken at its word.
 */
export function customInput(callArguments: string): string {
  try {
    const value = JSON.parse(callArguments) as JsonObject;
    if (isJsonObject(value) && typeof value.input === "string") {
      return value.input;
    }
  } catch {
    // No JSON, or cut off: then it is the text itself.
  }
  return callArguments;
}
