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
  for (const turn of turns) encoder.push(turn);
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

  push(turn: Turn): void {
    switch (turn.role) {
      case "assistant":
        this.#pushAssistant(turn.blocks);
        return;
      case "tool":
        this.#pushResults(turn.blocks);
        return;
      case "user":
        this.#append("user", this.#inputs(turn.blocks));
        return;
      case "system":
      case "developer":
        this.#pushSystem(turn.blocks);
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

  #pushAssistant(blocks: (Turn & { role: "assistant" })["blocks"]): void {
    const encoded = blocks
      .map((block) => encodeOutputBlock(block, this.#encoding))
      .filter((block) => block !== null);
    if (encoded.length === 0) return;
    this.#append("assistant", encoded);
    this.#runStart = this.#messages.length;
    this.#answered = new Set();
  }

  #pushResults(results: readonly ToolResultBlock[]): void {
    const message = this.#resultMessage();
    for (const result of results) {
      if (this.#answered.has(result.callId)) {
        this.#encoding.lose(
          this.#encoding.placeOf(result),
          `the call ${result.callId} already has a result`,
        );
        continue;
      }
      this.#answered.add(result.callId);
      message.results.push(encodeToolResult(result, this.#encoding));
    }
  }

  // The user message right behind the last assistant message, made where there is none.
  #resultMessage(): Message {
    const first = this.#messages[this.#runStart];
    if (first?.role === "user") return first;
    const message: Message = { role: "user", results: [], blocks: [] };
    this.#messages.splice(this.#runStart, 0, message);
    return message;
  }

  #pushSystem(blocks: readonly InputBlock[]): void {
    const encoded = this.#inputs(blocks);
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

  #inputs(blocks: readonly InputBlock[]): JsonObject[] {
    return blocks
      .map((block) => encodeInputBlock(block, this.#encoding))
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
