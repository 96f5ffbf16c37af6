/** Messages of a Chat Completions request to canonical turns. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type {
  CacheHint,
  CanonicalRequest,
  InputBlock,
  OutputBlock,
  TextBlock,
  ToolCallBlock,
  ToolResultBlock,
  Turn,
} from "../canonical.ts";
import {
  objectField,
  objectsField,
  requiredText,
  textField,
} from "../fields.ts";
import { decodeCacheHint, decodeContent } from "./content_parts.ts";
import { decodeClientReasoning } from "./reasoning.ts";
import { type BlockPlaces, Places } from "../places.ts";

type Instruction = CanonicalRequest["instructions"][number];

/** Reads messages in order and groups them into instructions and turns. */
export class MessageDecoder {
  readonly #instructions: Instruction[] = [];
  readonly #turns: Turn[] = [];
  /** Fields of single messages that no other protocol has, by their path. */
  readonly #native: JsonObject = {};
  readonly #places = new Places();
  readonly #customCalls = new Set<string>();
  #results: ToolResultBlock[] | null = null;
  #functionCallId: string | null = null;

  /** Leading system and developer messages. */
  get instructions(): CanonicalRequest["instructions"] {
    return this.#instructions;
  }

  /** Everything after them. */
  get turns(): readonly Turn[] {
    return this.#turns;
  }

  /** What has no canonical field, named by its path in the body. */
  get native(): JsonObject {
    return this.#native;
  }

  /** Where the blocks stood in the body. */
  get places(): BlockPlaces {
    return this.#places;
  }

  /**
   * Takes the next message.
   * @throws {RequestError} for a message that is wrong in itself
   */
  push(message: JsonObject, index: number): void {
    const path = `messages[${index}]`;
    const role = requiredText(message, "role", `${path}.role`);
    if (role !== "tool" && role !== "function") this.#results = null;
    switch (role) {
      case "system":
      case "developer":
        this.#system(role, message, path);
        break;
      case "user":
        this.#turns.push({ role, blocks: this.#inputs(message, path) });
        break;
      case "assistant":
        this.#assistant(message, index, path);
        break;
      case "tool":
        this.#result(
          message,
          path,
          requiredText(message, "tool_call_id", `${path}.tool_call_id`),
        );
        break;
      case "function":
        // The deprecated form has no id: the last call is the one answered.
        this.#result(
          message,
          path,
          this.#functionCallId ?? `call_function_${index}`,
        );
        break;
      default:
        throw invalidField(
          `${path}.role`,
          `Cannot use ${path}.role: ${
            JSON.stringify(role.slice(0, 80))
          } is none of system, developer, user, assistant, tool`,
          "invalid_value",
        );
    }
    const name = role === "function"
      ? null
      : textField(message, "name", `${path}.name`);
    if (name !== null) this.#native[`${path}.name`] = name;
  }

  #system(
    role: "system" | "developer",
    message: JsonObject,
    path: string,
  ): void {
    const blocks = this.#inputs(message, path);
    const texts = blocks.filter((block): block is TextBlock =>
      block.type === "text"
    );
    if (this.#turns.length === 0 && texts.length === blocks.length) {
      this.#instructions.push({ role, blocks: texts });
    } else {
      this.#turns.push({ role, blocks });
    }
  }

  #assistant(message: JsonObject, index: number, path: string): void {
    const blocks: OutputBlock[] = decodeClientReasoning(message);
    this.#places.note([...blocks], path, false);
    blocks.push(...assistantContent(this.#inputs(message, path), path));
    const refusal = textField(message, "refusal", `${path}.refusal`) ?? "";
    if (refusal !== "") blocks.push({ type: "refusal", text: refusal });
    if (isJsonObject(message.audio)) {
      blocks.push({
        type: "native",
        protocol: "chat",
        value: { type: "audio", audio: message.audio },
      });
    }
    const calls = objectsField(message, "tool_calls", `${path}.tool_calls`);
    const called = calls.map((call, position) => {
      const block = decodeToolCall(call, `${path}.tool_calls[${position}]`);
      if (block.kind === "custom") this.#customCalls.add(block.id);
      blocks.push(block);
      return block;
    });
    this.#places.note(called, `${path}.tool_calls`, true);
    const legacy = objectField(
      message,
      "function_call",
      `${path}.function_call`,
    );
    if (legacy !== null && calls.length === 0) {
      this.#functionCallId = `call_function_${index}`;
      blocks.push(
        functionCall(legacy, this.#functionCallId, `${path}.function_call`),
      );
    }
    this.#turns.push({ role: "assistant", blocks });
  }

  #result(message: JsonObject, path: string, callId: string): void {
    const content = resultContent(message, `${path}.content`);
    this.#place(content, message, path);
    const block: ToolResultBlock = {
      type: "tool-result",
      callId,
      content,
      isError: false,
      kind: this.#customCalls.has(callId) ? "custom" : "function",
      cache: decodeCacheHint(message),
    };
    if (this.#results === null) {
      this.#results = [];
      this.#turns.push({ role: "tool", blocks: this.#results });
    }
    this.#places.note([block], path, false);
    this.#results.push(block);
  }

  #inputs(message: JsonObject, path: string): InputBlock[] {
    const blocks = inputBlocks(message, path);
    this.#place(blocks, message, path);
    return blocks;
  }

  /** Remembers where the parts of a message stood. */
  #place(blocks: readonly object[], message: JsonObject, path: string): void {
    const isList = Array.isArray(message.content);
    this.#places.note(blocks, `${path}.content`, isList);
  }
}

function inputBlocks(message: JsonObject, path: string): InputBlock[] {
  const blocks = decodeContent(message.content, `${path}.content`);
  const hint = decodeCacheHint(message);
  const last = blocks.at(-1);
  // A hint on the message stands for its last block; one on a part wins.
  if (hint !== null && last !== undefined && last.type !== "native") {
    blocks[blocks.length - 1] = { ...last, cache: last.cache ?? hint };
  }
  return blocks;
}

function resultContent(
  message: JsonObject,
  path: string,
): ToolResultBlock["content"] {
  return decodeContent(message.content, path).map((block, index) => {
    if (block.type !== "native") return block;
    throw invalidField(
      `${path}[${index}]`,
      `Cannot use ${path}[${index}]: a tool result holds text, images and files only`,
      "invalid_value",
    );
  });
}

function assistantContent(
  blocks: readonly InputBlock[],
  path: string,
): OutputBlock[] {
  return blocks.flatMap((block): OutputBlock[] => {
    if (block.type === "text") return block.text === "" ? [] : [block];
    if (block.type !== "native") {
      throw invalidField(
        `${path}.content`,
        `Cannot use ${path}.content: an assistant message holds text and refusals only`,
        "invalid_value",
      );
    }
    if (block.value.type !== "refusal") return [block];
    const refusal = textField(
      block.value,
      "refusal",
      `${path}.content.refusal`,
    );
    return [{ type: "refusal", text: refusal ?? "" }];
  });
}

function decodeToolCall(call: JsonObject, path: string): ToolCallBlock {
  const id = requiredText(call, "id", `${path}.id`);
  if (call.type !== "custom") {
    const called = objectField(call, "function", `${path}.function`) ?? {};
    return functionCall(called, id, `${path}.function`, decodeCacheHint(call));
  }
  const custom = objectField(call, "custom", `${path}.custom`) ?? {};
  return {
    type: "tool-call",
    id,
    name: requiredText(custom, "name", `${path}.custom.name`),
    arguments: textField(custom, "input", `${path}.custom.input`) ?? "",
    kind: "custom",
    cache: null,
  };
}

function functionCall(
  called: JsonObject,
  id: string,
  path: string,
  cache: CacheHint | null = null,
): ToolCallBlock {
  return {
    type: "tool-call",
    id,
    name: requiredText(called, "name", `${path}.name`),
    arguments: argumentsText(called, path),
    kind: "function",
    cache,
  };
}

function argumentsText(called: JsonObject, path: string): string {
  // Ollama's clients send the object itself.
  if (isJsonObject(called.arguments)) return JSON.stringify(called.arguments);
  return textField(called, "arguments", `${path}.arguments`) ?? "";
}
