/** Streamed events of OpenAI Responses to parts. @module */

import {
  type GatewayError,
  gatewayError,
} from "../../exchange/gateway_error.ts";
import { noUsage, type Usage } from "../../exchange/usage.ts";
import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type { DecodeContext, SseEvent, StreamDecoder } from "../protocol.ts";
import type { StreamPart } from "../stream_part.ts";
import { errorOfUpstream } from "./errors.ts";
import { decodeFinish } from "./finish.ts";
import {
  CallReader,
  type ItemReader,
  MessageReader,
  NativeReader,
  type PartSink,
  ReasoningReader,
} from "./item_readers.ts";
import { readResponsesUsage } from "./usage.ts";

/** The type of the item that an event speaks of, for upstreams that never announce items. */
function impliedItemType(eventType: string): string | null {
  if (/^response\.(output_text|refusal|content_part)\./.test(eventType)) {
    return "message";
  }
  if (eventType.startsWith("response.reasoning_")) return "reasoning";
  if (eventType.startsWith("response.function_call_arguments.")) {
    return "function_call";
  }
  return eventType.startsWith("response.custom_tool_call_input.")
    ? "custom_tool_call"
    : null;
}

/**
 * Decodes one stream. Items are told apart by `output_index`, never by id:
 * some upstreams give every event another id.
 */
export class ResponsesStreamDecoder implements StreamDecoder {
  readonly #context: DecodeContext;
  readonly #readers = new Map<number, ItemReader>();
  readonly #sink: PartSink;
  #parts: StreamPart[] = [];
  #keys = 0;
  #started = false;
  #ended = false;
  #calls = false;
  #refused = false;

  /** Decodes the answer of the call that `context` describes. */
  constructor(context: DecodeContext) {
    this.#context = context;
    this.#sink = {
      emit: (part) => {
        this.#start({});
        this.#parts.push(part);
      },
      nextKey: () => this.#keys++,
      saw: (what) => {
        if (what === "call") this.#calls = true;
        else this.#refused = true;
      },
    };
  }

  /** Takes one event. */
  push(event: SseEvent): StreamPart[] {
    if (this.#ended || event.data === "" || event.data === "[DONE]") return [];
    let body: unknown;
    try {
      body = JSON.parse(event.data);
    } catch {
      this.#fail(
        gatewayError("upstream", "The upstream sent an event that is not JSON"),
      );
      return this.#take();
    }
    if (isJsonObject(body)) this.#event(body, event.event);
    return this.#take();
  }

  /** The body ended. */
  end(): StreamPart[] {
    if (this.#ended) return [];
    if (this.#context.eofIsFinish && this.#keys > 0) {
      this.#complete({ status: "completed" });
    } else {
      this.#fail(
        gatewayError(
          "upstream",
          "The upstream's stream ended before the answer was complete",
          { code: "stream_broken" },
        ),
      );
    }
    return this.#take();
  }

  #take(): StreamPart[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  #event(body: JsonObject, name: string | null): void {
    const type = typeof body.type === "string" ? body.type : name ?? "";
    const response = isJsonObject(body.response) ? body.response : {};
    switch (type) {
      case "response.created":
      case "response.in_progress":
      case "response.queued":
        return this.#start(response);
      case "response.output_item.added":
        this.#start({});
        if (isJsonObject(body.item)) this.#reader(body, body.item);
        return;
      case "response.output_item.done":
        if (isJsonObject(body.item)) {
          this.#reader(body, body.item).finish(body.item);
        }
        return;
      case "response.completed":
      case "response.incomplete":
        this.#start(response);
        return this.#complete(response);
      case "response.failed":
        return this.#fail(errorOfUpstream(response.error), usageOf(response));
      case "error":
        return this.#fail(errorOfUpstream(body));
    }
    if (isJsonObject(body.error) && type === "") {
      return this.#fail(errorOfUpstream(body));
    }
    const implied = impliedItemType(type);
    const known = this.#readers.get(indexOf(body));
    if (known !== undefined) known.event(type, body);
    else if (implied !== null) {
      this.#reader(body, { type: implied }).event(type, body);
    }
  }

  #start(response: JsonObject): void {
    if (this.#started) return;
    this.#started = true;
    const { id, model, created_at: createdAt, service_tier: tier } = response;
    this.#parts.push({
      type: "start",
      id: typeof id === "string" ? id : "",
      model: typeof model === "string" ? model : this.#context.model,
      createdAt: typeof createdAt === "number" ? createdAt : null,
      serviceTier: typeof tier === "string" ? tier : null,
      usage: null,
    });
  }

  #reader(holder: JsonObject, item: JsonObject): ItemReader {
    const index = indexOf(holder);
    const known = this.#readers.get(index);
    if (known !== undefined) return known;
    const reader = this.#newReader(item, index);
    this.#readers.set(index, reader);
    return reader;
  }

  #newReader(item: JsonObject, index: number): ItemReader {
    switch (item.type) {
      case "message":
        return new MessageReader(this.#sink);
      case "function_call":
      case "custom_tool_call":
        return new CallReader(this.#sink, item, index, this.#context);
      case "reasoning":
        return new ReasoningReader(this.#sink, this.#context);
      default:
        return new NativeReader(this.#sink, String(item.type ?? "unknown"));
    }
  }

  #complete(response: JsonObject): void {
    const output = Array.isArray(response.output) ? response.output : [];
    const announced = this.#readers.size;
    output.forEach((item, index) => {
      if (!isJsonObject(item)) return;
      const known = this.#readers.get(index);
      // Items that came under other indexes must not come twice.
      const elsewhere = known === undefined
        ? announced >= output.length
        : known.type !== item.type;
      if (elsewhere) return;
      this.#reader({ output_index: index }, item).finish(item);
    });
    for (const reader of this.#readers.values()) reader.finish(null);
    this.#start(response);
    const usage = usageOf(response);
    this.#ended = true;
    this.#parts.push({
      type: "finish",
      finish: decodeFinish(response, {
        calls: this.#calls,
        refused: this.#refused,
      }),
      usage,
      serviceTier: usage.serviceTier,
    });
  }

  #fail(error: GatewayError, usage: Usage = noUsage()): void {
    this.#ended = true;
    this.#parts.push({ type: "error", error, usage });
  }
}

function indexOf(event: JsonObject): number {
  return typeof event.output_index === "number" ? event.output_index : 0;
}

function usageOf(response: JsonObject): Usage {
  return readResponsesUsage(
    isJsonObject(response.usage) ? response.usage : null,
    response,
  );
}
