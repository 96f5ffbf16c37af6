/**
 * Thinking in Chat Completions, which has no field of its own for it: the
 * dialects `reasoning_content`, `reasoning` and `reasoning_details`.
 *
 * A proof made by a chat upstream is the JSON of {@linkcode ChatProof}: which
 * field the thinking came in and its details without their text, so that it
 * can be given back to that upstream the way it came.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { ReasoningBlock } from "../canonical.ts";
import { unwrapProof, wrapProof } from "../reasoning_envelope.ts";

/** How an upstream showed its thinking. */
export interface ChatProof {
  /** The field with the text, `null` where only details came. */
  readonly field: "reasoning_content" | "reasoning" | null;
  /** The details, without text where a field holds it. */
  readonly details: readonly JsonObject[];
}

/** Thinking without proof or maker. */
export function plainReasoning(text: string): ReasoningBlock {
  return {
    type: "reasoning",
    text,
    proof: null,
    redacted: false,
    itemId: null,
    origin: null,
  };
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The readable text of one detail: `text` or `summary`. */
export function detailText(detail: JsonObject): string {
  return text(detail.text) + text(detail.summary);
}

/** Lists the objects of a `reasoning_details` value. */
export function detailsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** Reads a proof made by {@linkcode ChatDetails}; `null` for any other text. */
export function parseChatProof(proof: string): ChatProof | null {
  let value: unknown;
  try {
    value = JSON.parse(proof);
  } catch {
    return null;
  }
  if (!isJsonObject(value)) return null;
  const field = value.field;
  return {
    field: field === "reasoning_content" || field === "reasoning"
      ? field
      : null,
    details: detailsOf(value.details),
  };
}

/** Details that belong together: pieces of one thought in a stream. */
export class ChatDetails {
  readonly #merged = new Map<string, JsonObject>();

  /** Whether any detail holds a signature or encrypted data. */
  get hasProof(): boolean {
    return this.#merged.values().some((detail) =>
      text(detail.signature) !== "" || text(detail.data) !== ""
    );
  }

  /** The details in order of appearance. */
  get all(): JsonObject[] {
    return [...this.#merged.values()];
  }

  /** Takes one piece; its text is left out, as it travels as thinking. */
  add(detail: JsonObject): void {
    const key = `${text(detail.type)} ${detail.index ?? detail.id ?? ""}`;
    const merged = this.#merged.get(key) ?? {};
    for (const [name, value] of Object.entries(detail)) {
      if (name === "text" || name === "summary") continue;
      if (value === null || value === "" || value === undefined) continue;
      // Encrypted data may come in pieces, all else is said whole each time.
      merged[name] = name === "data" ? text(merged.data) + text(value) : value;
    }
    this.#merged.set(key, merged);
  }
}

/** Writes the proof of thinking that came from a chat upstream. */
export function chatProof(proof: ChatProof): string {
  return JSON.stringify({
    field: proof.field,
    ...(proof.details.length > 0 ? { details: [...proof.details] } : {}),
  });
}

/** What a chat client sends or gets of one turn's thinking. */
export type ReasoningFields = {
  reasoning_content?: string;
  reasoning?: string;
  reasoning_details?: JsonObject[];
};

/** Gives the detail that carries a block's proof through a chat client, `null` for a block without one. */
export function clientDetails(
  block: ReasoningBlock,
  index: number,
): JsonObject[] {
  const { proof, origin } = block;
  if (proof === null || origin === null) return [];
  if (origin.protocol === "chat") {
    return parseChatProof(proof)?.details.map((detail) => ({ ...detail })) ??
      [];
  }
  const wrapped = wrapProof(origin, proof, block.redacted, block.itemId);
  return [
    block.text === ""
      ? { type: "reasoning.encrypted", data: wrapped, index }
      : {
        type: "reasoning.text",
        text: block.text,
        signature: wrapped,
        index,
      },
  ];
}

/** Puts the thinking of a whole answer into the fields that chat clients know. */
export function encodeClientReasoning(
  blocks: readonly ReasoningBlock[],
): ReasoningFields {
  const fields: ReasoningFields = {};
  const texts = blocks.map((block) => block.text).filter((part) => part !== "");
  if (texts.length > 0) fields.reasoning_content = texts.join("\n\n");
  const details = blocks.flatMap(clientDetails);
  if (details.length > 0) fields.reasoning_details = details;
  return fields;
}

/**
 * Reads the thinking that a chat client gives back on an assistant message.
 * Envelopes are opened; a proof in none has no known maker and is left out.
 */
export function decodeClientReasoning(message: JsonObject): ReasoningBlock[] {
  const blocks: ReasoningBlock[] = [];
  for (const group of groups(detailsOf(message.reasoning_details))) {
    const block = blockOfDetails(group);
    if (block.text !== "" || block.proof !== null) blocks.push(block);
  }
  const said = text(message.reasoning_content) || text(message.reasoning);
  if (said === "" || blocks.some((block) => block.text !== "")) return blocks;
  const first = blocks.findIndex((block) => !block.redacted);
  const target = blocks[first];
  // The details hold proofs alone: the text beside them is theirs.
  if (target !== undefined) blocks[first] = { ...target, text: said };
  else blocks.unshift(plainReasoning(said));
  return blocks;
}

/** Pieces with one index are one thought; without an index each stands alone. */
function groups(details: readonly JsonObject[]): JsonObject[][] {
  const byIndex = new Map<JsonValue, JsonObject[]>();
  const result: JsonObject[][] = [];
  for (const detail of details) {
    const index = detail.index ?? null;
    const group = index === null ? undefined : byIndex.get(index);
    if (group !== undefined) {
      group.push(detail);
      continue;
    }
    const fresh = [detail];
    if (index !== null) byIndex.set(index, fresh);
    result.push(fresh);
  }
  return result;
}

function blockOfDetails(group: readonly JsonObject[]): ReasoningBlock {
  const words = group.map(detailText).join("");
  for (const detail of group) {
    const opened = unwrapProof(text(detail.signature) || text(detail.data));
    if (opened === null) continue;
    const { proof, origin, redacted, itemId } = opened;
    return {
      type: "reasoning",
      text: redacted ? "" : words,
      proof,
      redacted,
      itemId,
      origin,
    };
  }
  return plainReasoning(words);
}

/**
 * Gives thinking back to the chat upstream that made it, the way it came.
 * Fields without details are only read inside tool loops, and some models
 * refuse them elsewhere: then they are left out.
 */
export function encodeUpstreamReasoning(
  blocks: readonly ReasoningBlock[],
  hasToolCalls: boolean,
): ReasoningFields {
  const fields: ReasoningFields = {};
  for (const block of blocks) {
    const proof = parseChatProof(block.proof ?? "");
    if (proof === null) continue;
    if (hasToolCalls && proof.field !== null && block.text !== "") {
      fields[proof.field] = (fields[proof.field] ?? "") + block.text;
    }
    if (proof.details.length === 0) continue;
    fields.reasoning_details ??= [];
    let unsaid = block.text;
    for (const detail of proof.details) {
      fields.reasoning_details.push(withText(detail, unsaid));
      if (detail.type !== "reasoning.encrypted") unsaid = "";
    }
  }
  return fields;
}

function withText(detail: JsonObject, words: string): JsonObject {
  if (detail.type === "reasoning.text") return { ...detail, text: words };
  if (detail.type === "reasoning.summary") return { ...detail, summary: words };
  return detail;
}
