/** A Responses request body to canonical form. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import type { JsonObject } from "../../support/json.ts";
import type {
  CanonicalRequest,
  OutputFormat,
  ReasoningRequest,
  Turn,
} from "../canonical.ts";
import {
  booleanField,
  countField,
  numberField,
  objectField,
  objectsField,
  requiredText,
  textField,
} from "../fields.ts";
import { type DecodedInput, decodeInput } from "./input_items.ts";
import { decodeTool, decodeToolChoice } from "./tools.ts";

const LOGPROBS = "message.output_text.logprobs";

/** Fields that have a place in the canonical form; all others are kept as they came. */
const MAPPED: ReadonlySet<string> = new Set([
  "model",
  "stream",
  "input",
  "instructions",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "max_output_tokens",
  "temperature",
  "top_p",
  "top_logprobs",
  "text",
  "reasoning",
  "service_tier",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "metadata",
  "store",
]);

// Each of these brings its own input from where the provider keeps it.
const INPUT_ELSEWHERE: readonly string[] = [
  "previous_response_id",
  "conversation",
  "prompt",
];

/**
 * Reads a client's body. What refers to the provider's store
 * (`previous_response_id`, `conversation`, `prompt`, `background`, and the ids
 * of item references as `item_reference`) stands in `native.responses`, where
 * encoders of other protocols refuse it.
 * @throws {RequestError} naming the field that is wrong
 */
export function decodeResponsesRequest(body: JsonObject): CanonicalRequest {
  const native = nativeFields(body);
  if (
    (body.input ?? null) === null &&
    !INPUT_ELSEWHERE.some((field) => native[field] !== undefined)
  ) {
    throw invalidField(
      "input",
      "Cannot do without input: give it a string or an array of items",
      "missing_required_parameter",
    );
  }
  const choice = decodeToolChoice(body.tool_choice);
  if (choice === undefined) native.tool_choice = body.tool_choice;
  const { instructions, turns, places } = splitInstructions(body);
  const references = itemReferences(turns);
  if (references.length > 0) native.item_reference = references;
  const text = objectField(body, "text") ?? {};
  return {
    model: requiredText(body, "model"),
    stream: booleanField(body, "stream") ?? false,
    instructions,
    turns,
    tools: objectsField(body, "tools").map((tool, index) =>
      decodeTool(tool, `tools[${index}]`)
    ),
    toolChoice: choice ?? null,
    parallelToolCalls: booleanField(body, "parallel_tool_calls"),
    maxOutputTokens: countField(body, "max_output_tokens", 1),
    stop: [],
    sampling: decodeSampling(body),
    format: decodeFormat(text),
    verbosity: textField(text, "verbosity", "text.verbosity"),
    reasoning: decodeReasoning(body, native),
    serviceTier: textField(body, "service_tier"),
    userId: textField(body, "user"),
    safetyIdentifier: textField(body, "safety_identifier"),
    promptCacheKey: textField(body, "prompt_cache_key"),
    metadata: objectField(body, "metadata"),
    store: booleanField(body, "store"),
    includeUsage: true,
    // Even empty it tells whose client asked: errors name that client's fields.
    native: { responses: native },
    places,
  };
}

function nativeFields(body: JsonObject): JsonObject {
  const native: JsonObject = {};
  for (const [name, value] of Object.entries(body)) {
    if (!MAPPED.has(name) && value !== null && value !== undefined) {
      native[name] = value;
    }
  }
  return native;
}

/** Lists the ids of items that stand in the provider's store instead of in the input. */
function itemReferences(turns: readonly Turn[]): string[] {
  const ids: string[] = [];
  for (const turn of turns) {
    if (turn.role !== "assistant") continue;
    for (const block of turn.blocks) {
      if (block.type !== "native") continue;
      const { type = "item_reference", id } = block.value;
      if (type === "item_reference") ids.push(String(id));
    }
  }
  return ids;
}

type Instructions = CanonicalRequest["instructions"];

/** Takes `instructions` and the system and developer items that lead the input. */
function splitInstructions(
  body: JsonObject,
): { instructions: Instructions } & DecodedInput {
  const { turns, places } = decodeInput(body.input);
  const instructions: Instructions[number][] = [];
  const text = textField(body, "instructions");
  if (text !== null) {
    instructions.push({
      role: "system",
      blocks: [{ type: "text", text, citations: [], cache: null }],
    });
  }
  let leading = 0;
  for (const turn of turns) {
    if (turn.role !== "system" && turn.role !== "developer") break;
    const blocks = turn.blocks.filter((block) => block.type === "text");
    // An image among the instructions: they stay a turn of their own.
    if (blocks.length !== turn.blocks.length) break;
    instructions.push({ role: turn.role, blocks });
    leading++;
  }
  return { instructions, turns: turns.slice(leading), places };
}

function decodeSampling(body: JsonObject): CanonicalRequest["sampling"] {
  const include = Array.isArray(body.include) ? body.include : [];
  return {
    temperature: numberField(body, "temperature"),
    topP: numberField(body, "top_p"),
    topK: null,
    seed: null,
    frequencyPenalty: null,
    presencePenalty: null,
    logitBias: null,
    logprobs: include.includes(LOGPROBS) ? true : null,
    topLogprobs: numberField(body, "top_logprobs"),
  };
}

function decodeFormat(text: JsonObject): OutputFormat | null {
  const format = objectField(text, "format", "text.format");
  if (format === null) return null;
  const type = requiredText(format, "type", "text.format.type");
  switch (type) {
    case "text":
      return null;
    case "json_object":
      return { kind: "json-object" };
    case "json_schema": {
      const path = "text.format";
      const schema = objectField(format, "schema", `${path}.schema`);
      if (schema === null) {
        throw invalidField(
          `${path}.schema`,
          "Cannot do without text.format.schema: give it a JSON Schema object",
          "missing_required_parameter",
        );
      }
      return {
        kind: "json-schema",
        name: textField(format, "name", `${path}.name`),
        description: textField(format, "description", `${path}.description`),
        schema,
        strict: booleanField(format, "strict", `${path}.strict`),
      };
    }
    default:
      throw invalidField(
        "text.format.type",
        `Cannot use the text.format.type ${type}: use text, json_object or json_schema`,
        "invalid_value",
      );
  }
}

/** Reads `reasoning`; what only this protocol says of it is kept in `native`. */
function decodeReasoning(
  body: JsonObject,
  native: JsonObject,
): ReasoningRequest | null {
  const reasoning = objectField(body, "reasoning");
  if (reasoning === null) return null;
  const { effort: _, summary: __, generate_summary: ___, ...rest } = reasoning;
  const said = Object.entries(rest).filter(([, value]) => value !== null);
  if (said.length > 0) native.reasoning = Object.fromEntries(said);
  const effort = textField(reasoning, "effort", "reasoning.effort");
  const summary = textField(reasoning, "summary", "reasoning.summary") ??
    textField(reasoning, "generate_summary", "reasoning.generate_summary");
  if (effort === null && summary === null) return null;
  return { effort, budgetTokens: null, mode: null, summary };
}
