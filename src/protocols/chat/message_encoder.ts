/** Canonical turns to messages of a Chat Completions request. @module */

import type { JsonObject, JsonValue } from "../../support/json.ts";
import type {
  CanonicalRequest,
  InputBlock,
  Loss,
  OutputBlock,
  ReasoningBlock,
  TextBlock,
  ToolCallBlock,
  ToolResultBlock,
} from "../canonical.ts";
import { placeOf } from "../client_fields.ts";
import type { TargetProfile } from "../protocol.ts";
import { sameOrigin } from "../reasoning_envelope.ts";
import { repairCallId, type ToolNameMap } from "../tool_names.ts";
import {
  encodeCacheHint,
  encodePart,
  joinTexts,
  type PartTarget,
} from "./content_parts.ts";
import { isOpenAiModel } from "./models.ts";
import { encodeUpstreamReasoning } from "./reasoning.ts";

const MAX_CALL_ID_LENGTH = 64;

/** Only the length is repaired: Moonshot wants `functions.name:0` back as it was. */
function upstreamCallId(id: string): string {
  return id !== "" && id.length <= MAX_CALL_ID_LENGTH ? id : repairCallId(id);
}

/** Writes messages in order and gathers what could not be written. */
export class MessageEncoder {
  readonly #messages: JsonObject[] = [];
  readonly #losses: Loss[] = [];
  readonly #request: CanonicalRequest;
  readonly #names: ToolNameMap;
  readonly #target: TargetProfile;
  readonly #parts: PartTarget;
  readonly #developerRole: boolean;

  /** Writes for one target, with tool names as they are sent there. */
  constructor(
    request: CanonicalRequest,
    target: TargetProfile,
    names: ToolNameMap,
  ) {
    this.#request = request;
    this.#target = target;
    this.#names = names;
    this.#developerRole = isOpenAiModel(target.model);
    this.#parts = {
      name: `${target.provider}/${target.model}`,
      cacheControl: target.cacheControl,
      lose: (field, reason) => this.#lose(field, reason),
      placeOf: (block) => this.#place(block),
    };
  }

  /** The messages so far. */
  get messages(): JsonObject[] {
    return this.#messages;
  }

  /** What could not be written. */
  get losses(): readonly Loss[] {
    return this.#losses;
  }

  /**
   * Writes instructions and turns.
   * @throws {RequestError} for what the target cannot take and may not be dropped
   */
  encode(): void {
    for (const { role, blocks } of this.#request.instructions) {
      this.#messages.push({
        role: this.#systemRole(role),
        content: this.#instructionContent(blocks),
      });
    }
    for (const turn of this.#request.turns) {
      switch (turn.role) {
        case "system":
        case "developer":
          this.#messages.push({
            role: this.#systemRole(turn.role),
            content: this.#content(turn.blocks),
          });
          break;
        case "user":
          this.#messages.push({
            role: "user",
            content: this.#content(turn.blocks),
          });
          break;
        case "assistant":
          this.#assistant(turn.blocks);
          break;
        case "tool":
          this.#results(turn.blocks);
      }
    }
  }

  #place(block: object): string {
    return placeOf(this.#request, block);
  }

  #lose(field: string, reason: string): void {
    this.#losses.push({ field, reason });
  }

  #systemRole(role: "system" | "developer"): string {
    return this.#developerRole ? role : "system";
  }

  #instructionContent(blocks: readonly TextBlock[]): JsonValue {
    if (
      this.#parts.cacheControl && blocks.some((block) => block.cache !== null)
    ) {
      return blocks.map((block) => this.#part(block));
    }
    // Many providers take a system message as one string only.
    return joinTexts(blocks);
  }

  #part(block: InputBlock): JsonObject {
    return encodePart(block, this.#parts);
  }

  #content(blocks: readonly InputBlock[]): JsonValue {
    const [only] = blocks;
    if (only === undefined) return "";
    const plain = only.type === "text" &&
      (only.cache === null || !this.#parts.cacheControl);
    if (blocks.length === 1 && plain) return only.text;
    return blocks.map((block) => this.#part(block));
  }

  #assistant(blocks: readonly OutputBlock[]): void {
    const texts: TextBlock[] = [];
    const refusals: string[] = [];
    const calls: JsonObject[] = [];
    const reasoning: ReasoningBlock[] = [];
    const native: JsonObject = {};
    for (const block of blocks) {
      switch (block.type) {
        case "text":
          texts.push(block);
          if (block.citations.length > 0) {
            this.#lose(
              `${this.#place(block)}.citations`,
              "the chat protocol has no such field",
            );
          }
          break;
        case "refusal":
          refusals.push(block.text);
          break;
        case "tool-call":
          calls.push(this.#toolCall(block));
          break;
        case "reasoning":
          if (this.#isOwn(block)) reasoning.push(block);
          else {this.#lose(
              this.#place(block),
              "thinking of another provider or model means nothing here",
            );}
          break;
        case "native":
          this.#native(block, native);
      }
    }
    const message: JsonObject = {
      role: "assistant",
      content: this.#assistantContent(
        texts,
        refusals.length + calls.length > 0,
      ),
      ...encodeUpstreamReasoning(reasoning, calls.length > 0),
      ...native,
    };
    if (refusals.length > 0) message.refusal = refusals.join("");
    if (calls.length > 0) message.tool_calls = calls;
    // A turn of foreign thinking alone leaves nothing that a provider would take.
    const empty = message.content === "" && Object.keys(message).length === 2;
    if (!empty || blocks.length === 0) this.#messages.push(message);
  }

  #isOwn(block: ReasoningBlock): boolean {
    return block.origin !== null && block.origin.protocol === "chat" &&
      sameOrigin(block.origin, this.#target);
  }

  #native(
    block: OutputBlock & { type: "native" },
    native: JsonObject,
  ): void {
    if (block.protocol !== "chat") {
      this.#lose(this.#place(block), "the chat protocol has no such block");
    } else if (block.value.type === "audio") {
      native.audio = block.value.audio;
    }
  }

  #assistantContent(texts: readonly TextBlock[], hasMore: boolean): JsonValue {
    if (
      this.#parts.cacheControl && texts.some((block) => block.cache !== null)
    ) {
      return texts.map((block) => this.#part(block));
    }
    const text = texts.map((block) => block.text).join("");
    return text === "" && hasMore ? null : text;
  }

  #toolCall(block: ToolCallBlock): JsonObject {
    const id = upstreamCallId(block.id);
    const name = this.#names.upstreamName(block.name);
    if (block.kind === "custom") {
      return { id, type: "custom", custom: { name, input: block.arguments } };
    }
    return {
      id,
      type: "function",
      // Messages' calls without input have no text at all.
      function: { name, arguments: block.arguments || "{}" },
      ...(this.#parts.cacheControl ? encodeCacheHint(block.cache) : {}),
    };
  }

  /** One message a result; pictures and files follow in one user message, as tool messages hold text only. */
  #results(results: readonly ToolResultBlock[]): void {
    const media: JsonObject[] = [];
    for (const result of results) {
      const id = upstreamCallId(result.callId);
      const texts = result.content.filter((block) => block.type === "text");
      const others = result.content.filter((block) => block.type !== "text");
      let content = joinTexts(texts);
      if (others.length > 0) {
        media.push({
          type: "text",
          text: `Content of the result of tool call ${id}:`,
        });
        media.push(...others.map((block) => this.#part(block)));
        const note =
          "The rest of this result follows in the next user message.";
        content = content === "" ? note : `${content}\n\n${note}`;
      }
      this.#messages.push({
        role: "tool",
        tool_call_id: id,
        content: result.isError ? `Error: ${content}` : content,
        ...(this.#parts.cacheControl ? encodeCacheHint(result.cache) : {}),
      });
    }
    if (media.length > 0) this.#messages.push({ role: "user", content: media });
  }
}
