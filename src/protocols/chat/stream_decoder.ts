/**
 * Chat Completions chunks to parts, with every deviation that recorded
 * providers show: see the tests for which provider does what.
 *
 * @module
 */

import {
  type GatewayError,
  gatewayError,
} from "../../exchange/gateway_error.ts";
import { noUsage, type Usage } from "../../exchange/usage.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { Citation } from "../canonical.ts";
import type { DecodeContext, SseEvent, StreamDecoder } from "../protocol.ts";
import type { BlockKey, StreamPart } from "../stream_part.ts";
import { decodeAnnotation } from "./annotations.ts";
import { decodeFinish } from "./finish.ts";
import {
  ChatDetails,
  type ChatProof,
  chatProof,
  detailsOf,
  detailText,
} from "./reasoning.ts";
import { inBandError } from "./stream_failure.ts";
import { ToolCallTracker } from "./tool_call_tracker.ts";
import { findUsage, readChatUsage } from "./usage.ts";

type OpenBlock = {
  readonly kind: "text" | "refusal" | "reasoning";
  readonly key: BlockKey;
};

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Reads one chat stream. */
export class ChatStreamDecoder implements StreamDecoder {
  readonly #context: DecodeContext;
  readonly #tools: ToolCallTracker;
  readonly #early: Citation[] = [];
  #nextKey = 0;
  #open: OpenBlock | null = null;
  #field: ChatProof["field"] = null;
  #details = new ChatDetails();
  #started = false;
  #ended = false;
  #hasThinkingText = false;
  #sawRefusal = false;
  #finishReason: string | null = null;
  #stopSequence: string | null = null;
  #serviceTier: string | null = null;
  #id = "";
  #model = "";
  #usage: Usage | null = null;

  /** Reads with what the call knows: origin of thinking, tool names, provider flags. */
  constructor(context: DecodeContext) {
    this.#context = context;
    this.#tools = new ToolCallTracker(context, () => this.#nextKey++);
  }

  /** Takes one event. */
  push(event: SseEvent): StreamPart[] {
    if (this.#ended) return [];
    const data = event.data.trim();
    if (data === "") return [];
    if (data === "[DONE]") return this.#finish();
    let chunk: JsonValue;
    try {
      chunk = JSON.parse(data) as JsonValue;
    } catch {
      return this.#fail(
        gatewayError("upstream", "The upstream sent an event that is not JSON"),
      );
    }
    return this.chunk(chunk, event.event === "error");
  }

  /** The body ended: fine after a finish reason, even without `[DONE]`. */
  end(): StreamPart[] {
    return this.#ended ? [] : this.#finish();
  }

  /** Takes one parsed chunk. */
  chunk(chunk: JsonValue, isErrorEvent: boolean): StreamPart[] {
    if (this.#ended) return [];
    const holder = isJsonObject(chunk) ? chunk : {};
    // OpenRouter sends the bill in the chunk with the error.
    this.#facts(holder);
    const error = inBandError(chunk, isErrorEvent);
    if (error !== null) return this.#fail(error);
    if (!Array.isArray(holder.choices)) return [];
    const choice = holder.choices.find((candidate) =>
      isJsonObject(candidate) && (candidate.index ?? 0) === 0
    );
    if (!isJsonObject(choice)) return [];
    return [...this.#start(holder), ...this.#choice(choice)];
  }

  #facts(chunk: JsonObject): void {
    // Groq's compound models give every chunk an id of its own: the first counts.
    this.#id ||= text(chunk.id);
    this.#model ||= text(chunk.model);
    this.#serviceTier ??= text(chunk.service_tier) || null;
    const usage = findUsage(chunk);
    if (usage === null) return;
    // Cumulative where it comes more than once: the last one counts.
    this.#usage = readChatUsage(usage, {
      model: this.#model,
      service_tier: this.#serviceTier,
    });
  }

  #start(chunk: JsonObject): StreamPart[] {
    if (this.#started) return [];
    this.#started = true;
    const created = chunk.created;
    return [{
      type: "start",
      id: this.#id,
      model: this.#model || this.#context.model,
      createdAt: typeof created === "number" && created > 0 ? created : null,
      serviceTier: this.#serviceTier,
      usage: null,
    }];
  }

  #choice(choice: JsonObject): StreamPart[] {
    const delta = choice.delta ?? choice.message;
    const parts: StreamPart[] = isJsonObject(delta) ? this.#delta(delta) : [];
    const reason = text(choice.finish_reason);
    // Repeated by OpenRouter, as null or as the same word: the first counts.
    if (reason !== "") this.#finishReason ??= reason;
    this.#stopSequence ??= text(choice.stop_reason) || null;
    return parts;
  }

  #delta(delta: JsonObject): StreamPart[] {
    const parts = this.#reasoning(delta);
    if (Array.isArray(delta.annotations)) {
      for (const annotation of delta.annotations) {
        parts.push(...this.#annotation(annotation));
      }
    }
    parts.push(...this.#content(delta.content));
    const refusal = text(delta.refusal);
    if (refusal !== "") {
      this.#sawRefusal = true;
      parts.push(...this.#words("refusal", refusal));
    }
    const calls = [
      ...this.#tools.push(delta.tool_calls),
      ...this.#tools.pushFunctionCall(delta.function_call),
    ];
    // Text that follows a call is a block of its own.
    if (calls.some((part) => part.type === "tool-call-start")) {
      parts.push(...this.#close());
    }
    parts.push(...calls);
    return parts;
  }

  /** Mistral sends arrays of text and thinking, all others text. */
  #content(content: JsonValue | undefined): StreamPart[] {
    if (!Array.isArray(content)) return this.#words("text", text(content));
    return content.flatMap((part) => {
      if (!isJsonObject(part)) return this.#words("text", text(part));
      if (part.type !== "thinking") return this.#words("text", text(part.text));
      const pieces = Array.isArray(part.thinking)
        ? part.thinking
        : [part.thinking ?? null];
      return pieces.flatMap((piece) =>
        this.#words(
          "reasoning",
          isJsonObject(piece) ? text(piece.text) : text(piece),
        )
      );
    });
  }

  #reasoning(delta: JsonObject): StreamPart[] {
    const details = detailsOf(delta.reasoning_details);
    let words = "";
    for (const field of ["reasoning_content", "reasoning"] as const) {
      if (words !== "") break;
      words = text(delta[field]);
      if (words !== "") this.#field = field;
    }
    // Where only details hold the text (Snowflake), it is read there; where a
    // field holds it, details that come later repeat it beside their proof.
    if (words === "" && this.#field === null) {
      words = details.map(detailText).join("");
    }
    const fresh = new ChatDetails();
    for (const detail of details) fresh.add(detail);
    const parts = this.#words("reasoning", words);
    if (fresh.hasProof && this.#open?.kind !== "reasoning") {
      // A proof alone is redacted thinking: it is a block all the same.
      parts.push(...this.#openBlock("reasoning"));
    }
    if (this.#open?.kind === "reasoning") {
      for (const detail of details) this.#details.add(detail);
    }
    return parts;
  }

  #words(kind: OpenBlock["kind"], words: string): StreamPart[] {
    if (words === "") return [];
    const parts = this.#openBlock(kind);
    const key = this.#open?.key ?? 0;
    if (kind === "reasoning") this.#hasThinkingText = true;
    parts.push({ type: `${kind}-delta`, key, text: words });
    return parts;
  }

  #openBlock(kind: OpenBlock["kind"]): StreamPart[] {
    if (this.#open?.kind === kind) return [];
    const parts = this.#close();
    const key = this.#nextKey++;
    this.#open = { kind, key };
    parts.push({ type: `${kind}-start`, key });
    if (kind === "text") {
      for (const citation of this.#early.splice(0)) {
        parts.push({ type: "text-citation", key, citation });
      }
    }
    return parts;
  }

  #close(): StreamPart[] {
    const open = this.#open;
    this.#open = null;
    if (open === null) return [];
    if (open.kind !== "reasoning") {
      return [{ type: `${open.kind}-end`, key: open.key }];
    }
    const details = this.#details.all;
    const part: StreamPart = {
      type: "reasoning-end",
      key: open.key,
      proof: chatProof({ field: this.#field, details }),
      redacted: !this.#hasThinkingText,
      itemId: null,
      origin: {
        protocol: "chat",
        provider: this.#context.provider,
        model: this.#context.model,
      },
    };
    this.#field = null;
    this.#details = new ChatDetails();
    this.#hasThinkingText = false;
    return [part];
  }

  /** OpenRouter cites before the text comes: then the first text gets it. */
  #annotation(annotation: JsonValue): StreamPart[] {
    const citation = decodeAnnotation(annotation);
    if (citation === null) return [];
    if (this.#open?.kind === "text") {
      return [{ type: "text-citation", key: this.#open.key, citation }];
    }
    this.#early.push(citation);
    return [];
  }

  #finish(): StreamPart[] {
    const isEnd = this.#finishReason !== null ||
      (this.#started && this.#context.eofIsFinish);
    if (!isEnd) {
      return this.#fail(gatewayError(
        "upstream",
        "The upstream's stream ended without a finish reason",
        { code: "stream_broken" },
      ));
    }
    const parts = [...this.#close(), ...this.#tools.end(this.#id)];
    const finish = decodeFinish(this.#finishReason, {
      toolCalls: this.#tools.any,
      refusal: this.#sawRefusal,
      stopSequence: this.#stopSequence,
    });
    if (finish.kind === "error") {
      return this.#fail(gatewayError(
        "upstream",
        `The upstream's stream ended with the finish reason ${finish.raw}`,
      ));
    }
    this.#ended = true;
    parts.push({
      type: "finish",
      finish,
      usage: this.#usage ?? noUsage(),
      serviceTier: this.#serviceTier,
    });
    return parts;
  }

  #fail(error: GatewayError): StreamPart[] {
    this.#ended = true;
    return [{ type: "error", error, usage: this.#usage ?? noUsage() }];
  }
}
