/** Turns to the `messages` of a request for a messages provider. @module */

import type { JsonObject } from "../../support/json.ts";
import type { InputBlock, ToolResultBlock, Turn } from "../canonical.ts";
import {
  encodeInputBlock,
  encodeOutputBlock,
  encodeToolResult,
  isBlank,
  plainText,
} from "./encode_blocks.ts";
import type { Encoding } from "./encoding.ts";

type Role = "user" | "assistant" | "system";

/** A message that still grows. Results stand before all else: the protocol refuses them behind text. */
type Message = {
  readonly role: Role;
  readonly results: JsonObject[];
  readonly blocks: JsonObject[];
};

// What a conversation begins with that would begin with the assistant.
const PLACEHOLDER = "Continue.";

/**
 * Writes `messages`: neighbours of one role are merged, all results of one
 * assistant turn open the one user turn behind it, blank text and turns that
 * become empty are dropped, the first turn is the user's.
 */
export function encodeTurns(
  turns: readonly Turn[],
  encoding: Encoding,
): JsonObject[] {
  const encoder = new TurnEncoder(encoding);
  turns.forEach((turn, index) => encoder.push(turn, `messages[${index}]`));
  return encoder.end();
}

class TurnEncoder {
  readonly #encoding: Encoding;
  readonly #messages: Message[] = [];
  // Where the messages begin that follow the last assistant message.
  #runStart = 0;
  // Call ids of this run that already have a result.
  #answered = new Set<string>();

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  push(turn: Turn, path: string): void {
    switch (turn.role) {
      case "assistant":
        this.#pushAssistant(turn.blocks, path);
        return;
      case "tool":
        this.#pushResults(turn.blocks, path);
        return;
      case "user":
        this.#append("user", this.#inputs(turn.blocks, path));
        return;
      case "system":
      case "developer":
        this.#pushSystem(turn.blocks, path);
    }
  }

  end(): JsonObject[] {
    if (this.#messages[0]?.role !== "user") {
      this.#messages.unshift({
        role: "user",
        results: [],
        blocks: [{ type: "text", text: PLACEHOLDER }],
      });
    }
    return this.#messages.map(({ role, results, blocks }) => {
      const content = [...results, ...blocks];
      return { role, content: plainText(content) ?? content };
    });
  }

  #pushAssistant(
    blocks: (Turn & { role: "assistant" })["blocks"],
    path: string,
  ): void {
    const encoded = blocks
      .map((block, index) =>
        encodeOutputBlock(block, `${path}.content[${index}]`, this.#encoding)
      )
      .filter((block) => block !== null);
    if (encoded.length === 0) return;
    this.#append("assistant", encoded);
    this.#runStart = this.#messages.length;
    this.#answered = new Set();
  }

  #pushResults(results: readonly ToolResultBlock[], path: string): void {
    const message = this.#resultMessage();
    results.forEach((result, index) => {
      const at = `${path}.content[${index}]`;
      if (this.#answered.has(result.callId)) {
        this.#encoding.lose(
          at,
          `the call ${result.callId} already has a result`,
        );
        return;
      }
      this.#answered.add(result.callId);
      message.results.push(encodeToolResult(result, at, this.#encoding));
    });
  }

  // The user message right behind the last assistant message, made where there is none.
  #resultMessage(): Message {
    const first = this.#messages[this.#runStart];
    if (first?.role === "user") return first;
    const message: Message = { role: "user", results: [], blocks: [] };
    this.#messages.splice(this.#runStart, 0, message);
    return message;
  }

  #pushSystem(blocks: readonly InputBlock[], path: string): void {
    const encoded = this.#inputs(blocks, path);
    const asSystem = this.#encoding.target.capabilities.systemTurns === true &&
      this.#messages.length > 0 &&
      encoded.every((block) =>
        block.type !== "image" && block.type !== "document"
      );
    this.#append(
      asSystem ? "system" : "user",
      asSystem ? encoded : encoded.map(asReminder),
    );
  }

  #inputs(blocks: readonly InputBlock[], path: string): JsonObject[] {
    return blocks
      .map((block, index) =>
        encodeInputBlock(block, `${path}.content[${index}]`, this.#encoding)
      )
      .filter((block) => block !== null);
  }

  #append(role: Role, blocks: readonly JsonObject[]): void {
    if (blocks.length === 0) return;
    const last = this.#messages.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else this.#messages.push({ role, results: [], blocks: [...blocks] });
  }
}

// An instruction amid the conversation, for models that take none there.
function asReminder(block: JsonObject): JsonObject {
  if (
    block.type !== "text" || typeof block.text !== "string" ||
    isBlank(block.text)
  ) {
    return block;
  }
  return {
    ...block,
    text: `<system-reminder>\n${block.text}\n</system-reminder>`,
  };
}
