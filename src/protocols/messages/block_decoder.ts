/** One content block of a provider's stream, from its start to its stop. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { ReasoningOrigin } from "../canonical.ts";
import type { DecodeContext } from "../protocol.ts";
import type { BlockKey, StreamPart } from "../stream_part.ts";
import { decodeCitation, decodeCitations } from "./citations.ts";
import { decodeThinking } from "./decode_blocks.ts";

/** What a block becomes. */
export type BlockKind = "text" | "reasoning" | "tool-call" | "native";

/** A block that has started and not stopped. */
export class OpenBlock {
  /** What it becomes. */
  readonly kind: BlockKind;
  readonly #value: JsonObject;
  readonly #key: BlockKey;
  readonly #context: DecodeContext;
  readonly #origin: ReasoningOrigin;
  // Pieces of `partial_json`, kept only where nobody else keeps them.
  readonly #json: string[] = [];
  #sawArguments = false;
  #signature = "";

  /** Opens a block with the `content_block` of its start event. */
  constructor(
    value: JsonObject,
    key: BlockKey,
    context: DecodeContext,
    origin: ReasoningOrigin,
  ) {
    this.kind = kindOf(value);
    this.#value = { ...value };
    this.#key = key;
    this.#context = context;
    this.#origin = origin;
  }

  /** Whether its parts carry a key; native ones do not. */
  get hasKey(): boolean {
    return this.kind !== "native";
  }

  /** Gives the parts of its start, with content that stands there already. */
  start(): StreamPart[] {
    const key = this.#key;
    const { text, thinking, citations } = this.#value;
    switch (this.kind) {
      case "text":
        return [
          { type: "text-start", key },
          ...this.#text(text),
          ...decodeCitations(citations).map((citation) => ({
            type: "text-citation" as const,
            key,
            citation,
          })),
        ];
      case "reasoning":
        return [{ type: "reasoning-start", key }, ...this.#thinking(thinking)];
      case "tool-call": {
        const name = String(this.#value.name ?? "");
        return [{
          type: "tool-call-start",
          key,
          id: String(this.#value.id ?? ""),
          name: this.#context.toolNames.get(name) ?? name,
          kind: "function",
        }];
      }
      case "native":
        return [];
    }
  }

  /** Takes a delta. */
  delta(delta: JsonObject): StreamPart[] {
    if (this.kind === "native") {
      this.#collect(delta);
      return [];
    }
    switch (delta.type) {
      case "text_delta":
        return this.kind === "text" ? this.#text(delta.text) : [];
      case "thinking_delta":
        return this.kind === "reasoning" ? this.#thinking(delta.thinking) : [];
      case "signature_delta":
        this.#signature += typeof delta.signature === "string"
          ? delta.signature
          : "";
        return [];
      case "input_json_delta":
        return this.kind === "tool-call"
          ? this.#arguments(delta.partial_json)
          : [];
      case "citations_delta":
        return this.kind === "text" && isJsonObject(delta.citation)
          ? [{
            type: "text-citation",
            key: this.#key,
            citation: decodeCitation(delta.citation),
          }]
          : [];
      default:
        return [];
    }
  }

  /** Ends the block. */
  stop(): StreamPart[] {
    const key = this.#key;
    switch (this.kind) {
      case "text":
        return [{ type: "text-end", key }];
      case "reasoning":
        return [this.#reasoningEnd()];
      case "tool-call":
        return [...this.#wholeInput(), { type: "tool-call-end", key }];
      case "native":
        return [{
          type: "native",
          protocol: "messages",
          value: this.#nativeValue(),
        }];
    }
  }

  #text(text: JsonValue | undefined): StreamPart[] {
    return typeof text === "string" && text !== ""
      ? [{ type: "text-delta", key: this.#key, text }]
      : [];
  }

  #thinking(text: JsonValue | undefined): StreamPart[] {
    return typeof text === "string" && text !== ""
      ? [{ type: "reasoning-delta", key: this.#key, text }]
      : [];
  }

  #arguments(json: JsonValue | undefined): StreamPart[] {
    if (typeof json !== "string" || json === "") return [];
    this.#sawArguments = true;
    return [{ type: "tool-call-delta", key: this.#key, arguments: json }];
  }

  // A call without arguments streams one empty delta; some servers put the
  // whole input into the start event instead.
  #wholeInput(): StreamPart[] {
    return this.#sawArguments
      ? []
      : this.#arguments(JSON.stringify(this.#value.input ?? {}));
  }

  #reasoningEnd(): StreamPart {
    const signature = this.#signature || this.#value.signature;
    const { proof, redacted, itemId, origin } = decodeThinking(
      { ...this.#value, signature },
      this.#origin,
    );
    return {
      type: "reasoning-end",
      key: this.#key,
      proof,
      redacted,
      itemId,
      origin,
    };
  }

  #collect(delta: JsonObject): void {
    for (const [field, value] of Object.entries(delta)) {
      if (field === "type") continue;
      if (field === "partial_json") this.#json.push(String(value));
      else if (field === "citation") this.#append("citations", value);
      else this.#extend(field, value);
    }
  }

  #append(field: string, value: JsonValue | undefined): void {
    const list = this.#value[field];
    if (value !== undefined) {
      this.#value[field] = [...(Array.isArray(list) ? list : []), value];
    }
  }

  #extend(field: string, value: JsonValue | undefined): void {
    const before = this.#value[field];
    this.#value[field] = typeof before === "string" && typeof value === "string"
      ? before + value
      : value;
  }

  #nativeValue(): JsonObject {
    const json = this.#json.join("");
    if (json === "") return this.#value;
    try {
      return { ...this.#value, input: JSON.parse(json) };
    } catch {
      return this.#value;
    }
  }
}

function kindOf(value: JsonObject): BlockKind {
  switch (value.type) {
    case "text":
      return "text";
    case "thinking":
    case "redacted_thinking":
      return "reasoning";
    case "tool_use":
      return "tool-call";
    default:
      return "native";
  }
}
