/** Parts to the chunks of a Chat Completions stream. @module */

import { gatewayError } from "../../exchange/gateway_error.ts";
import type { Usage } from "../../exchange/usage.ts";
import type { JsonObject, JsonValue } from "../../support/json.ts";
import type { Citation } from "../canonical.ts";
import type { EncodeContext, StreamEncoder } from "../protocol.ts";
import type { BlockKey, StreamPart } from "../stream_part.ts";
import { encodeAnnotations } from "./annotations.ts";
import { encodeChatStreamError } from "./errors.ts";
import { clientDetails } from "./reasoning.ts";
import {
  clientFinishReason,
  createdSeconds,
  usesFunctions,
} from "./response.ts";
import { servedTier } from "./service_tier.ts";
import { encodeChatUsage } from "./usage.ts";

type TextState = {
  /** Where the block begins in the whole content. */
  readonly base: number;
  length: number;
  readonly citations: Citation[];
};

type CallState = {
  /** Position among the calls of the answer. */
  readonly index: number;
  readonly kind: "function" | "custom";
  sent: boolean;
};

/** Writes one chat stream. */
export class ChatStreamEncoder implements StreamEncoder {
  readonly #context: EncodeContext;
  readonly #functions: boolean;
  readonly #texts = new Map<BlockKey, TextState>();
  readonly #calls = new Map<BlockKey, CallState>();
  /** Text of open thinking blocks: the detail with the proof repeats it. */
  readonly #thinking = new Map<BlockKey, string>();
  #head: JsonObject = {};
  #started = false;
  #ended = false;
  #contentLength = 0;
  #callCount = 0;
  #detailIndex = 0;
  #sawThinking = false;
  #sawRefusal = false;

  /** Writes for one client's request. */
  constructor(context: EncodeContext) {
    this.#context = context;
    this.#functions = usesFunctions(context.body);
  }

  /** Takes one part, gives the SSE text it leads to. */
  push(part: StreamPart): string {
    if (this.#ended) return "";
    if (part.type === "error") return this.#fail(part.error);
    const start = this.#started ? "" : this.#start(part);
    return start + this.#part(part);
  }

  #part(part: Exclude<StreamPart, { type: "error" }>): string {
    switch (part.type) {
      case "start":
        return "";
      case "text-start":
        this.#texts.set(part.key, {
          base: this.#contentLength,
          length: 0,
          citations: [],
        });
        return "";
      case "text-delta":
        return this.#text(part.key, part.text);
      case "text-citation":
        this.#texts.get(part.key)?.citations.push(part.citation);
        return "";
      case "text-end":
        return this.#endText(part.key);
      case "refusal-delta":
        this.#sawRefusal = true;
        return part.text === "" ? "" : this.#delta({ refusal: part.text });
      case "reasoning-start":
        this.#thinking.set(part.key, "");
        return "";
      case "reasoning-delta":
        return this.#think(part.key, part.text);
      case "reasoning-end":
        return this.#endThinking(part);
      case "tool-call-start":
        return this.#startCall(part);
      case "tool-call-delta":
        return this.#callArguments(part.key, part.arguments);
      case "tool-call-end":
        return this.#endCall(part.key);
      case "finish":
        return this.#finish(part);
      case "refusal-start":
        this.#sawRefusal = true;
        return "";
      case "refusal-end":
      case "native":
        return "";
    }
  }

  #start(part: StreamPart): string {
    this.#started = true;
    const { id, model, createdAt, serviceTier } = part.type === "start"
      ? part
      : { id: "", model: "", createdAt: null, serviceTier: null };
    this.#head = {
      id: id || this.#context.newId("chatcmpl-"),
      object: "chat.completion.chunk",
      created: createdSeconds(createdAt, this.#context),
      model: model || this.#context.request.model,
    };
    const tier = servedTier(serviceTier);
    if (tier !== null) this.#head.service_tier = tier;
    return this.#delta({ role: "assistant", content: "", refusal: null });
  }

  #delta(delta: JsonObject, finishReason: string | null = null): string {
    return this.#chunk([
      { index: 0, delta, logprobs: null, finish_reason: finishReason },
    ], null);
  }

  #chunk(choices: JsonValue, usage: JsonObject | null): string {
    const chunk: JsonObject = { ...this.#head, choices };
    if (this.#context.request.includeUsage) chunk.usage = usage;
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }

  #text(key: BlockKey, text: string): string {
    if (text === "") return "";
    const state = this.#texts.get(key);
    if (state !== undefined) state.length += text.length;
    this.#contentLength += text.length;
    return this.#delta({ content: text });
  }

  #endText(key: BlockKey): string {
    const state = this.#texts.get(key);
    this.#texts.delete(key);
    if (state === undefined || state.citations.length === 0) return "";
    const annotations = encodeAnnotations(
      state.citations,
      state.base,
      state.length,
    );
    return annotations.length === 0 ? "" : this.#delta({ annotations });
  }

  #think(key: BlockKey, text: string): string {
    if (text === "") return "";
    const before = this.#thinking.get(key) ?? "";
    this.#thinking.set(key, before + text);
    // A blank line parts one thought from the next, as in a whole answer.
    const separator = this.#sawThinking && before === "" ? "\n\n" : "";
    this.#sawThinking = true;
    return this.#delta({ reasoning_content: separator + text });
  }

  #endThinking(part: StreamPart & { type: "reasoning-end" }): string {
    const text = this.#thinking.get(part.key) ?? "";
    this.#thinking.delete(part.key);
    const { proof, redacted, itemId, origin } = part;
    const details = clientDetails(
      { type: "reasoning", text, proof, redacted, itemId, origin },
      this.#detailIndex++,
    );
    return details.length === 0
      ? ""
      : this.#delta({ reasoning_details: details });
  }

  #startCall(part: StreamPart & { type: "tool-call-start" }): string {
    const { key, name, kind } = part;
    const index = this.#callCount++;
    this.#calls.set(key, { index, kind, sent: false });
    if (this.#functions) {
      // The deprecated form has room for one call.
      return index > 0
        ? ""
        : this.#delta({ function_call: { name, arguments: "" } });
    }
    const id = part.id || this.#context.newId("call_");
    const call: JsonObject = kind === "custom"
      ? { index, id, type: "custom", custom: { name, input: "" } }
      : { index, id, type: "function", function: { name, arguments: "" } };
    return this.#delta({ tool_calls: [call] });
  }

  #callArguments(key: BlockKey, text: string): string {
    const state = this.#calls.get(key);
    if (state === undefined || text === "") return "";
    state.sent = true;
    const { index, kind } = state;
    if (this.#functions) {
      return index > 0
        ? ""
        : this.#delta({ function_call: { arguments: text } });
    }
    const call: JsonObject = kind === "custom"
      ? { index, custom: { input: text } }
      : { index, function: { arguments: text } };
    return this.#delta({ tool_calls: [call] });
  }

  #endCall(key: BlockKey): string {
    const state = this.#calls.get(key);
    // Clients parse the arguments: nothing at all is no JSON.
    const text = state?.sent === false && state.kind === "function"
      ? this.#callArguments(key, "{}")
      : "";
    this.#calls.delete(key);
    return text;
  }

  #finish(part: StreamPart & { type: "finish" }): string {
    if (part.finish.kind === "error") {
      return this.#fail(
        gatewayError("upstream", "The upstream's answer ended in an error"),
      );
    }
    this.#ended = true;
    const tier = servedTier(part.serviceTier);
    if (tier !== null) this.#head.service_tier = tier;
    const reason = clientFinishReason(part, this.#sawRefusal, this.#context);
    return this.#delta({}, reason) + this.#usage(part.usage) +
      "data: [DONE]\n\n";
  }

  #usage(usage: Usage): string {
    return this.#context.request.includeUsage
      ? this.#chunk([], encodeChatUsage(usage))
      : "";
  }

  #fail(error: Parameters<typeof encodeChatStreamError>[0]): string {
    this.#ended = true;
    return encodeChatStreamError(error, "");
  }
}
