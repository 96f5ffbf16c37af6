/** Answers of the chat protocol, whole and streamed. @module */

import { isJsonObject, type JsonObject } from "../support/json.ts";
import {
  type Answer,
  type AnswerContext,
  dataEvent,
  type Frame,
  plainFrame,
} from "./frame.ts";
import type { Plan, PlanBlock, PlanFinish, PlanUsage } from "./plan.ts";

const FINISH_REASONS: { readonly [K in PlanFinish]: string } = {
  stop: "stop",
  "stop-sequence": "stop",
  length: "length",
  "tool-calls": "tool_calls",
  refusal: "stop",
};

/** One plan per choice, as a chat completion. */
export class ChatAnswer implements Answer {
  readonly #plans: readonly Plan[];
  readonly #context: AnswerContext;
  readonly #head: JsonObject;
  readonly #includeUsage: boolean;

  /** Shapes `plans`; there are as many as the request's `n` asks for. */
  constructor(plans: readonly Plan[], id: string, context: AnswerContext) {
    const { body, nowMs } = context;
    this.#plans = plans;
    this.#context = context;
    this.#head = {
      id: `chatcmpl-${id}`,
      created: Math.floor(nowMs / 1000),
      model: body.model,
      service_tier: "default",
      system_fingerprint: null,
    };
    const options = body.stream_options;
    this.#includeUsage = isJsonObject(options) &&
      options.include_usage === true;
  }

  /** The whole completion. */
  body(): JsonObject {
    const choices = this.#plans.map((plan, index) => ({
      index,
      message: message(plan),
      logprobs: null,
      finish_reason: FINISH_REASONS[plan.finish],
    }));
    const whole: JsonObject = {
      ...this.#head,
      object: "chat.completion",
      choices,
    };
    if (this.#context.reportUsage) whole.usage = this.#usage();
    return whole;
  }

  /** Chunks, one choice after the other, and `[DONE]`. */
  *frames(): Iterable<Frame> {
    for (const [index, plan] of this.#plans.entries()) {
      yield* this.#choice(index, plan);
    }
    if (this.#includeUsage && this.#context.reportUsage) {
      yield plainFrame(this.#chunk([], this.#usage()));
    }
    yield plainFrame("data: [DONE]\n\n");
  }

  /** An error in the place of a chunk; no `[DONE]` follows. */
  failure(error: JsonObject): string {
    return dataEvent(error);
  }

  *#choice(index: number, plan: Plan): Iterable<Frame> {
    const content = plan.blocks.some(({ kind }) => kind === "text") ? "" : null;
    yield plainFrame(
      this.#delta(index, { role: "assistant", content, refusal: null }),
    );
    let calls = 0;
    for (const block of plan.blocks) {
      if (block.kind === "call") {
        const first = toolCall(block, "");
        yield {
          text: this.#delta(index, {
            tool_calls: [{ index: calls, ...first }],
          }),
          tokens: 0,
          content: true,
        };
      }
      for (const piece of block.pieces) {
        const delta = pieceDelta(block, piece, calls);
        yield { text: this.#delta(index, delta), tokens: 1, content: true };
      }
      if (block.kind === "call") calls++;
    }
    yield plainFrame(this.#delta(index, {}, FINISH_REASONS[plan.finish]));
  }

  #delta(
    index: number,
    delta: JsonObject,
    finishReason: string | null = null,
  ): string {
    const choice = { index, delta, logprobs: null };
    return this.#chunk([{ ...choice, finish_reason: finishReason }], null);
  }

  #chunk(choices: JsonObject[], usage: JsonObject | null): string {
    const chunk: JsonObject = {
      ...this.#head,
      object: "chat.completion.chunk",
      choices,
    };
    if (this.#includeUsage) chunk.usage = usage;
    return dataEvent(chunk);
  }

  #usage(): JsonObject {
    const usages = this.#plans.map((plan) => plan.usage);
    const sum = (read: (usage: PlanUsage) => number) =>
      usages.reduce((total, usage) => total + read(usage), 0);
    // The prompt is billed once, whatever the number of choices.
    const [{ input, cacheRead } = { input: 0, cacheRead: 0 }] = usages;
    const output = sum((usage) => usage.output);
    return {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      prompt_tokens_details: { cached_tokens: cacheRead, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: sum((usage) => usage.reasoning),
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    };
  }
}

function message(plan: Plan): JsonObject {
  const joined = (kind: PlanBlock["kind"]): string | null => {
    const blocks = plan.blocks.filter((block) => block.kind === kind);
    return blocks.length === 0
      ? null
      : blocks.map((block) => block.pieces.join("")).join("");
  };
  const result: JsonObject = {
    role: "assistant",
    content: joined("text"),
    refusal: joined("refusal"),
    annotations: [],
  };
  const reasoning = joined("reasoning");
  if (reasoning !== null) result.reasoning_content = reasoning;
  const calls = plan.blocks.filter((block) => block.kind === "call");
  if (calls.length > 0) {
    result.tool_calls = calls.map((block) =>
      toolCall(block, block.pieces.join(""))
    );
  }
  return result;
}

function toolCall(block: PlanBlock, text: string): JsonObject {
  const id = `call_${block.idSuffix}`;
  const name = block.tool?.name ?? "";
  return block.tool?.kind === "custom"
    ? { id, type: "custom", custom: { name, input: text } }
    : { id, type: "function", function: { name, arguments: text } };
}

function pieceDelta(
  block: PlanBlock,
  piece: string,
  index: number,
): JsonObject {
  switch (block.kind) {
    case "reasoning":
      return { reasoning_content: piece };
    case "text":
      return { content: piece };
    case "refusal":
      return { refusal: piece };
    case "call": {
      const part: JsonObject = block.tool?.kind === "custom"
        ? { custom: { input: piece } }
        : { function: { arguments: piece } };
      return { tool_calls: [{ index, ...part }] };
    }
  }
}
