/** Refuses what a provider of the responses protocol refuses, beside its input items. @module */

import {
  gatewayError,
  invalidField,
  RequestError,
} from "../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import {
  checkModel,
  checkNumber,
  foreignField,
  missingParameter,
  objectOf,
  objectsOf,
  textOf,
  unsupportedValue,
} from "./body_read.ts";
import {
  checkFunction,
  checkJsonSchemaFormat,
  checkToolChoice,
} from "./openai_tools.ts";
import type { ReasoningProofs } from "./proof.ts";
import { checkInputItems } from "./responses_items_check.ts";

// Fields of the other protocols: the real provider takes no unknown ones.
const FOREIGN = [
  "messages",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "stop_sequences",
  "system",
  "response_format",
  "reasoning_effort",
  "functions",
  "n",
  "seed",
  "logit_bias",
  "thinking",
  "output_config",
  "top_k",
  "cache_control",
] as const;

const MIN_OUTPUT_TOKENS = 16;
const SUMMARIES = ["auto", "concise", "detailed"] as const;

/** Refuses a responses body that is wrong. @throws {RequestError} */
export function checkResponses(
  body: JsonObject,
  proofs: ReasoningProofs,
): void {
  checkModel(body);
  const foreign = foreignField(body, FOREIGN);
  if (foreign !== null) {
    throw invalidField(
      foreign,
      `Unknown parameter: '${foreign}'.`,
      "unknown_parameter",
    );
  }
  checkStored(body);
  checkInput(body, proofs);
  checkNumber(body, "max_output_tokens", {
    least: MIN_OUTPUT_TOKENS,
    most: Number.MAX_SAFE_INTEGER,
    whole: true,
  });
  checkNumber(body, "temperature", { least: 0, most: 2, whole: false });
  checkNumber(body, "top_p", { least: 0, most: 1, whole: false });
  checkTools(body);
  const format = objectOf(objectOf(body.text).format);
  if (format.type === "json_schema") {
    checkJsonSchemaFormat(format, "text.format");
  }
  const { summary } = objectOf(body.reasoning);
  const known: readonly (JsonValue | undefined)[] = SUMMARIES;
  if (summary !== undefined && summary !== null && !known.includes(summary)) {
    throw unsupportedValue("reasoning.summary", summary, SUMMARIES);
  }
}

// The simulator keeps nothing: what would have to be looked up is not there.
function checkStored(body: JsonObject): void {
  const previous = body.previous_response_id;
  if (typeof previous === "string") {
    throw invalidField(
      "previous_response_id",
      `Previous response with id '${previous}' not found.`,
      "previous_response_not_found",
    );
  }
  if (body.conversation !== undefined && body.conversation !== null) {
    const message = "Conversation not found.";
    throw new RequestError(
      gatewayError("not_found", message, { param: "conversation" }),
    );
  }
}

function checkInput(body: JsonObject, proofs: ReasoningProofs): void {
  const { input } = body;
  if (typeof input === "string") return;
  if (input === undefined || input === null) throw missingParameter("input");
  if (!Array.isArray(input)) {
    throw invalidField(
      "input",
      "Invalid type for 'input': expected one of a string or array of objects.",
      "invalid_type",
    );
  }
  if (input.length === 0) throw missingParameter("input");
  checkInputItems(input, proofs);
}

function checkTools(body: JsonObject): void {
  const names: string[] = [];
  for (const [index, tool] of objectsOf(body.tools).entries()) {
    const param = `tools[${index}]`;
    if (typeof tool.type !== "string") throw missingParameter(`${param}.type`);
    if (tool.type === "function") checkFunction(tool, param);
    if (tool.type === "custom" && typeof tool.name !== "string") {
      throw missingParameter(`${param}.name`);
    }
    names.push(textOf(tool.name));
  }
  const choice = body.tool_choice;
  if (isJsonObject(choice) && typeof choice.type !== "string") {
    throw missingParameter("tool_choice.type");
  }
  const { type, name } = objectOf(choice);
  const named = type === "function" || type === "custom";
  if (named && typeof name !== "string") {
    throw missingParameter("tool_choice.name");
  }
  checkToolChoice(body, names, named ? textOf(name) : null);
}
