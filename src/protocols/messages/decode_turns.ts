/** The `messages` of a request to turns. @module */

import type { JsonValue } from "../../support/json.ts";
import type { InputBlock, ToolResultBlock, Turn } from "../canonical.ts";
import {
  contentBlocks,
  decodeInputBlock,
  decodeOutputBlock,
  decodeToolResult,
} from "./decode_blocks.ts";
import { requiredObject, wrongType } from "./fields.ts";

/**
 * Reads `messages`. All results that follow one assistant turn go into one
 * tool turn right behind it, whatever user or system turns stand between.
 */
export function decodeTurns(messages: JsonValue | undefined): Turn[] {
  if (!Array.isArray(messages)) {
    throw wrongType("messages", "an array", messages);
  }
  const decoder = new TurnDecoder();
  messages.forEach((message, index) =>
    decoder.push(message, `messages[${index}]`)
  );
  return decoder.turns;
}

class TurnDecoder {
  readonly turns: Turn[] = [];
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
          blocks: blocks.map((block, index) =>
            decodeOutputBlock(block, `${path}.content[${index}]`)
          ),
        });
        this.#runStart = this.turns.length;
        this.#results = null;
        return;
      case "user":
      case "system":
        this.#pushInput(message.role, blocks, path);
        return;
      default:
        throw wrongType(
          `${path}.role`,
          "user, assistant or system",
          message.role,
        );
    }
  }

  #pushInput(
    role: "user" | "system",
    blocks: ReturnType<typeof contentBlocks>,
    path: string,
  ): void {
    const inputs: InputBlock[] = [];
    let hasResults = false;
    blocks.forEach((block, index) => {
      const at = `${path}.content[${index}]`;
      if (block.type === "tool_result") {
        this.#pushResult(decodeToolResult(block, at));
        hasResults = true;
      } else {
        inputs.push(decodeInputBlock(block, at));
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
}
