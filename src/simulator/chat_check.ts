/** Refuses what a provider of the chat protocol refuses. @module */

import { invalidField } from "../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import {
  checkModel,
  checkNumber,
  foreignField,
  listOf,
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

// Fields of the other protocols: to see one here means a translation went wrong.
const FOREIGN = [
  "input",
  "instructions",
  "system",
  "max_output_tokens",
  "stop_sequences",
  "previous_response_id",
  "include",
  "output_config",
] as const;

const ROLES = [
  "system",
  "developer",
  "user",
  "assistant",
  "tool",
  "function",
] as const;
const EFFORTS = [
  "none",
  "minimal",
  "low",
  "medium",
  "high",
  "xhigh",
  "max",
] as const;
const PART_TYPES = [
  "text",
  "image_url",
  "input_audio",
  "file",
  "refusal",
] as const;

/** Refuses a chat body that is wrong. @throws {RequestError} */
export function checkChat(body: JsonObject): void {
  checkModel(body);
  const foreign = foreignField(body, FOREIGN);
  if (foreign !== null) {
    throw invalidField(
      foreign,
      `Unrecognized request argument supplied: ${foreign}`,
      "unknown_parameter",
    );
  }
  checkConversation(body);
  checkLimits(body);
  checkTools(body);
  const format = objectOf(body.response_format);
  if (format.type === "json_schema") {
    checkJsonSchemaFormat(
      objectOf(format.json_schema),
      "response_format.json_schema",
    );
  }
}

function checkLimits(body: JsonObject): void {
  const most = Number.MAX_SAFE_INTEGER;
  for (const name of ["max_tokens", "max_completion_tokens"]) {
    checkNumber(body, name, { least: 1, most, whole: true });
  }
  checkNumber(body, "n", { least: 1, most: 128, whole: true });
  checkNumber(body, "temperature", { least: 0, most: 2, whole: false });
  checkNumber(body, "top_p", { least: 0, most: 1, whole: false });
  for (const name of ["presence_penalty", "frequency_penalty"]) {
    checkNumber(body, name, { least: -2, most: 2, whole: false });
  }
  if (listOf(body.stop).length > 4) {
    throw invalidField(
      "stop",
      `Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length ${
        listOf(body.stop).length
      } instead.`,
      "array_above_max_length",
    );
  }
  const effort = body.reasoning_effort;
  const known: readonly (JsonValue | undefined)[] = EFFORTS;
  if (effort !== undefined && effort !== null && !known.includes(effort)) {
    throw unsupportedValue("reasoning_effort", effort, EFFORTS);
  }
  if (isJsonObject(body.stream_options) && body.stream !== true) {
    throw invalidField(
      "stream_options",
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    );
  }
}

function checkTools(body: JsonObject): void {
  const names: string[] = [];
  for (const [index, tool] of objectsOf(body.tools).entries()) {
    const param = `tools[${index}]`;
    if (tool.type === "custom") {
      names.push(textOf(objectOf(tool.custom).name));
      continue;
    }
    if (tool.type !== "function") {
      throw unsupportedValue(`${param}.type`, tool.type, [
        "function",
        "custom",
      ]);
    }
    if (!isJsonObject(tool.function)) {
      throw missingParameter(`${param}.function`);
    }
    checkFunction(tool.function, `${param}.function`);
    names.push(textOf(tool.function.name));
  }
  checkLonelyChoice(body);
  const choice = body.tool_choice;
  const inner = isJsonObject(choice)
    ? objectOf(choice[textOf(choice.type)])
    : {};
  const named = typeof inner.name === "string" ? inner.name : null;
  if (
    isJsonObject(choice) && choice.type !== "allowed_tools" && named === null
  ) {
    throw missingParameter("tool_choice.function");
  }
  checkToolChoice(body, names, named);
}

// This protocol refuses both fields without tools, whatever they say.
function checkLonelyChoice(body: JsonObject): void {
  if (listOf(body.tools).length > 0) return;
  for (const name of ["tool_choice", "parallel_tool_calls"]) {
    if (body[name] === undefined || body[name] === null) continue;
    throw invalidField(
      name,
      `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`,
    );
  }
}

function checkConversation(body: JsonObject): void {
  const { messages } = body;
  if (!Array.isArray(messages)) throw missingParameter("messages");
  if (messages.length === 0) {
    throw invalidField(
      "messages",
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      "empty_array",
    );
  }
  const conversation = new ToolConversation();
  for (const [index, message] of messages.entries()) {
    const param = `messages[${index}]`;
    if (!isJsonObject(message)) {
      throw invalidField(
        param,
        `Invalid type for '${param}': expected an object.`,
        "invalid_type",
      );
    }
    const roles: readonly (JsonValue | undefined)[] = ROLES;
    if (!roles.includes(message.role)) {
      throw unsupportedValue(`${param}.role`, message.role, ROLES);
    }
    conversation.next(message, param);
    checkContent(message, param);
  }
  conversation.end();
}

/** Follows which calls still wait for their results. */
class ToolConversation {
  #asked: ReadonlySet<string> = new Set();
  #open = new Set<string>();

  next(message: JsonObject, param: string): void {
    if (message.role === "tool") {
      this.#result(textOf(message.tool_call_id), param);
      return;
    }
    this.end();
    const ids = message.role === "assistant"
      ? objectsOf(message.tool_calls).map(({ id }) => textOf(id))
      : [];
    this.#asked = new Set(ids);
    this.#open = new Set(ids);
  }

  end(): void {
    if (this.#open.size === 0) return;
    throw invalidField(
      "messages",
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${
        [...this.#open].join(", ")
      }`,
    );
  }

  #result(id: string, param: string): void {
    if (this.#asked.size === 0) {
      throw invalidField(
        `${param}.role`,
        "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
      );
    }
    if (!this.#asked.has(id)) {
      throw invalidField(
        `${param}.tool_call_id`,
        `Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`,
      );
    }
    this.#open.delete(id);
  }
}

function checkContent(message: JsonObject, param: string): void {
  const { content, role } = message;
  const calls = message.tool_calls;
  if (role === "assistant") checkCalls(calls, param);
  if (content === undefined || content === null) {
    const optional = role === "assistant" || role === "function";
    if (!optional) {
      throw invalidField(
        `${param}.content`,
        `Invalid value for 'content': expected a string, got null.`,
        "invalid_type",
      );
    }
    return;
  }
  if (typeof content === "string") return;
  if (!Array.isArray(content)) {
    throw invalidField(
      `${param}.content`,
      `Invalid type for '${param}.content': expected one of a string or array of objects.`,
      "invalid_type",
    );
  }
  for (const [index, part] of content.entries()) {
    checkPart(objectOf(part), `${param}.content[${index}]`);
  }
}

function checkPart(part: JsonObject, param: string): void {
  const types: readonly (JsonValue | undefined)[] = PART_TYPES;
  if (!types.includes(part.type)) {
    throw unsupportedValue(`${param}.type`, part.type, PART_TYPES);
  }
  if (part.type === "text" && typeof part.text !== "string") {
    throw missingParameter(`${param}.text`);
  }
  if (
    part.type === "image_url" &&
    typeof objectOf(part.image_url).url !== "string"
  ) throw missingParameter(`${param}.image_url.url`);
}

function checkCalls(calls: JsonValue | undefined, param: string): void {
  if (Array.isArray(calls) && calls.length === 0) {
    throw invalidField(
      `${param}.tool_calls`,
      `Invalid '${param}.tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
      "empty_array",
    );
  }
  for (const [index, call] of objectsOf(calls).entries()) {
    const place = `${param}.tool_calls[${index}]`;
    if (typeof call.id !== "string") throw missingParameter(`${place}.id`);
    if (call.type === "custom") continue;
    const { name, arguments: text } = objectOf(call.function);
    if (typeof name !== "string") {
      throw missingParameter(`${place}.function.name`);
    }
    if (typeof text !== "string") {
      throw missingParameter(`${place}.function.arguments`);
    }
  }
}
