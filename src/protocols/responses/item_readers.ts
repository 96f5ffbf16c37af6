/**
 * Readers of one streamed output item each: message, call, reasoning, or an
 * item that only this protocol knows. What deltas did not say is taken once
 * from the events that repeat it whole.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { DecodeContext } from "../protocol.ts";
import type { BlockKey, StreamPart } from "../stream_part.ts";
import { decodeAnnotation } from "./citations.ts";
import { originOf } from "./output_items.ts";
import {
  reasoningText,
  SUMMARY_SEPARATOR,
  upstreamProof,
} from "./reasoning_items.ts";

/** Where readers put their parts, and what they share. */
export interface PartSink {
  /** Takes a part. */
  emit(part: StreamPart): void;
  /** Gives the key of the next block. */
  nextKey(): BlockKey;
  /** Notes that the model called a tool or declined. */
  saw(what: "call" | "refusal"): void;
}

/** Reads the events of one item. */
export interface ItemReader {
  /** The item's type. */
  readonly type: string;
  /** Takes an event about the item, not its `added` and `done`. */
  event(type: string, event: JsonObject): void;
  /** Takes the whole item, or `null` where it never came, and closes what is open. */
  finish(item: JsonObject | null): void;
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function indexOf(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0;
}

/** What a repeated text adds to the deltas: nothing where it contradicts them. */
function missing(said: string, whole: string): string {
  return whole.startsWith(said) ? whole.slice(said.length) : "";
}

/** One text or refusal part of a message. */
type Run = {
  readonly key: BlockKey;
  readonly kind: "text" | "refusal";
  said: string;
  open: boolean;
  citations: number;
};

/** Reads a message: each content part is a block. */
export class MessageReader implements ItemReader {
  /** The item's type. */
  readonly type = "message";
  readonly #runs = new Map<number, Run>();
  readonly #sink: PartSink;

  /** Sends parts to `sink`. */
  constructor(sink: PartSink) {
    this.#sink = sink;
  }

  /** Takes an event about the item. */
  event(type: string, event: JsonObject): void {
    const index = indexOf(event.content_index);
    switch (type) {
      case "response.output_text.delta":
        return this.#delta(index, "text", text(event.delta));
      case "response.output_text.done":
        return this.#whole(index, "text", text(event.text));
      case "response.refusal.delta":
        return this.#delta(index, "refusal", text(event.delta));
      case "response.refusal.done":
        return this.#whole(index, "refusal", text(event.refusal));
      case "response.output_text.annotation.added":
        if (isJsonObject(event.annotation)) {
          this.#citation(index, event.annotation);
        }
        return;
      case "response.content_part.done":
        if (isJsonObject(event.part)) this.#part(index, event.part);
        return;
    }
  }

  /** Takes the whole item and closes what is open. */
  finish(item: JsonObject | null): void {
    const content = Array.isArray(item?.content) ? item.content : [];
    content.forEach((part, index) => {
      if (isJsonObject(part)) this.#part(index, part);
    });
    for (const run of this.#runs.values()) this.#close(run);
  }

  #run(index: number, kind: Run["kind"]): Run {
    let run = this.#runs.get(index);
    if (run === undefined) {
      run = {
        key: this.#sink.nextKey(),
        kind,
        said: "",
        open: true,
        citations: 0,
      };
      this.#runs.set(index, run);
      this.#sink.emit({ type: `${kind}-start`, key: run.key });
      if (kind === "refusal") this.#sink.saw("refusal");
    }
    return run;
  }

  #delta(index: number, kind: Run["kind"], delta: string): void {
    if (delta === "") return;
    const run = this.#run(index, kind);
    if (!run.open) return;
    run.said += delta;
    this.#sink.emit({ type: `${run.kind}-delta`, key: run.key, text: delta });
  }

  #whole(index: number, kind: Run["kind"], whole: string): void {
    const said = this.#runs.get(index)?.said ?? "";
    this.#delta(index, kind, missing(said, whole));
  }

  #citation(index: number, annotation: JsonObject): void {
    const run = this.#run(index, "text");
    if (!run.open || run.kind !== "text") return;
    run.citations++;
    this.#sink.emit({
      type: "text-citation",
      key: run.key,
      citation: decodeAnnotation(annotation),
    });
  }

  #part(index: number, part: JsonObject): void {
    if (part.type === "refusal") {
      this.#whole(index, "refusal", text(part.refusal));
    } else this.#whole(index, "text", text(part.text));
    const run = this.#runs.get(index);
    if (run === undefined || !run.open) return;
    const annotations = Array.isArray(part.annotations) ? part.annotations : [];
    for (const annotation of annotations.slice(run.citations)) {
      if (isJsonObject(annotation)) this.#citation(index, annotation);
    }
    this.#close(run);
  }

  #close(run: Run): void {
    if (!run.open) return;
    run.open = false;
    this.#sink.emit({ type: `${run.kind}-end`, key: run.key });
  }
}

/** Reads a function call or a custom call. */
export class CallReader implements ItemReader {
  /** The item's type. */
  readonly type: string;
  readonly #sink: PartSink;
  readonly #names: ReadonlyMap<string, string>;
  readonly #fallbackId: string;
  #key: BlockKey | null = null;
  #said = "";
  #closed = false;

  /** Begins with what `added` said, which may lack the name. */
  constructor(
    sink: PartSink,
    item: JsonObject,
    outputIndex: number,
    context: DecodeContext,
  ) {
    this.type = text(item.type);
    this.#sink = sink;
    this.#names = context.toolNames;
    this.#fallbackId = `call_${outputIndex}`;
    if (text(item.call_id) !== "") this.#start(item);
  }

  /** Takes an event about the item. */
  event(type: string, event: JsonObject): void {
    switch (type) {
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        return this.#arguments(text(event.delta));
      case "response.function_call_arguments.done":
        return this.#whole(text(event.arguments));
      case "response.custom_tool_call_input.done":
        return this.#whole(text(event.input));
    }
  }

  /** Takes the whole item and closes the call. A call that never got a name is dropped. */
  finish(item: JsonObject | null): void {
    if (this.#closed) return;
    if (item !== null) {
      this.#start(item);
      this.#whole(text(item.arguments) || text(item.input));
    }
    this.#closed = true;
    if (this.#key !== null) {
      this.#sink.emit({ type: "tool-call-end", key: this.#key });
    }
  }

  #start(item: JsonObject): void {
    const name = text(item.name);
    if (this.#key !== null || name === "") return;
    const key = this.#sink.nextKey();
    this.#key = key;
    this.#sink.saw("call");
    this.#sink.emit({
      type: "tool-call-start",
      key,
      id: text(item.call_id) || text(item.id) || this.#fallbackId,
      name: this.#names.get(name) ?? name,
      kind: item.type === "custom_tool_call" ? "custom" : "function",
    });
    if (this.#said === "") return;
    this.#sink.emit({ type: "tool-call-delta", key, arguments: this.#said });
  }

  #arguments(delta: string): void {
    if (delta === "" || this.#closed) return;
    this.#said += delta;
    // Held until the name is known.
    if (this.#key === null) return;
    this.#sink.emit({
      type: "tool-call-delta",
      key: this.#key,
      arguments: delta,
    });
  }

  #whole(whole: string): void {
    this.#arguments(missing(this.#said, whole));
  }
}

/** Reads reasoning. Parts of one item are one run of thinking; only `done` has the final proof. */
export class ReasoningReader implements ItemReader {
  /** The item's type. */
  readonly type = "reasoning";
  readonly #sink: PartSink;
  readonly #context: DecodeContext;
  #key: BlockKey | null = null;
  #source: "summary" | "content" | null = null;
  #lastPart = 0;
  #closed = false;
  /** Text by part. */
  readonly #said = new Map<number, string>();

  /** Sends parts to `sink`. */
  constructor(sink: PartSink, context: DecodeContext) {
    this.#sink = sink;
    this.#context = context;
  }

  /** Takes an event about the item. */
  event(type: string, event: JsonObject): void {
    switch (type) {
      case "response.reasoning_summary_text.delta":
        return this.#delta("summary", event.summary_index, event.delta);
      case "response.reasoning_summary_text.done":
        return this.#whole("summary", event.summary_index, event.text);
      case "response.reasoning_text.delta":
        return this.#delta("content", event.content_index, event.delta);
      case "response.reasoning_text.done":
        return this.#whole("content", event.content_index, event.text);
    }
  }

  /** Takes the whole item and closes the block. Reasoning without text and proof is nothing. */
  finish(item: JsonObject | null): void {
    if (this.#closed) return;
    this.#closed = true;
    const proof = upstreamProof(item ?? {}, originOf(this.#context));
    const whole = item === null ? "" : reasoningText(item);
    if (this.#key === null) {
      if (whole === "" && proof.proof === null) return;
      this.#emit(whole);
    }
    const key = this.#key ?? 0;
    this.#sink.emit({ type: "reasoning-end", key, ...proof });
  }

  #emit(delta: string): void {
    if (this.#key === null) {
      this.#key = this.#sink.nextKey();
      this.#sink.emit({ type: "reasoning-start", key: this.#key });
    }
    if (delta === "") return;
    this.#sink.emit({ type: "reasoning-delta", key: this.#key, text: delta });
  }

  #delta(
    source: "summary" | "content",
    part: JsonValue | undefined,
    delta: JsonValue | undefined,
  ): void {
    const said = text(delta);
    // An item that streams its raw thoughts and a summary of them says it twice.
    this.#source ??= source;
    if (said === "" || this.#closed || this.#source !== source) return;
    const index = indexOf(part);
    const joint = this.#said.size > 0 && index !== this.#lastPart
      ? SUMMARY_SEPARATOR
      : "";
    this.#lastPart = index;
    this.#said.set(index, (this.#said.get(index) ?? "") + said);
    this.#emit(joint + said);
  }

  #whole(
    source: "summary" | "content",
    part: JsonValue | undefined,
    whole: JsonValue | undefined,
  ): void {
    const said = this.#said.get(indexOf(part)) ?? "";
    this.#delta(source, part, missing(said, text(whole)));
  }
}

/** Passes on an item that only this protocol knows, once it is whole. */
export class NativeReader implements ItemReader {
  /** The item's type. */
  readonly type: string;
  readonly #sink: PartSink;
  #closed = false;

  /** Sends the item to `sink`. */
  constructor(sink: PartSink, type: string) {
    this.#sink = sink;
    this.type = type;
  }

  /** Progress of a hosted tool has no meaning elsewhere. */
  event(_type: string, _event: JsonObject): void {}

  /** Takes the whole item. */
  finish(item: JsonObject | null): void {
    if (this.#closed || item === null) return;
    this.#closed = true;
    this.#sink.emit({ type: "native", protocol: "responses", value: item });
  }
}
