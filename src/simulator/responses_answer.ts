/** Answers of the responses protocol, whole and streamed. @module */

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
import type { Plan, PlanBlock } from "./plan.ts";
import type { ReasoningProofs } from "./proof.ts";
import { responseShell } from "./responses_shell.ts";

/** What only this protocol's answers must know. */
export interface ResponsesAnswerContext extends AnswerContext {
  /** Seals reasoning. */
  readonly proofs: ReasoningProofs;
}

/** One output item with its id, settled once. */
interface Item {
  readonly block: PlanBlock;
  readonly id: string;
  readonly index: number;
  /** Whether reasoning shows a summary. */
  readonly summary: boolean;
}

/** A plan as a response. */
export class ResponsesAnswer implements Answer {
  readonly #plan: Plan;
  readonly #context: ResponsesAnswerContext;
  readonly #id: string;
  readonly #items: readonly Item[];
  readonly #encrypted: boolean;
  readonly #summary: boolean;
  #sequence = 0;

  /** Shapes `plan`. */
  constructor(plan: Plan, id: string, context: ResponsesAnswerContext) {
    const { include, reasoning } = context.body;
    this.#plan = plan;
    this.#context = context;
    this.#id = `resp_${id}`;
    this.#encrypted = Array.isArray(include) &&
      include.includes("reasoning.encrypted_content");
    this.#summary = isJsonObject(reasoning) &&
      typeof reasoning.summary === "string";
    this.#items = plan.blocks.map((block, index) => ({
      block,
      index,
      id: this.#itemId(block, `${id.slice(0, 24)}${fourHex(index)}`),
      summary: this.#summary,
    }));
  }

  /** The whole response. */
  body(): JsonObject {
    return this.#response("final");
  }

  /** The events from `response.created` to the terminal one. */
  *frames(): Iterable<Frame> {
    for (const type of ["response.created", "response.in_progress"]) {
      yield plainFrame(
        this.#event(type, { response: this.#response("in_progress") }),
      );
    }
    for (const item of this.#items) yield* this.#itemFrames(item);
    const final = this.#response("final");
    yield plainFrame(
      this.#event(`response.${final.status}`, { response: final }),
    );
  }

  /** An error event, then `response.failed`. */
  failure(error: JsonObject, sent: number): string {
    // Every frame sent is one event.
    this.#sequence = sent;
    const inner = isJsonObject(error.error) ? error.error : {};
    const failed = this.#response("failed");
    failed.error = {
      code: inner.code ?? "server_error",
      message: inner.message,
    };
    return this.#event("error", { error: inner }) +
      this.#event("response.failed", { response: failed });
  }

  #event(type: string, fields: JsonObject): string {
    return namedEvent(type, {
      ...fields,
      sequence_number: this.#sequence++,
    });
  }

  *#itemFrames(item: Item): Iterable<Frame> {
    const { index, block } = item;
    yield plainFrame(
      this.#event("response.output_item.added", {
        output_index: index,
        item: this.#item(item, false),
      }),
    );
    if (block.kind === "reasoning") yield* this.#reasoningFrames(item);
    else if (block.kind === "call") yield* this.#callFrames(item);
    else yield* this.#messageFrames(item);
    yield plainFrame(
      this.#event("response.output_item.done", {
        output_index: index,
        item: this.#item(item, true),
      }),
    );
  }

  *#reasoningFrames(item: Item): Iterable<Frame> {
    const { id, index, block, summary } = item;
    if (!summary) {
      // Hidden reasoning is nothing but a wait.
      yield { text: "", tokens: block.pieces.length, content: false };
      return;
    }
    const place = { item_id: id, output_index: index, summary_index: 0 };
    const name = "response.reasoning_summary";
    const text = block.pieces.join("");
    const part = (shown: string) => ({ type: "summary_text", text: shown });
    yield plainFrame(
      this.#event(`${name}_part.added`, { ...place, part: part("") }),
    );
    for (const delta of block.pieces) {
      yield {
        text: this.#event(`${name}_text.delta`, { ...place, delta }),
        tokens: 1,
        content: true,
      };
    }
    yield plainFrame(this.#event(`${name}_text.done`, { ...place, text }));
    yield plainFrame(
      this.#event(`${name}_part.done`, { ...place, part: part(text) }),
    );
  }

  *#callFrames(item: Item): Iterable<Frame> {
    const { id, index, block } = item;
    const place = { item_id: id, output_index: index };
    const custom = block.tool?.kind === "custom";
    const name = custom
      ? "response.custom_tool_call_input"
      : "response.function_call_arguments";
    for (const delta of block.pieces) {
      yield {
        text: this.#event(`${name}.delta`, { ...place, delta }),
        tokens: 1,
        content: true,
      };
    }
    const text = block.pieces.join("");
    const whole: JsonObject = custom ? { input: text } : { arguments: text };
    yield plainFrame(this.#event(`${name}.done`, { ...place, ...whole }));
  }

  *#messageFrames(item: Item): Iterable<Frame> {
    const { id, index, block } = item;
    const place = { item_id: id, output_index: index, content_index: 0 };
    const refusal = block.kind === "refusal";
    const name = refusal ? "response.refusal" : "response.output_text";
    yield plainFrame(
      this.#event("response.content_part.added", {
        ...place,
        part: contentPart(block, ""),
      }),
    );
    const extra: JsonObject = refusal ? {} : { logprobs: [] };
    for (const delta of block.pieces) {
      yield {
        text: this.#event(`${name}.delta`, { ...place, delta, ...extra }),
        tokens: 1,
        content: true,
      };
    }
    const text = block.pieces.join("");
    const whole: JsonObject = refusal ? { refusal: text } : { text, ...extra };
    yield plainFrame(this.#event(`${name}.done`, { ...place, ...whole }));
    yield plainFrame(
      this.#event("response.content_part.done", {
        ...place,
        part: contentPart(block, text),
      }),
    );
  }

  #itemId(block: PlanBlock, hex: string): string {
    switch (block.kind) {
      case "reasoning":
        return this.#context.proofs.itemId("rs", hex);
      case "call":
        return `${block.tool?.kind === "custom" ? "ctc" : "fc"}_${hex}`;
      default:
        return `msg_${hex}`;
    }
  }

  // The item, filled or as it stands when it is added.
  #item({ block, id, summary }: Item, filled: boolean): JsonObject {
    const text = filled ? block.pieces.join("") : "";
    const status = !filled
      ? "in_progress"
      : block.complete
      ? "completed"
      : "incomplete";
    if (block.kind === "reasoning") {
      const parts = filled && summary ? [{ type: "summary_text", text }] : [];
      const item: JsonObject = { id, type: "reasoning", summary: parts };
      if (this.#encrypted) {
        item.encrypted_content = this.#context.proofs.seal(text, id);
      }
      return item;
    }
    if (block.kind === "call") {
      const custom = block.tool?.kind === "custom";
      return {
        id,
        type: custom ? "custom_tool_call" : "function_call",
        status,
        call_id: `call_${block.idSuffix}`,
        name: block.tool?.name ?? "",
        [custom ? "input" : "arguments"]: text,
      };
    }
    const content = filled ? [contentPart(block, text)] : [];
    return { id, type: "message", status, role: "assistant", content };
  }

  #response(moment: "in_progress" | "final" | "failed"): JsonObject {
    const shell = responseShell(
      this.#id,
      this.#context.body,
      this.#context.nowMs,
    );
    if (moment !== "final") {
      shell.status = moment;
      return shell;
    }
    const short = this.#plan.finish === "length";
    shell.status = short ? "incomplete" : "completed";
    shell.completed_at = short ? null : shell.created_at;
    shell.incomplete_details = short ? { reason: "max_output_tokens" } : null;
    shell.output = this.#items.map((item) => this.#item(item, true));
    shell.usage = this.#context.reportUsage ? this.#usage() : null;
    return shell;
  }

  #usage(): JsonValue {
    const { input, output, reasoning, cacheRead } = this.#plan.usage;
    return {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cacheRead },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + output,
    };
  }
}

function contentPart(block: PlanBlock, text: string): JsonObject {
  return block.kind === "refusal"
    ? { type: "refusal", refusal: text }
    : { type: "output_text", annotations: [], logprobs: [], text };
}

function fourHex(value: number): string {
  return value.toString(16).padStart(4, "0");
}
