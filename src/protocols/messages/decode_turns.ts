/** The `messages` of a request to turns. @module */

import type { JsonObject, JsonValue } from "../../support/json.ts";
import type { InputBlock, ToolResultBlock, Turn } from "../canonical.ts";
import {
  contentBlocks,
  decodeInputBlock,
  decodeOutputBlock,
  decodeToolResult,
} from "./decode_blocks.ts";
import { requiredObject, wrongField } from "../fields.ts";

/** Turns, and where their blocks stood in the body. */
export interface DecodedTurns {
  /** The turns. */
  readonly turns: readonly Turn[];
  /** Paths by block. */
  readonly places: ReadonlyMap<object, string>;
}

/**
 * Reads `messages`. All results that follow one assistant turn go into one
 * tool turn right behind it, whatever user or system turns stand between.
 */
export function decodeTurns(messages: JsonValue | undefined): DecodedTurns {
  if (!Array.isArray(messages)) {
    throw wrongField("messages", messages, "an array");
  }
  const decoder = new TurnDecoder();
  messages.forEach((message, index) =>
    decoder.push(message, `messages[${index}]`)
  );
  return decoder;
}

class TurnDecoder {
  readonly turns: Turn[] = [];
  readonly places = new Map<object, string>();
  // Where the turns begin that follow the last assistant turn.
  #runStart = 0;
  // The blocks of the tool turn that stands there, `null` where none does.
  #results: ToolResultBlock[] | null = null;

  push(value: JsonValue, path: string): void {
    const message = requiredObject(value, path);
    const blocks = contentBlocks(message.content, `${path}.content`);
    switch (message.role) {
      case "assistant":
        this.turns.push({
          role: "assistant",
          blocks: blocks.map((block, index) => {
            const at = place(message, path, index);
            return this.#placed(decodeOutputBlock(block, at), at);
          }),
        });
        this.#runStart = this.turns.length;
        this.#results = null;
        return;
      case "user":
      case "system":
        this.#pushInput(message.role, blocks, message, path);
        return;
      default:
        throw wrongField(
          `${path}.role`,
          message.role,
          "user, assistant or system",
        );
    }
  }

  #pushInput(
    role: "user" | "system",
    blocks: ReturnType<typeof contentBlocks>,
    message: JsonObject,
    path: string,
  ): void {
    const inputs: InputBlock[] = [];
    let hasResults = false;
    blocks.forEach((block, index) => {
      const at = place(message, path, index);
      if (block.type === "tool_result") {
        const result = this.#placed(decodeToolResult(block, at), at);
        result.content.forEach((inner, position) =>
          this.#placed(inner, place(block, at, position))
        );
        this.#pushResult(result);
        hasResults = true;
      } else {
        inputs.push(this.#placed(decodeInputBlock(block, at), at));
      }
    });
    if (inputs.length > 0 || !hasResults) {
      this.turns.push({ role, blocks: inputs });
    }
  }

  #pushResult(result: ToolResultBlock): void {
    if (this.#results === null) {
      this.#results = [];
      this.turns.splice(this.#runStart, 0, {
        role: "tool",
        blocks: this.#results,
      });
    }
    this.#results.push(result);
  }

  #placed<Block extends object>(block: Block, path: string): Block {
    this.places.set(block, path);
    return block;
  }
}

/** Where the content of a message or result stands: content that is a string has no parts. */
function place({ content }: JsonObject, path: string, index: number): string {
  return Array.isArray(content)
    ? `${path}.content[${index}]`
    : `${path}.content`;
}
