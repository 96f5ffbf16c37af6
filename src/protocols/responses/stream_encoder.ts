/** Parts to the event stream of OpenAI Responses. @module */

import type { GatewayError } from "../../exchange/gateway_error.ts";
import type { Usage } from "../../exchange/usage.ts";
import type { JsonObject } from "../../support/json.ts";
import type { EncodeContext, StreamEncoder } from "../protocol.ts";
import type { BlockKey, StreamPart } from "../stream_part.ts";
import { encodeResponsesStreamError } from "./errors.ts";
import { encodeFinish } from "./finish.ts";
import {
  CallWriter,
  type EventSink,
  MessageWriter,
  ReasoningWriter,
} from "./item_writers.ts";
import { CallIds, type ItemStatus, nativeItem } from "./output_items.ts";
import {
  nowSeconds,
  openEnvelope,
  responseId,
  servedTier,
} from "./response_envelope.ts";
import { encodeResponsesUsage } from "./usage.ts";

/**
 * Encodes one stream. A message is closed before the next item begins; calls
 * and reasoning may interleave, since every delta names its item.
 */
export class ResponsesStreamEncoder implements StreamEncoder {
  readonly #context: EncodeContext;
  readonly #sink: EventSink;
  readonly #callIds: CallIds;
  readonly #output: JsonObject[] = [];
  readonly #calls = new Map<BlockKey, CallWriter>();
  readonly #reasoning = new Map<BlockKey, ReasoningWriter>();
  /** Calls that ended: only what follows tells whether the last one was cut. */
  readonly #endedCalls = new Set<CallWriter>();
  readonly #written = new Set<BlockKey>();
  #message: MessageWriter | null = null;
  #envelope: JsonObject | null = null;
  #sequenceNumber = 0;
  #text = "";
  #ended = false;
  #called = false;
  #refused = false;

  /** Encodes the answer to the request that `context` holds. */
  constructor(context: EncodeContext) {
    this.#context = context;
    this.#callIds = new CallIds((prefix) => context.newId(prefix));
    this.#sink = {
      event: (type, fields) => this.#event(type, fields),
      newId: (prefix) => context.newId(prefix),
      add: (item) => this.#output.push(item) - 1,
      replace: (index, item) => this.#output[index] = item,
    };
  }

  /** Takes one part. */
  push(part: StreamPart): string {
    if (this.#ended) return "";
    this.#part(part);
    const text = this.#text;
    this.#text = "";
    return text;
  }

  #event(type: string, fields: JsonObject): void {
    const event = { type, sequence_number: this.#sequenceNumber++, ...fields };
    this.#text += `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
  }

  #part(part: StreamPart): void {
    switch (part.type) {
      case "start":
        return this.#start(part);
      case "text-start":
      case "refusal-start":
        return;
      case "text-delta":
        if (part.text === "") return;
        this.#written.add(part.key);
        return this.#openMessage().delta(part.key, "text", part.text);
      case "refusal-delta":
        if (part.text === "") return;
        this.#refused = true;
        return this.#openMessage().delta(part.key, "refusal", part.text);
      case "text-citation":
        // A message that had to be closed takes no more sources.
        if (this.#message?.has(part.key) || !this.#written.has(part.key)) {
          this.#openMessage().citation(part.key, part.citation);
        }
        return;
      case "text-end":
      case "refusal-end":
        return this.#message?.end(part.key);
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning-end":
        return this.#reasoningPart(part);
      case "tool-call-start":
      case "tool-call-delta":
      case "tool-call-end":
        return this.#callPart(part);
      case "native":
        return this.#native(part);
      case "finish":
        return this.#finish(part);
      case "error":
        return this.#error(part.error, part.usage);
    }
  }

  #start(part: StreamPart & { type: "start" }): void {
    if (this.#envelope !== null) return;
    this.#envelope = openEnvelope({
      id: responseId(part.id, this.#context),
      model: part.model,
      createdAt: part.createdAt ?? nowSeconds(this.#context),
      serviceTier: part.serviceTier,
    }, this.#context);
    this.#event("response.created", { response: this.#envelope });
    this.#event("response.in_progress", { response: this.#envelope });
  }

  #openMessage(): MessageWriter {
    if (this.#message === null) {
      this.#closeCalls("completed");
      this.#message = new MessageWriter(this.#sink);
    }
    return this.#message;
  }

  /** Ends what has been said before another item begins. */
  #closeBefore(): void {
    this.#message?.close("completed");
    this.#message = null;
    this.#closeCalls("completed");
  }

  #closeCalls(status: ItemStatus): void {
    for (const call of this.#endedCalls) call.close(status);
    this.#endedCalls.clear();
  }

  #reasoningPart(
    part: StreamPart & {
      type: "reasoning-start" | "reasoning-delta" | "reasoning-end";
    },
  ): void {
    if (part.type === "reasoning-start") {
      this.#reasoning.set(part.key, new ReasoningWriter(this.#sink));
      return;
    }
    const writer = this.#reasoning.get(part.key);
    if (writer === undefined) return;
    const says = part.type === "reasoning-delta"
      ? part.text !== ""
      : part.proof !== null;
    // An item that is announced only now must not stand inside a message.
    if (says && !writer.announced) this.#closeBefore();
    if (part.type === "reasoning-delta") return writer.delta(part.text);
    writer.end(part);
    this.#reasoning.delete(part.key);
  }

  #callPart(
    part: StreamPart & {
      type: "tool-call-start" | "tool-call-delta" | "tool-call-end";
    },
  ): void {
    if (part.type === "tool-call-start") {
      this.#closeBefore();
      this.#called = true;
      const call = { ...part, id: this.#callIds.take(part.id) };
      this.#calls.set(part.key, new CallWriter(this.#sink, call));
      return;
    }
    const writer = this.#calls.get(part.key);
    if (writer === undefined) return;
    if (part.type === "tool-call-delta") return writer.delta(part.arguments);
    this.#calls.delete(part.key);
    this.#endedCalls.add(writer);
  }

  #native(part: StreamPart & { type: "native" }): void {
    if (part.protocol !== "responses") return;
    this.#closeBefore();
    const item = nativeItem(
      part.value,
      (prefix) => this.#context.newId(prefix),
    );
    const index = this.#sink.add(item);
    const fields = { output_index: index, item };
    this.#event("response.output_item.added", fields);
    this.#event("response.output_item.done", fields);
  }

  /** Closes every item; the ones that were open or last when the answer was cut are `incomplete`. */
  #closeAll(status: ItemStatus): void {
    for (const writer of this.#reasoning.values()) {
      writer.end({ proof: null, redacted: false, itemId: null, origin: null });
    }
    this.#message?.close(status);
    this.#message = null;
    for (const writer of this.#calls.values()) this.#endedCalls.add(writer);
    this.#closeCalls(status);
  }

  #finish(part: StreamPart & { type: "finish" }): void {
    const { status, incompleteDetails, error } = encodeFinish(part.finish, {
      calls: this.#called,
      refused: this.#refused,
    });
    this.#closeAll(status === "completed" ? "completed" : "incomplete");
    const tier = part.serviceTier === null
      ? {}
      : { service_tier: servedTier(part.serviceTier) };
    this.#event(`response.${status}`, {
      response: {
        ...this.#envelope,
        ...tier,
        status,
        completed_at: status === "completed" ? nowSeconds(this.#context) : null,
        error,
        incomplete_details: incompleteDetails,
        output: this.#output,
        usage: encodeResponsesUsage(part.usage),
      },
    });
    this.#ended = true;
  }

  #error(error: GatewayError, usage: Usage): void {
    this.#closeAll("incomplete");
    this.#text += encodeResponsesStreamError(error, {
      sequenceNumber: this.#sequenceNumber,
      response: this.#envelope === null ? null : {
        ...this.#envelope,
        output: this.#output,
        usage: usage.source === "none" ? null : encodeResponsesUsage(usage),
      },
    });
    this.#ended = true;
  }
}
