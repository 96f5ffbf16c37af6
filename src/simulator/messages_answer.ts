/** Answers of the messages protocol, whole and streamed. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import {
  type Answer,
  type AnswerContext,
  type Frame,
  namedEvent,
  plainFrame,
} from "./frame.ts";
import type { Plan, PlanBlock, PlanFinish } from "./plan.ts";
import type { ReasoningProofs } from "./proof.ts";

const STOP_REASONS: { readonly [K in PlanFinish]: string } = {
  stop: "end_turn",
  "stop-sequence": "stop_sequence",
  length: "max_tokens",
  "tool-calls": "tool_use",
  refusal: "refusal",
};

/** What only this protocol's answers must know. */
export interface MessagesAnswerContext extends AnswerContext {
  /** Signs thinking. */
  readonly proofs: ReasoningProofs;
  /** Thinking comes redacted. */
  readonly redacted: boolean;
  /** Cache writes live an hour. */
  readonly hourCache: boolean;
}

/** A plan as a message. */
export class MessagesAnswer implements Answer {
  readonly #plan: Plan;
  readonly #id: string;
  readonly #context: MessagesAnswerContext;
  readonly #omitThinking: boolean;

  /** Shapes `plan`. */
  constructor(plan: Plan, id: string, context: MessagesAnswerContext) {
    this.#plan = plan;
    this.#id = `msg_01${id}`;
    this.#context = context;
    const { thinking } = context.body;
    this.#omitThinking = isJsonObject(thinking) &&
      thinking.display === "omitted";
  }

  /** The whole message. */
  body(): JsonObject {
    return this.#message(
      this.#plan.blocks.map((block) => this.#block(block, true)),
      STOP_REASONS[this.#plan.finish],
      this.#usage(this.#plan.usage.output),
    );
  }

  /** The events from `message_start` to `message_stop`. */
  *frames(): Iterable<Frame> {
    const opening = this.#message([], null, this.#usage(1));
    opening.stop_sequence = null;
    yield plainFrame(namedEvent("message_start", { message: opening }));
    for (const [index, block] of this.#plan.blocks.entries()) {
      const shown = this.#block(block, false);
      yield plainFrame(
        namedEvent("content_block_start", { index, content_block: shown }),
      );
      if (index === 0) yield plainFrame(namedEvent("ping", {}));
      yield* this.#deltas(index, block);
      yield plainFrame(namedEvent("content_block_stop", { index }));
    }
    const end: JsonObject = {
      delta: {
        stop_reason: STOP_REASONS[this.#plan.finish],
        stop_sequence: this.#plan.stopSequence,
      },
    };
    if (this.#context.reportUsage) {
      end.usage = this.#usage(this.#plan.usage.output);
    }
    yield plainFrame(namedEvent("message_delta", end));
    yield plainFrame(namedEvent("message_stop", {}));
  }

  /** An error event; nothing follows it. */
  failure(error: JsonObject): string {
    return namedEvent("error", error);
  }

  *#deltas(index: number, block: PlanBlock): Iterable<Frame> {
    const delta = (fields: JsonObject, tokens: number, content: boolean) => ({
      text: namedEvent("content_block_delta", { index, delta: fields }),
      tokens,
      content,
    });
    const text = block.pieces.join("");
    if (block.kind === "reasoning") {
      // Nothing of redacted thinking is streamed: its block start says it all.
      if (this.#context.redacted) return;
      if (!this.#omitThinking) {
        for (const thinking of block.pieces) {
          yield delta({ type: "thinking_delta", thinking }, 1, true);
        }
      }
      const waited = this.#omitThinking ? block.pieces.length : 0;
      const signature = this.#signature(block);
      yield delta({ type: "signature_delta", signature }, waited, false);
    } else if (block.kind === "call") {
      const pieces = text === "{}" ? [""] : block.pieces;
      for (const piece of pieces) {
        yield delta({ type: "input_json_delta", partial_json: piece }, 1, true);
      }
    } else {
      for (const piece of block.pieces) {
        yield delta({ type: "text_delta", text: piece }, 1, true);
      }
    }
  }

  // The block, filled or as it stands when it begins.
  #block(block: PlanBlock, filled: boolean): JsonObject {
    const text = filled ? block.pieces.join("") : "";
    switch (block.kind) {
      case "reasoning": {
        if (this.#context.redacted) {
          const whole = block.pieces.join("");
          const data = this.#context.proofs.seal(whole, block.idSuffix);
          return { type: "redacted_thinking", data };
        }
        const signature = filled ? this.#signature(block) : "";
        const thinking = this.#omitThinking ? "" : text;
        return { type: "thinking", thinking, signature };
      }
      case "call":
        return {
          type: "tool_use",
          id: `toolu_01${block.idSuffix}`,
          name: block.tool?.name ?? "",
          input: filled ? parsedInput(text) : {},
        };
      default:
        return { type: "text", text };
    }
  }

  #signature(block: PlanBlock): string {
    const text = this.#omitThinking ? "" : block.pieces.join("");
    return this.#context.proofs.sign(text, block.idSuffix);
  }

  #message(
    content: JsonObject[],
    stopReason: string | null,
    usage: JsonObject,
  ): JsonObject {
    const message: JsonObject = {
      model: this.#context.body.model,
      id: this.#id,
      type: "message",
      role: "assistant",
      content,
      stop_reason: stopReason,
      stop_sequence: this.#plan.stopSequence,
    };
    if (this.#context.reportUsage) message.usage = usage;
    return message;
  }

  #usage(outputTokens: number): JsonObject {
    const { input, cacheRead, cacheWrite, reasoning } = this.#plan.usage;
    const { hourCache } = this.#context;
    const usage: JsonObject = {
      input_tokens: input - cacheRead - cacheWrite,
      cache_creation_input_tokens: cacheWrite,
      cache_read_input_tokens: cacheRead,
      cache_creation: {
        ephemeral_5m_input_tokens: hourCache ? 0 : cacheWrite,
        ephemeral_1h_input_tokens: hourCache ? cacheWrite : 0,
      },
      output_tokens: outputTokens,
      service_tier: "standard",
    };
    if (reasoning > 0 && outputTokens >= reasoning) {
      usage.output_tokens_details = { thinking_tokens: reasoning };
    }
    return usage;
  }
}

// Arguments that the token limit cut cannot be parsed; the input is then empty.
function parsedInput(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
