/** Writers of the events of one output item each: message, call, reasoning. @module */

import type { JsonObject } from "../../support/json.ts";
import type { Citation } from "../canonical.ts";
import type { BlockKey } from "../stream_part.ts";
import { encodeAnnotation } from "./citations.ts";
import {
  callItem,
  ID_PREFIX,
  type ItemStatus,
  messageItem,
  reasoningItem,
  textPart,
} from "./output_items.ts";
import { encryptedContent, type ReasoningProof } from "./reasoning_items.ts";

/** Where writers put their events and items. */
export interface EventSink {
  /** Writes an event; type and sequence number are added. */
  event(type: string, fields: JsonObject): void;
  /** Makes an id. */
  newId(prefix: string): string;
  /** Adds an item to the output, gives its index. */
  add(item: JsonObject): number;
  /** Replaces an item of the output by its final form. */
  replace(index: number, item: JsonObject): void;
}

/** One content part of a message as it grows. */
type Run = {
  readonly kind: "text" | "refusal";
  readonly index: number;
  readonly annotations: JsonObject[];
  /** Citations that span the whole text: their end is known when it ends. */
  readonly spanning: Citation[];
  text: string;
  open: boolean;
};

/** Writes an assistant message; each text or refusal block is a content part. */
export class MessageWriter {
  readonly #sink: EventSink;
  readonly #id: string;
  readonly #index: number;
  readonly #runs = new Map<BlockKey, Run>();

  /** Announces the item. */
  constructor(sink: EventSink) {
    this.#sink = sink;
    this.#id = sink.newId(ID_PREFIX.message);
    const item = messageItem(this.#id, "in_progress", []);
    this.#index = sink.add(item);
    sink.event("response.output_item.added", {
      output_index: this.#index,
      item,
    });
  }

  /** Whether the block `key` has said something here. */
  has(key: BlockKey): boolean {
    return this.#runs.has(key);
  }

  /** Adds text to the block `key`. */
  delta(key: BlockKey, kind: "text" | "refusal", text: string): void {
    if (text === "") return;
    const run = this.#run(key, kind);
    run.text += text;
    this.#event(`${eventStem(run)}.delta`, run, {
      delta: text,
      ...(run.kind === "text" ? { logprobs: [] } : {}),
    });
  }

  /** Adds a citation to the block `key`. */
  citation(key: BlockKey, citation: Citation): void {
    const run = this.#run(key, "text");
    const located = citation.native.protocol === "responses" ||
      citation.end !== null;
    if (located) this.#annotate(run, citation);
    else run.spanning.push(citation);
  }

  /** Ends the block `key`. */
  end(key: BlockKey): void {
    const run = this.#runs.get(key);
    if (run?.open) this.#end(run);
  }

  /** Ends every block and the item. */
  close(status: ItemStatus): void {
    const runs = [...this.#runs.values()];
    for (const run of runs) if (run.open) this.#end(run);
    const item = messageItem(this.#id, status, runs.map(partOf));
    this.#sink.replace(this.#index, item);
    this.#sink.event("response.output_item.done", {
      output_index: this.#index,
      item,
    });
  }

  #event(type: string, run: Run, fields: JsonObject): void {
    this.#sink.event(type, {
      item_id: this.#id,
      output_index: this.#index,
      content_index: run.index,
      ...fields,
    });
  }

  #run(key: BlockKey, kind: Run["kind"]): Run {
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const run: Run = {
      kind,
      index: this.#runs.size,
      annotations: [],
      spanning: [],
      text: "",
      open: true,
    };
    this.#runs.set(key, run);
    this.#event("response.content_part.added", run, { part: partOf(run) });
    return run;
  }

  #annotate(run: Run, citation: Citation): void {
    const annotation = encodeAnnotation(citation, run.text.length);
    if (annotation === null) return;
    this.#event("response.output_text.annotation.added", run, {
      annotation_index: run.annotations.length,
      annotation,
    });
    run.annotations.push(annotation);
  }

  #end(run: Run): void {
    for (const citation of run.spanning) this.#annotate(run, citation);
    run.open = false;
    this.#event(
      `${eventStem(run)}.done`,
      run,
      run.kind === "text"
        ? { text: run.text, logprobs: [] }
        : { refusal: run.text },
    );
    this.#event("response.content_part.done", run, { part: partOf(run) });
  }
}

function eventStem(run: Run): string {
  return run.kind === "text" ? "response.output_text" : "response.refusal";
}

function partOf(run: Run): JsonObject {
  return run.kind === "text"
    ? textPart(run.text, [...run.annotations])
    : { type: "refusal", refusal: run.text };
}

/** Writes a function call or a custom call. */
export class CallWriter {
  readonly #sink: EventSink;
  readonly #id: string;
  readonly #index: number;
  readonly #call: { callId: string; name: string; kind: "function" | "custom" };
  #input = "";

  /** Announces the item. */
  constructor(
    sink: EventSink,
    { id, name, kind }: {
      readonly id: string;
      readonly name: string;
      readonly kind: "function" | "custom";
    },
  ) {
    this.#sink = sink;
    this.#call = { callId: id, name, kind };
    this.#id = sink.newId(ID_PREFIX[kind]);
    const item = this.#item("in_progress");
    this.#index = sink.add(item);
    sink.event("response.output_item.added", {
      output_index: this.#index,
      item,
    });
  }

  /** Adds a piece of the arguments. */
  delta(piece: string): void {
    if (piece === "") return;
    this.#input += piece;
    this.#event("delta", { delta: piece });
  }

  /** Ends arguments and item. */
  close(status: ItemStatus): void {
    // A function without parameters: clients parse the text as JSON.
    if (
      this.#input === "" && status === "completed" &&
      this.#call.kind === "function"
    ) this.delta("{}");
    const field = this.#call.kind === "custom" ? "input" : "arguments";
    this.#event("done", { [field]: this.#input });
    const item = this.#item(status);
    this.#sink.replace(this.#index, item);
    this.#sink.event("response.output_item.done", {
      output_index: this.#index,
      item,
    });
  }

  #item(status: ItemStatus): JsonObject {
    return callItem(this.#id, status, { ...this.#call, input: this.#input });
  }

  #event(step: "delta" | "done", fields: JsonObject): void {
    const stem = this.#call.kind === "custom"
      ? "response.custom_tool_call_input"
      : "response.function_call_arguments";
    this.#sink.event(`${stem}.${step}`, {
      item_id: this.#id,
      output_index: this.#index,
      ...fields,
    });
  }
}

/** Writes reasoning as one summary part; announced with the first thing it says. */
export class ReasoningWriter {
  readonly #sink: EventSink;
  #id = "";
  #index = -1;
  #text = "";

  /** Writes to `sink`. */
  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** Whether the item has been announced. */
  get announced(): boolean {
    return this.#index >= 0;
  }

  /** Adds thinking text. */
  delta(text: string): void {
    if (text === "") return;
    this.#announce();
    if (this.#text === "") {
      this.#event("part.added", { part: this.#part() });
    }
    this.#text += text;
    this.#event("text.delta", { delta: text });
  }

  /** Ends the item with its proof. One that said nothing and proves nothing never was. */
  end(proof: ReasoningProof): void {
    const encrypted = encryptedContent(proof);
    if (encrypted !== null) this.#announce();
    if (!this.announced) return;
    if (this.#text !== "") {
      this.#event("text.done", { text: this.#text });
      this.#event("part.done", { part: this.#part() });
    }
    const item = reasoningItem(this.#id, this.#text, encrypted);
    this.#sink.replace(this.#index, item);
    this.#sink.event("response.output_item.done", {
      output_index: this.#index,
      item,
    });
  }

  #announce(): void {
    if (this.announced) return;
    this.#id = this.#sink.newId(ID_PREFIX.reasoning);
    const item = reasoningItem(this.#id, "", null);
    this.#index = this.#sink.add(item);
    this.#sink.event("response.output_item.added", {
      output_index: this.#index,
      item,
    });
  }

  #part(): JsonObject {
    return { type: "summary_text", text: this.#text };
  }

  #event(step: string, fields: JsonObject): void {
    this.#sink.event(`response.reasoning_summary_${step}`, {
      item_id: this.#id,
      output_index: this.#index,
      summary_index: 0,
      ...fields,
    });
  }
}
