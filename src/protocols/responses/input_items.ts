/** Input items of OpenAI Responses to turns. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import {
  type InputBlock,
  type OutputBlock,
  textBlock,
  type ToolResultBlock,
  type Turn,
} from "../canonical.ts";
import { decodeAnnotations } from "./citations.ts";
import { decodeContent, saidText } from "./content_parts.ts";
import { requiredText, textField, wrongField } from "../fields.ts";
import { clientProof, reasoningText } from "./reasoning_items.ts";
import { type BlockPlaces, Places } from "../places.ts";

// What the client hands in for a hosted or built-in tool: it follows the
// assistant's turn and is no part of it.
const CLIENT_ITEMS: ReadonlySet<string> = new Set([
  "computer_call_output",
  "local_shell_call_output",
  "shell_call_output",
  "apply_patch_call_output",
  "mcp_approval_response",
  "tool_search_output",
]);

/** Gathers items into turns: adjacent items of the assistant, and adjacent results, form one. */
class TurnBuilder {
  readonly turns: Turn[] = [];
  readonly places = new Places();
  #assistant: OutputBlock[] | null = null;
  #results: ToolResultBlock[] | null = null;

  assistant(...blocks: OutputBlock[]): void {
    this.#results = null;
    if (this.#assistant === null) {
      this.#assistant = [];
      this.turns.push({ role: "assistant", blocks: this.#assistant });
    }
    this.#assistant.push(...blocks);
  }

  result(block: ToolResultBlock): void {
    this.#assistant = null;
    if (this.#results === null) {
      this.#results = [];
      this.turns.push({ role: "tool", blocks: this.#results });
    }
    this.#results.push(block);
  }

  input(role: "system" | "developer" | "user", blocks: InputBlock[]): void {
    this.#assistant = null;
    this.#results = null;
    this.turns.push({ role, blocks });
  }
}

/** Turns, and where their blocks stood in the body. */
export interface DecodedInput {
  /** The turns. */
  readonly turns: Turn[];
  /** Paths by block. */
  readonly places: BlockPlaces;
}

/**
 * Reads `input`. Hosted calls, references and whatever else only this protocol
 * knows become native blocks at their place.
 * @throws {RequestError} naming the item that is wrong
 */
export function decodeInput(input: JsonValue | undefined): DecodedInput {
  if (input === undefined || input === null) {
    return { turns: [], places: new Places() };
  }
  if (typeof input === "string") {
    const turns: Turn[] = [{ role: "user", blocks: [textBlock(input)] }];
    return { turns, places: new Places() };
  }
  if (!Array.isArray(input)) {
    throw wrongField("input", input, "a string or an array of items");
  }
  const builder = new TurnBuilder();
  input.forEach((item, index) => {
    const path = `input[${index}]`;
    if (!isJsonObject(item)) throw wrongField(path, item, "an item object");
    decodeItem(builder, item, path);
  });
  return builder;
}

function decodeItem(
  builder: TurnBuilder,
  item: JsonObject,
  path: string,
): void {
  const type = textField(item, "type", `${path}.type`) ??
    (item.role === undefined ? "item_reference" : "message");
  switch (type) {
    case "message":
      return decodeMessage(builder, item, path);
    case "function_call":
    case "custom_tool_call":
      return decodeCall(builder, item, path);
    case "function_call_output":
    case "custom_tool_call_output": {
      const content = decodeOutput(item.output, `${path}.output`);
      builder.places.note(
        content,
        `${path}.output`,
        Array.isArray(item.output),
      );
      return builder.result({
        type: "tool-result",
        callId: requiredText(item, "call_id", `${path}.call_id`),
        content,
        isError: false,
        kind: type === "custom_tool_call_output" ? "custom" : "function",
        cache: null,
      });
    }
    case "reasoning": {
      const block = {
        type: "reasoning",
        text: reasoningText(item),
        ...clientProof(item),
      } as const;
      builder.places.note([block], path, false);
      return builder.assistant(block);
    }
    default: {
      const native = {
        type: "native",
        protocol: "responses",
        value: item,
      } as const;
      builder.places.note([native], path, false);
      if (CLIENT_ITEMS.has(type)) builder.input("user", [native]);
      else builder.assistant(native);
    }
  }
}

function decodeOutput(
  output: JsonValue | undefined,
  path: string,
): ToolResultBlock["content"] {
  return output === "" ? [] : decodeContent(output, path);
}

function decodeCall(
  builder: TurnBuilder,
  item: JsonObject,
  path: string,
): void {
  const custom = item.type === "custom_tool_call";
  const field = custom ? "input" : "arguments";
  const call: OutputBlock = {
    type: "tool-call",
    // `id` names the item; only `call_id` is what results refer to.
    id: requiredText(item, "call_id", `${path}.call_id`),
    name: requiredText(item, "name", `${path}.name`),
    arguments: textField(item, field, `${path}.${field}`) ?? "",
    kind: custom ? "custom" : "function",
    cache: null,
  };
  builder.places.note([call], path, false);
  builder.assistant(call);
}

function decodeMessage(
  builder: TurnBuilder,
  item: JsonObject,
  path: string,
): void {
  const role = requiredText(item, "role", `${path}.role`);
  switch (role) {
    case "assistant": {
      const blocks = decodeAnswer(item.content, path);
      builder.places.note(
        blocks,
        `${path}.content`,
        Array.isArray(item.content),
      );
      return builder.assistant(...blocks);
    }
    case "system":
    case "developer":
    case "user": {
      const blocks = decodeContent(item.content, `${path}.content`);
      builder.places.note(
        blocks,
        `${path}.content`,
        Array.isArray(item.content),
      );
      return builder.input(role, blocks);
    }
    default:
      throw invalidField(
        `${path}.role`,
        `Cannot use the role ${role} at ${path}: use user, assistant, system or developer`,
        "invalid_value",
      );
  }
}

function decodeAnswer(
  content: JsonValue | undefined,
  path: string,
): OutputBlock[] {
  if (!Array.isArray(content)) {
    return decodeContent(content, `${path}.content`).map((block) =>
      textBlock(block.type === "text" ? block.text : "")
    );
  }
  return content.map((part, index) => {
    const partPath = `${path}.content[${index}]`;
    if (isJsonObject(part)) {
      if (part.type === "refusal") {
        return { type: "refusal", text: saidText(part, "refusal", partPath) };
      }
      if (typeof part.text === "string") {
        return {
          ...textBlock(part.text),
          citations: decodeAnnotations(part.annotations),
        };
      }
    }
    throw invalidField(
      partPath,
      `Cannot use the content part at ${partPath}: an assistant message holds output_text and refusal`,
      "unsupported_content_part",
    );
  });
}
