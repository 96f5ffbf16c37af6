/** Refuses input items that a provider of the responses protocol refuses: wrong shapes, broken tool history, foreign reasoning. @module */

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
  missingParameter,
  objectOf,
  objectsOf,
  textOf,
  unsupportedValue,
} from "./body_read.ts";
import type { ReasoningProofs } from "./proof.ts";

const ITEM_TYPES = [
  "message",
  "function_call",
  "function_call_output",
  "custom_tool_call",
  "custom_tool_call_output",
  "reasoning",
  "item_reference",
  "compaction",
  "file_search_call",
  "web_search_call",
  "computer_call",
  "computer_call_output",
  "code_interpreter_call",
  "image_generation_call",
  "local_shell_call",
  "local_shell_call_output",
  "shell_call",
  "shell_call_output",
  "apply_patch_call",
  "apply_patch_call_output",
  "tool_search_call",
  "tool_search_output",
  "mcp_list_tools",
  "mcp_approval_request",
  "mcp_approval_response",
  "mcp_call",
] as const;

const ROLES = ["assistant", "system", "developer", "user"] as const;
const INPUT_PARTS = ["input_text", "input_image", "input_file"] as const;
const OUTPUT_PARTS = ["output_text", "refusal"] as const;

const ID_PREFIXES: ReadonlyMap<string, string> = new Map([
  ["function_call", "fc"],
  ["custom_tool_call", "ctc"],
  ["message", "msg"],
  ["reasoning", "rs"],
]);

/** Refuses wrong input items. @throws {RequestError} */
export function checkInputItems(
  input: readonly JsonValue[],
  proofs: ReasoningProofs,
): void {
  const items: JsonObject[] = [];
  for (const [index, item] of input.entries()) {
    if (!isJsonObject(item)) {
      throw invalidField(
        `input[${index}]`,
        `Invalid type for 'input[${index}]': expected an object.`,
        "invalid_type",
      );
    }
    items.push(item);
    checkItem(item, `input[${index}]`, proofs);
  }
  checkCalls(items);
  checkFollowed(items);
}

function typeOf(item: JsonObject): string {
  return item.type === undefined ? "message" : textOf(item.type);
}

function checkItem(
  item: JsonObject,
  param: string,
  proofs: ReasoningProofs,
): void {
  const type = typeOf(item);
  const types: readonly string[] = ITEM_TYPES;
  if (!types.includes(type)) {
    throw unsupportedValue(param, item.type, ITEM_TYPES);
  }
  checkId(item, type, param);
  switch (type) {
    case "message":
      return checkMessage(item, param);
    case "reasoning":
      return checkReasoning(item, param, proofs);
    case "item_reference":
      throw notFound(textOf(item.id));
    case "function_call":
      return requireTexts(item, ["call_id", "name", "arguments"], param);
    case "custom_tool_call":
      return requireTexts(item, ["call_id", "name", "input"], param);
    case "function_call_output":
    case "custom_tool_call_output":
      requireTexts(item, ["call_id"], param);
      if (item.output === undefined) throw missingParameter(`${param}.output`);
  }
}

function requireTexts(
  item: JsonObject,
  names: readonly string[],
  param: string,
): void {
  for (const name of names) {
    if (typeof item[name] !== "string") {
      throw missingParameter(`${param}.${name}`);
    }
  }
}

function notFound(id: string): RequestError {
  return new RequestError(
    gatewayError("not_found", `Item with id '${id}' not found.`, {
      param: "input",
    }),
  );
}

function checkId(item: JsonObject, type: string, param: string): void {
  const prefix = ID_PREFIXES.get(type);
  if (typeof item.id !== "string" || prefix === undefined) return;
  if (!item.id.startsWith(prefix)) {
    throw invalidField(
      `${param}.id`,
      `Invalid '${param}.id': '${item.id}'. Expected an ID that begins with '${prefix}'.`,
      "invalid_value",
    );
  }
}

function checkMessage(item: JsonObject, param: string): void {
  const roles: readonly (JsonValue | undefined)[] = ROLES;
  if (!roles.includes(item.role)) {
    throw unsupportedValue(`${param}.role`, item.role, ROLES);
  }
  if (typeof item.content === "string") return;
  if (!Array.isArray(item.content)) throw missingParameter(`${param}.content`);
  const allowed: readonly string[] = item.role === "assistant"
    ? OUTPUT_PARTS
    : INPUT_PARTS;
  for (const [index, part] of objectsOf(item.content).entries()) {
    const place = `${param}.content[${index}]`;
    if (!allowed.includes(textOf(part.type))) {
      throw unsupportedValue(place, part.type, allowed);
    }
    const url = part.image_url;
    if (url !== undefined && url !== null && typeof url !== "string") {
      throw invalidField(
        `${place}.image_url`,
        `Invalid type for '${place}.image_url': expected an image URL, but got an object instead.`,
        "invalid_type",
      );
    }
    const texts = ["input_text", "output_text"];
    if (texts.includes(textOf(part.type)) && typeof part.text !== "string") {
      throw missingParameter(`${place}.text`);
    }
  }
}

// Reasoning of others is refused, and so is what was changed on the way.
function checkReasoning(
  item: JsonObject,
  param: string,
  proofs: ReasoningProofs,
): void {
  if (!Array.isArray(item.summary)) throw missingParameter(`${param}.summary`);
  const id = typeof item.id === "string" ? item.id : null;
  const payload = item.encrypted_content;
  if (typeof payload === "string") {
    const verdict = proofs.sealed(payload, id);
    if (verdict === "own") return;
    const message = verdict === "other-item"
      ? `The encrypted content for item ${id} could not be verified. Reason: Encrypted content item_id did not match the target item id.`
      : `The encrypted content for item ${
        id ?? param
      } could not be verified. Reason: Encrypted content could not be decrypted or parsed.`;
    throw invalidField(
      `${param}.encrypted_content`,
      message,
      "invalid_encrypted_content",
    );
  }
  if (id !== null && !proofs.ownId("rs", id)) throw notFound(id);
}

function checkCalls(items: readonly JsonObject[]): void {
  const open = new Map<string, string>();
  const seen = new Set<string>();
  for (const item of items) {
    const id = textOf(item.call_id);
    switch (typeOf(item)) {
      case "function_call":
      case "custom_tool_call":
        open.set(id, "function call");
        seen.add(id);
        break;
      case "function_call_output":
      case "custom_tool_call_output":
        if (!seen.has(id)) {
          throw invalidField(
            "input",
            `No tool call found for function call output with call_id ${id}.`,
          );
        }
        open.delete(id);
    }
  }
  const [first] = open.keys();
  if (first !== undefined) {
    throw invalidField(
      "input",
      `No tool output found for function call ${first}.`,
    );
  }
}

// Reasoning that is known by its id alone must keep the item that it led to.
function checkFollowed(items: readonly JsonObject[]): void {
  for (const [index, item] of items.entries()) {
    if (typeOf(item) !== "reasoning" || typeof item.id !== "string") continue;
    if (typeof item.encrypted_content === "string") continue;
    const next = objectOf(items[index + 1]);
    const ownTurn = typeOf(next) === "message"
      ? next.role === "assistant"
      : !typeOf(next).endsWith("_output");
    if (!ownTurn) {
      throw invalidField(
        "input",
        `Item '${item.id}' of type 'reasoning' was provided without its required following item.`,
      );
    }
  }
}
