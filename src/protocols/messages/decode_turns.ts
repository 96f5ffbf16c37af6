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
import { type BlockPlaces, Places } from "../places.ts";

/** Turns, and where their blocks stood in the body. */
export interface DecodedTurns {
  /** The turns. */
  readonly turns: readonly Turn[];
  /** Paths by block. */
  readonly places: BlockPlaces;
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
  readonly places = new Places();
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
          blocks: this.#placed(
            blocks.map((block, index) =>
              decodeOutputBlock(block, `${path}.content[${index}]`)
            ),
            message,
            path,
          ),
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
    const decoded = blocks.map((block, index) => {
      const at = `${path}.content[${index}]`;
      if (block.type === "tool_result") {
        const result = decodeToolResult(block, at);
        this.#placed(result.content, block, at);
        this.#pushResult(result);
        hasResults = true;
        return result;
      }
      const input = decodeInputBlock(block, at);
      inputs.push(input);
      return input;
    });
    this.#placed(decoded, message, path);
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

  /** Notes where the content of a message or result stood: content that is a string has no parts. */
  #placed<Block extends object>(
    blocks: readonly Block[],
    { content }: JsonObject,
    path: string,
  ): readonly Block[] {
    this.places.note(blocks, `${path}.content`, Array.isArray(content));
    return blocks;
  }
}
