/** A client's body to canonical form. @module */

import type { JsonObject, JsonValue } from "../../support/json.ts";
import {
  type CanonicalRequest,
  NO_SAMPLING,
  type OutputFormat,
  type ReasoningRequest,
  type TextBlock,
  type Tool,
  type ToolChoice,
} from "../canonical.ts";
import { decodeCacheControl } from "./cache_control.ts";
import { contentBlocks, decodeText } from "./decode_blocks.ts";
import { decodeTurns } from "./decode_turns.ts";
import {
  optionalBoolean,
  optionalCount,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalString,
  requiredObject,
  requiredString,
  wrongField,
} from "../fields.ts";

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "system",
  "max_tokens",
  "stream",
  "tools",
  "tool_choice",
  "stop_sequences",
  "temperature",
  "top_p",
  "top_k",
  "thinking",
  "output_config",
  "output_format",
  "metadata",
  "service_tier",
]);

/** Reads a request of the messages protocol. @throws {RequestError} for fields of the wrong type */
export function decodeMessagesRequest(body: JsonObject): CanonicalRequest {
  const outputConfig = optionalObject(body.output_config, "output_config");
  const metadata = optionalObject(body.metadata, "metadata");
  const toolChoice = optionalObject(body.tool_choice, "tool_choice");
  const serial = optionalBoolean(
    toolChoice?.disable_parallel_tool_use,
    "tool_choice.disable_parallel_tool_use",
  );
  const system = decodeSystem(body.system);
  const { turns, places } = decodeTurns(body.messages);
  return {
    model: requiredString(body.model, "model"),
    stream: optionalBoolean(body.stream, "stream") ?? false,
    instructions: system.length > 0 ? [{ role: "system", blocks: system }] : [],
    turns,
    tools: optionalList(body.tools, "tools").map(decodeTool),
    toolChoice: toolChoice === null ? null : decodeToolChoice(toolChoice),
    parallelToolCalls: serial === null ? null : !serial,
    maxOutputTokens: optionalCount(body.max_tokens, "max_tokens"),
    stop: optionalList(body.stop_sequences, "stop_sequences").map((
      stop,
      index,
    ) => requiredString(stop, `stop_sequences[${index}]`)),
    sampling: {
      ...NO_SAMPLING,
      temperature: optionalNumber(body.temperature, "temperature"),
      topP: optionalNumber(body.top_p, "top_p"),
      topK: optionalNumber(body.top_k, "top_k"),
    },
    format: decodeFormat(
      optionalObject(outputConfig?.format, "output_config.format") ??
        optionalObject(body.output_format, "output_format"),
    ),
    verbosity: null,
    reasoning: decodeReasoning(
      optionalObject(body.thinking, "thinking"),
      optionalString(outputConfig?.effort, "output_config.effort"),
    ),
    serviceTier: decodeServiceTier(
      optionalString(body.service_tier, "service_tier"),
    ),
    userId: optionalString(metadata?.user_id, "metadata.user_id"),
    safetyIdentifier: null,
    promptCacheKey: null,
    metadata: null,
    store: null,
    includeUsage: true,
    native: nativeFields(body),
    places,
  };
}

const BILLING_HEADER = "x-anthropic-billing-header:";

function decodeSystem(system: JsonValue | undefined): TextBlock[] {
  if (system === undefined || system === null) return [];
  return contentBlocks(system, "system")
    .map((block, index) => decodeText(block, `system[${index}]`))
    .map(withoutBillingHeader)
    .filter((block) => block.text !== "");
}

// Claude Code's first system line changes with every request: sent on, it
// would spoil every provider's prefix cache.
function withoutBillingHeader(block: TextBlock, index: number): TextBlock {
  if (index > 0 || !block.text.startsWith(BILLING_HEADER)) return block;
  const lineEnd = block.text.indexOf("\n");
  const rest = lineEnd < 0 ? "" : block.text.slice(lineEnd + 1);
  return { ...block, text: rest.trimStart() };
}

function decodeTool(value: JsonValue, index: number): Tool {
  const path = `tools[${index}]`;
  const tool = requiredObject(value, path);
  const type = optionalString(tool.type, `${path}.type`);
  if (type !== null && type !== "custom") {
    return { kind: "native", protocol: "messages", value: tool };
  }
  return {
    kind: "function",
    name: requiredString(tool.name, `${path}.name`),
    description: optionalString(tool.description, `${path}.description`),
    parameters: optionalObject(tool.input_schema, `${path}.input_schema`),
    strict: optionalBoolean(tool.strict, `${path}.strict`),
    cache: decodeCacheControl(tool.cache_control),
  };
}

function decodeToolChoice(choice: JsonObject): ToolChoice {
  switch (choice.type) {
    case "auto":
    case "none":
      return { kind: choice.type };
    case "any":
      return { kind: "required" };
    case "tool":
      return {
        kind: "tool",
        name: requiredString(choice.name, "tool_choice.name"),
        custom: false,
      };
    default:
      throw wrongField(
        "tool_choice.type",
        choice.type,
        "auto, any, tool or none",
      );
  }
}

function decodeFormat(format: JsonObject | null): OutputFormat | null {
  if (format === null) return null;
  if (format.type !== "json_schema") {
    throw wrongField("output_config.format.type", format.type, "json_schema");
  }
  return {
    kind: "json-schema",
    name: null,
    description: null,
    schema: requiredObject(format.schema, "output_config.format.schema"),
    strict: null,
  };
}

function decodeReasoning(
  thinking: JsonObject | null,
  effort: string | null,
): ReasoningRequest | null {
  if (thinking === null) {
    return effort === null
      ? null
      : { effort, budgetTokens: null, mode: null, summary: null };
  }
  const summary = optionalString(thinking.display, "thinking.display");
  switch (thinking.type) {
    case "enabled":
      return {
        effort,
        budgetTokens: optionalCount(
          thinking.budget_tokens,
          "thinking.budget_tokens",
        ),
        mode: "enabled",
        summary,
      };
    case "adaptive":
      return { effort, budgetTokens: null, mode: "adaptive", summary };
    case "disabled":
      return { effort, budgetTokens: null, mode: "disabled", summary: null };
    case "between_tools":
      // No other protocol can think between calls alone: the least effort comes nearest.
      return {
        effort: effort ?? "low",
        budgetTokens: null,
        mode: "adaptive",
        summary,
      };
    default:
      throw wrongField(
        "thinking.type",
        thinking.type,
        "enabled, adaptive, disabled or between_tools",
      );
  }
}

function decodeServiceTier(tier: string | null): string | null {
  return tier === "standard_only" ? "default" : tier;
}

function nativeFields(body: JsonObject): CanonicalRequest["native"] {
  const fields: JsonObject = {};
  for (const [field, value] of Object.entries(body)) {
    if (!KNOWN_FIELDS.has(field) && value !== undefined) fields[field] = value;
  }
  // Even empty it tells whose client asked: errors name that client's fields.
  return { messages: fields };
}
