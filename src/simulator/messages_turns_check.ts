/** Refuses turns that a provider of the messages protocol refuses: empty blocks, broken tool history, foreign thinking. @module */

import { invalidField, type RequestError } from "../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import { listOf, objectOf, objectsOf, textOf } from "./body_read.ts";
import type { ReasoningProofs } from "./proof.ts";

const ID_REGEXP = /^[a-zA-Z0-9_-]+$/;
const IMAGE_TYPES = [
  "image/jpeg",
  "image/png",
  "image/gif",
  "image/webp",
] as const;

/** One block and where it stands. */
interface PlacedBlock {
  readonly block: JsonObject;
  readonly place: string;
}

/** Neighbouring messages of one role, as the provider sees them. */
interface MergedTurn {
  readonly role: string;
  readonly place: string;
  readonly blocks: PlacedBlock[];
}

/** Refuses wrong turns. @throws {RequestError} */
export function checkTurns(body: JsonObject, proofs: ReasoningProofs): void {
  const { messages } = body;
  if (!Array.isArray(messages)) throw wrong("messages", "Field required");
  if (messages.length === 0) {
    throw wrong("messages", "at least one message is required");
  }
  const turns = mergedTurns(messages);
  if (turns[0]?.role !== "user") {
    throw wrong("messages", 'first message must use the "user" role');
  }
  for (const turn of turns) {
    for (const placed of turn.blocks) checkBlock(placed, turn.role, proofs);
  }
  checkToolHistory(turns);
  const used = turns.some(({ blocks }) =>
    blocks.some(({ block }) => block.type === "tool_use")
  );
  if (used && listOf(body.tools).length === 0) {
    throw wrong(
      "tools",
      "Requests which have `tool_use` or `tool_result` blocks in their content must define tools",
    );
  }
}

function wrong(place: string, problem: string): RequestError {
  return invalidField(place, `${place}: ${problem}`);
}

function mergedTurns(messages: readonly JsonValue[]): MergedTurn[] {
  const turns: MergedTurn[] = [];
  for (const [index, value] of messages.entries()) {
    const place = `messages.${index}`;
    if (!isJsonObject(value)) {
      throw wrong(place, "Input should be a valid dictionary");
    }
    const role = textOf(value.role);
    if (!["user", "assistant", "system"].includes(role)) {
      throw wrong(
        `${place}.role`,
        `Input should be 'user', 'assistant' or 'system', but got '${role}'`,
      );
    }
    // System messages between turns neither open nor close one.
    const blocks = contentBlocks(value.content, place);
    if (role === "system") continue;
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else turns.push({ role, place, blocks });
  }
  return turns;
}

function contentBlocks(
  content: JsonValue | undefined,
  place: string,
): PlacedBlock[] {
  if (typeof content === "string") {
    if (content === "") {
      throw wrong(place, "text content blocks must be non-empty");
    }
    return [{
      block: { type: "text", text: content },
      place: `${place}.content`,
    }];
  }
  if (!Array.isArray(content)) {
    throw wrong(`${place}.content`, "Field required");
  }
  return content.map((block, index) => ({
    block: objectOf(block),
    place: `${place}.content.${index}`,
  }));
}

function checkBlock(
  { block, place }: PlacedBlock,
  role: string,
  proofs: ReasoningProofs,
): void {
  switch (block.type) {
    case "text":
      if (textOf(block.text) === "") {
        throw wrong(place, "text content blocks must be non-empty");
      }
      break;
    case "image":
      checkImage(objectOf(block.source), place);
      break;
    case "tool_use":
      checkToolUse(block, place, role);
      break;
    case "tool_result":
      checkToolResult(block, place, role);
      break;
    case "thinking":
      if (!proofs.signed(textOf(block.thinking), textOf(block.signature))) {
        throw wrong(place, "Invalid signature in thinking block");
      }
      break;
    case "redacted_thinking":
      if (proofs.sealed(textOf(block.data), null) !== "own") {
        throw wrong(place, "Invalid data in redacted_thinking block");
      }
      break;
    default:
      if (typeof block.type !== "string") {
        throw wrong(`${place}.type`, "Field required");
      }
  }
}

function checkImage(source: JsonObject, place: string): void {
  const { type, media_type: mediaType, data } = source;
  if (type !== "base64") return;
  const allowed: readonly (JsonValue | undefined)[] = IMAGE_TYPES;
  if (!allowed.includes(mediaType)) {
    throw wrong(
      `${place}.image.source.base64.media_type`,
      "Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
    );
  }
  if (textOf(data) === "" || textOf(data).startsWith("data:")) {
    throw wrong(`${place}.image.source.base64.data`, "Invalid base64 data");
  }
}

function checkToolUse(block: JsonObject, place: string, role: string): void {
  if (role !== "assistant") {
    throw wrong(
      place,
      "`tool_use` blocks can only be in `assistant` messages",
    );
  }
  if (!ID_REGEXP.test(textOf(block.id))) {
    throw wrong(
      `${place}.tool_use.id`,
      "String should match pattern '^[a-zA-Z0-9_-]+$'",
    );
  }
  if (!isJsonObject(block.input)) {
    throw wrong(
      `${place}.tool_use.input`,
      "Input should be a valid dictionary",
    );
  }
}

function checkToolResult(block: JsonObject, place: string, role: string): void {
  if (role !== "user") {
    throw wrong(place, "`tool_result` blocks can only be in `user` messages");
  }
  if (!ID_REGEXP.test(textOf(block.tool_use_id))) {
    throw wrong(
      `${place}.tool_result.tool_use_id`,
      "String should match pattern '^[a-zA-Z0-9_-]+$'",
    );
  }
  for (const part of objectsOf(block.content)) {
    if (part.type === "text" && textOf(part.text) === "") {
      throw wrong(place, "text content blocks must be non-empty");
    }
    if (part.type === "image") checkImage(objectOf(part.source), place);
  }
}

// Every call is answered in the very next turn, results first, and every
// result belongs to a call of the turn before.
function checkToolHistory(turns: readonly MergedTurn[]): void {
  let asked: string[] = [];
  for (const turn of turns) {
    const results = resultIds(turn);
    const missing = asked.filter((id) => !results.leading.includes(id));
    if (missing.length > 0) throw unanswered(turn.place, missing);
    const orphan = results.all.find((id) => !asked.includes(id));
    if (orphan !== undefined) {
      throw wrong(
        turn.place,
        `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${orphan}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    }
    const twice = results.all.find((id, index) =>
      results.all.indexOf(id) !== index
    );
    if (twice !== undefined) {
      throw wrong(
        turn.place,
        `each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${twice}`,
      );
    }
    asked = turn.blocks.filter(({ block }) => block.type === "tool_use")
      .map(({ block }) => textOf(block.id));
  }
  if (asked.length > 0) {
    throw unanswered(turns.at(-1)?.place ?? "messages", asked);
  }
}

function unanswered(place: string, ids: readonly string[]): RequestError {
  return wrong(
    place,
    `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${
      ids.join(", ")
    }. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  );
}

function resultIds(turn: MergedTurn): { leading: string[]; all: string[] } {
  const all: string[] = [];
  const leading: string[] = [];
  let first = true;
  for (const { block } of turn.blocks) {
    if (block.type !== "tool_result") first = false;
    else {
      all.push(textOf(block.tool_use_id));
      if (first) leading.push(textOf(block.tool_use_id));
    }
  }
  return { leading, all };
}
