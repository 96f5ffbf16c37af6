/**
 * Content blocks of a messages stream, one open at a time. Parts of blocks
 * that interleave are kept until the open one is closed; text gives way to
 * what comes between and goes on in a new block.
 *
 * @module
 */

import type { JsonObject } from "../../support/json.ts";
import type { BlockKey, StreamPart } from "../stream_part.ts";
import { encodeCitation } from "./citations.ts";
import { envelopeOf } from "./encode_response.ts";
import { encodeEvent } from "./event_text.ts";

/** A part that belongs into a block. */
export type ContentPart = Exclude<
  StreamPart,
  { type: "start" | "finish" | "error" }
>;
type KeyedPart = Exclude<ContentPart, { type: "native" }>;
type NativePart = ContentPart & { type: "native" };

/** A block of the upstream that has started and whose end has not been written. */
type Pending = {
  // Parts that came while another block was open.
  readonly queue: ContentPart[];
  // Whether the client has seen its start and not its stop.
  open: boolean;
  // Free text of a custom call, which becomes JSON as a whole.
  readonly custom: string[] | null;
};

/** Writes blocks in an order that messages clients understand. */
export class BlockWriter {
  // In order of appearance, which is the order of flushing.
  readonly #pending = new Map<BlockKey, Pending>();
  #current: { readonly key: BlockKey; readonly yields: boolean } | null = null;
  #index = 0;
  // Native blocks come whole; negative keys keep them apart from the others.
  #nativeKey = -1;
  /** Whether a tool call was written. */
  sawToolCall = false;
  /** Whether a refusal was written. */
  sawRefusal = false;

  /** Takes a part, gives the text of the events it leads to. */
  push(part: ContentPart): string {
    if (part.type === "native") return this.#pushNative(part);
    const block = this.#blockOf(part);
    if (block === null) return "";
    if (!this.#mayWrite(part.key, block)) {
      // What leads to no event must not hold its place in the queue.
      if (block.queue.length > 0 || leadsToEvents(part)) block.queue.push(part);
      return "";
    }
    return this.#write(part, block) + this.#flush();
  }

  /** The answer is complete: writes what is still kept and closes what is open. */
  end(): string {
    let text = "";
    for (const [key, block] of this.#pending) {
      if (block.queue.length > 0 || block.open) {
        text += this.#closeCurrent(key) + this.#drain(block);
      }
      if (block.custom !== null && block.open) {
        text += this.#writeCustom(block.custom);
      }
      if (block.open) text += this.#close(block);
    }
    this.#pending.clear();
    return text;
  }

  #blockOf(part: KeyedPart): Pending | null {
    const known = this.#pending.get(part.key);
    if (known !== undefined || !part.type.endsWith("-start")) {
      return known ?? null;
    }
    const custom = part.type === "tool-call-start" && part.kind === "custom";
    const block: Pending = {
      queue: [],
      open: false,
      custom: custom ? [] : null,
    };
    this.#pending.set(part.key, block);
    return block;
  }

  // Nothing is open, the block itself is, or the open one is text and gives way.
  #mayWrite(key: BlockKey, block: Pending): boolean {
    if (this.#current === null || this.#current.key === key) return true;
    return this.#current.yields && block.queue.length === 0;
  }

  #pushNative(part: NativePart): string {
    if (part.protocol !== "messages") return "";
    const key = this.#nativeKey--;
    const block: Pending = { queue: [], open: false, custom: null };
    if (this.#current !== null && !this.#current.yields) {
      block.queue.push(part);
      this.#pending.set(key, block);
      return "";
    }
    return this.#closeCurrent(key) + this.#writeWhole(part.value);
  }

  #write(part: ContentPart, block: Pending): string {
    switch (part.type) {
      case "text-delta":
      case "refusal-delta":
        if (part.type === "refusal-delta") this.sawRefusal = true;
        return part.text === ""
          ? ""
          : this.#open(part.key, block, TEXT_BLOCK, true) +
            this.#delta({ type: "text_delta", text: part.text });
      case "text-citation":
        return this.#writeCitation(part, block);
      case "reasoning-delta":
        return part.text === ""
          ? ""
          : this.#open(part.key, block, THINKING_BLOCK, false) +
            this.#delta({ type: "thinking_delta", thinking: part.text });
      case "tool-call-start":
        this.sawToolCall = true;
        return this.#open(part.key, block, {
          type: "tool_use",
          id: part.id,
          name: part.name,
          input: {},
        }, false);
      case "tool-call-delta":
        return this.#writeArguments(part.arguments, block);
      case "reasoning-end":
        return this.#endReasoning(part, block);
      case "text-end":
      case "refusal-end":
      case "tool-call-end":
        return this.#end(part.key, block);
      case "native":
        return this.#writeWhole(part.value);
      default:
        // Starts of text and thinking: nothing to show yet, and empty blocks are not allowed.
        return "";
    }
  }

  #writeArguments(json: string, block: Pending): string {
    if (block.custom !== null) {
      block.custom.push(json);
      return "";
    }
    return json === ""
      ? ""
      : this.#delta({ type: "input_json_delta", partial_json: json });
  }

  #writeCustom(pieces: readonly string[]): string {
    const partial_json = JSON.stringify({ input: pieces.join("") });
    return this.#delta({ type: "input_json_delta", partial_json });
  }

  #writeCitation(
    part: ContentPart & { type: "text-citation" },
    block: Pending,
  ): string {
    const citation = encodeCitation(part.citation);
    return block.open && citation !== null
      ? this.#delta({ type: "citations_delta", citation })
      : "";
  }

  #endReasoning(
    part: ContentPart & { type: "reasoning-end" },
    block: Pending,
  ): string {
    const signature = envelopeOf(
      part.proof,
      part.origin,
      part.redacted,
      part.itemId,
    );
    this.#pending.delete(part.key);
    if (part.redacted) {
      const before = block.open
        ? this.#close(block)
        : this.#closeCurrent(part.key);
      return signature === "" ? before : before +
        this.#writeWhole({ type: "redacted_thinking", data: signature });
    }
    if (signature === "") return block.open ? this.#close(block) : "";
    return this.#open(part.key, block, THINKING_BLOCK, false) +
      this.#delta({ type: "signature_delta", signature }) + this.#close(block);
  }

  #end(key: BlockKey, block: Pending): string {
    this.#pending.delete(key);
    if (!block.open) return "";
    const custom = block.custom === null ? "" : this.#writeCustom(block.custom);
    return custom + this.#close(block);
  }

  #open(
    key: BlockKey,
    block: Pending,
    content: JsonObject,
    yields: boolean,
  ): string {
    if (block.open) return "";
    const closed = this.#closeCurrent(key);
    block.open = true;
    this.#current = { key, yields };
    return closed +
      encodeEvent("content_block_start", {
        index: this.#index,
        content_block: content,
      });
  }

  // Closes the open block unless it is the one with this key.
  #closeCurrent(key: BlockKey): string {
    if (this.#current === null || this.#current.key === key) return "";
    const block = this.#pending.get(this.#current.key);
    return block === undefined ? "" : this.#close(block);
  }

  #close(block: Pending): string {
    block.open = false;
    this.#current = null;
    return encodeEvent("content_block_stop", { index: this.#index++ });
  }

  #delta(delta: JsonObject): string {
    return encodeEvent("content_block_delta", { index: this.#index, delta });
  }

  #writeWhole(value: JsonObject): string {
    const index = this.#index++;
    return encodeEvent("content_block_start", { index, content_block: value }) +
      encodeEvent("content_block_stop", { index });
  }

  // Writes what waited, in order, until a block stays open that does not give way.
  #flush(): string {
    let text = "";
    for (const [key, block] of this.#pending) {
      if (this.#current !== null && !this.#current.yields) break;
      if (block.queue.length === 0) continue;
      text += this.#closeCurrent(key) + this.#drain(block);
      if (key < 0) this.#pending.delete(key);
    }
    return text;
  }

  #drain(block: Pending): string {
    const parts = block.queue.splice(0);
    return parts.map((part) => this.#write(part, block)).join("");
  }
}

const TEXT_BLOCK: Readonly<JsonObject> = { type: "text", text: "" };
// Clients append to `thinking`: without the empty text they begin with "undefined".
const THINKING_BLOCK: Readonly<JsonObject> = {
  type: "thinking",
  thinking: "",
  signature: "",
};

// Whether a part of a block that is not open could need the place that another holds.
function leadsToEvents(part: KeyedPart): boolean {
  switch (part.type) {
    case "text-start":
    case "refusal-start":
    case "reasoning-start":
      return false;
    case "text-delta":
    case "refusal-delta":
    case "reasoning-delta":
      return part.text !== "";
    default:
      return true;
  }
}
