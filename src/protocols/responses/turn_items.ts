/** Turns to input items of OpenAI Responses. @module */

import { invalidField } from "../../exchange/gateway_error.ts";
import type { JsonObject } from "../../support/json.ts";
import type {
  CanonicalRequest,
  OutputBlock,
  ReasoningBlock,
  ToolCallBlock,
  ToolResultBlock,
  Turn,
} from "../canonical.ts";
import { placeOf } from "../client_fields.ts";
import type { TargetProfile } from "../protocol.ts";
import { sameOrigin } from "../reasoning_envelope.ts";
import { repairCallId, type ToolNameMap } from "../tool_names.ts";
import { encodeAnnotations } from "./citations.ts";
import { encodeParts, type MediaBlock } from "./content_parts.ts";
import type { Losses } from "./losses.ts";
import { summaryOf } from "./reasoning_items.ts";

/** The longest `call_id` that the API takes. */
const MAX_CALL_ID = 64;

/** Builds the items of a request's history. */
export class TurnItems {
  readonly #request: CanonicalRequest;
  readonly #target: TargetProfile;
  readonly #names: ToolNameMap;
  readonly #losses: Losses;
  readonly #items: JsonObject[] = [];
  #keptReasoning = false;

  /** Builds items for `target`, with tools under the names of `names`. */
  constructor(
    request: CanonicalRequest,
    target: TargetProfile,
    names: ToolNameMap,
    losses: Losses,
  ) {
    this.#request = request;
    this.#target = target;
    this.#names = names;
    this.#losses = losses;
  }

  /** The items so far. */
  get items(): JsonObject[] {
    return this.#items;
  }

  /** Whether a reasoning item with its proof is among them. */
  get keptReasoning(): boolean {
    return this.#keptReasoning;
  }

  /**
   * Adds a turn.
   * @throws {RequestError} for content of the user that cannot be expressed
   */
  add(turn: Turn): void {
    switch (turn.role) {
      case "assistant":
        return this.#assistant(turn.blocks);
      case "tool":
        for (const result of turn.blocks) this.#result(result);
        return;
      default:
        return this.#input(turn);
    }
  }

  #input(turn: Turn & { role: "system" | "developer" | "user" }): void {
    let content: JsonObject[] = [];
    const flush = () => {
      if (content.length === 0) return;
      this.#items.push({ type: "message", role: turn.role, content });
      content = [];
    };
    for (const block of turn.blocks) {
      if (block.type !== "native") {
        content.push(...this.#parts([block]));
      } else if (block.protocol === "responses") {
        flush();
        this.#items.push(block.value);
      } else {
        const type = String(block.value.type ?? "unknown");
        const place = placeOf(this.#request, block);
        throw invalidField(
          place,
          `Cannot send ${place} to ${this.#target.provider}/${this.#target.model}: the responses protocol has no content of type ${type}; send text, images or files, or choose a ${block.protocol} provider`,
          "unsupported_content_part",
        );
      }
    }
    flush();
  }

  #assistant(blocks: readonly OutputBlock[]): void {
    let content: JsonObject[] = [];
    const flush = () => {
      if (content.length === 0) return;
      // Without `id`: the API takes ids of its own making only.
      this.#items.push({ type: "message", role: "assistant", content });
      content = [];
    };
    for (const block of blocks) {
      if (block.type === "text") {
        this.#noteCache(block.cache);
        const annotations = encodeAnnotations(
          block.citations,
          block.text.length,
        );
        if (annotations.length < block.citations.length) {
          this.#losses.add("citations", "a source without an address");
        }
        content.push({ type: "output_text", text: block.text, annotations });
        continue;
      }
      if (block.type === "refusal") {
        content.push({ type: "refusal", refusal: block.text });
        continue;
      }
      flush();
      this.#itemOf(block);
    }
    flush();
  }

  #itemOf(
    block: Exclude<OutputBlock, { type: "text" | "refusal" }>,
  ): void {
    switch (block.type) {
      case "tool-call":
        this.#call(block);
        return;
      case "reasoning":
        this.#reasoning(block);
        return;
      case "native":
        if (block.protocol === "responses") this.#items.push(block.value);
        else {
          const type = String(block.value.type ?? "content");
          this.#losses.add(
            placeOf(this.#request, block),
            `the responses protocol has no ${type}`,
          );
        }
    }
  }

  #parts(blocks: readonly MediaBlock[]): JsonObject[] {
    const place = (block: object) => placeOf(this.#request, block);
    return encodeParts(blocks, this.#losses, place);
  }

  #noteCache(cache: unknown): void {
    if (cache !== null) {
      this.#losses.add("cache_control", "the target caches prompts by itself");
    }
  }

  #call(block: ToolCallBlock): void {
    this.#noteCache(block.cache);
    const custom = block.kind === "custom";
    this.#items.push({
      type: custom ? "custom_tool_call" : "function_call",
      call_id: repairCallId(block.id, MAX_CALL_ID),
      name: this.#names.upstreamName(block.name),
      ...(custom
        ? { input: block.arguments }
        : { arguments: block.arguments === "" ? "{}" : block.arguments }),
    });
  }

  #reasoning(block: ReasoningBlock): void {
    const { proof, origin } = block;
    if (
      proof === null || origin === null || origin.protocol !== "responses" ||
      !sameOrigin(origin, this.#target)
    ) {
      this.#losses.add(
        placeOf(this.#request, block),
        "thinking made by another model, or without proof",
      );
      return;
    }
    this.#keptReasoning = true;
    this.#items.push({
      type: "reasoning",
      // The payload is bound to the id it was issued with.
      ...(block.itemId === null ? {} : { id: block.itemId }),
      summary: summaryOf(block.text),
      encrypted_content: proof,
    });
  }

  #result(block: ToolResultBlock): void {
    this.#noteCache(block.cache);
    const parts = this.#parts(block.content);
    const [first, ...rest] = parts;
    const text = typeof first?.text === "string" ? first.text : null;
    let output: string | JsonObject[];
    if (first === undefined) output = "";
    else output = text !== null && rest.length === 0 ? text : parts;
    this.#items.push({
      type: block.kind === "custom"
        ? "custom_tool_call_output"
        : "function_call_output",
      call_id: repairCallId(block.callId, MAX_CALL_ID),
      output: block.isError ? markedAsError(output) : output,
    });
  }
}

const ERROR_PREFIX = "Error: ";

/** Says in words what the protocol has no field for. */
function markedAsError(output: string | JsonObject[]): string | JsonObject[] {
  if (typeof output === "string") {
    return /^error\b/i.test(output) ? output : ERROR_PREFIX + output;
  }
  return [{ type: "input_text", text: ERROR_PREFIX.trim() }, ...output];
}
