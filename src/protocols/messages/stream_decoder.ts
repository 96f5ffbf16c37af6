/** A provider's event stream to parts. @module */

import {
  type GatewayError,
  gatewayError,
} from "../../exchange/gateway_error.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJsonObject,
} from "../../support/json.ts";
import type { DecodeContext, SseEvent, StreamDecoder } from "../protocol.ts";
import type { StreamPart } from "../stream_part.ts";
import { OpenBlock } from "./block_decoder.ts";
import { originOf } from "./decode_response.ts";
import { inBandError } from "./errors.ts";
import { decodeFinish, type StopFields } from "./finish.ts";
import { mergeUsage, partialUsage, readMessagesUsage } from "./usage.ts";

/** Decodes one stream of the messages protocol. */
export class MessagesStreamDecoder implements StreamDecoder {
  readonly #context: DecodeContext;
  readonly #open = new Map<number, OpenBlock>();
  #message: JsonObject | null = null;
  #usage: JsonObject = {};
  #stop: StopFields = {};
  #nextKey = 0;
  #sawBlock = false;
  #sawToolCall = false;
  #ended = false;

  /** Begins to decode the answer of one call. */
  constructor(context: DecodeContext) {
    this.#context = context;
  }

  /** Takes one event. */
  push(event: SseEvent): StreamPart[] {
    if (this.#ended) return [];
    const data = parseJsonObject(event.data);
    if (data === null) {
      // Some imitations end with chat's terminal, which says nothing here.
      return event.data.trim() === "[DONE]" || event.data.trim() === ""
        ? []
        : this.#fail(broken("an event is not JSON"));
    }
    const type = typeof data.type === "string" ? data.type : event.event;
    if (type === "error" || (type === null && data.error !== undefined)) {
      return this.#fail(inBandError(data));
    }
    if (type === "message_start") return this.#start(data);
    if (this.#message === null) {
      return isBlockEvent(type)
        ? this.#fail(broken("it does not begin with message_start"))
        : [];
    }
    return this.#continue(type, data);
  }

  /** The body ended. */
  end(): StreamPart[] {
    if (this.#ended) return [];
    if (this.#context.eofIsFinish && this.#message !== null) {
      return this.#finish();
    }
    return this.#fail(broken("it ended before message_stop"));
  }

  #continue(type: string | null, data: JsonObject): StreamPart[] {
    switch (type) {
      case "content_block_start":
        return this.#startBlock(data);
      case "content_block_delta":
        return this.#delta(data);
      case "content_block_stop": {
        const block = this.#open.get(indexOf(data));
        this.#open.delete(indexOf(data));
        return block === undefined ? [] : block.stop();
      }
      case "message_delta":
        return this.#messageDelta(data);
      case "message_stop":
        return this.#finish();
      default:
        // `ping` and what is yet to be invented.
        return [];
    }
  }

  #start(data: JsonObject): StreamPart[] {
    const message = isJsonObject(data.message) ? data.message : {};
    if (this.#message !== null) {
      // Said twice before anything followed is an echo; later it is another answer.
      return !this.#sawBlock && message.id === this.#message.id
        ? []
        : this.#fail(broken("a second message_start came"));
    }
    this.#message = message;
    if (isJsonObject(message.usage)) this.#usage = message.usage;
    const usage = readMessagesUsage(this.#usage, message);
    const parts: StreamPart[] = [{
      type: "start",
      id: typeof message.id === "string" ? message.id : "",
      model: typeof message.model === "string"
        ? message.model
        : this.#context.model,
      createdAt: null,
      serviceTier: usage.serviceTier,
      usage: usage.source === "none" ? null : usage,
    }];
    return parts;
  }

  #startBlock(data: JsonObject): StreamPart[] {
    const index = indexOf(data);
    const value = isJsonObject(data.content_block) ? data.content_block : {};
    const unclosed = this.#open.get(index)?.stop() ?? [];
    const block = new OpenBlock(
      value,
      this.#nextKey,
      this.#context,
      originOf(this.#context),
    );
    if (block.hasKey) this.#nextKey++;
    this.#open.set(index, block);
    this.#sawBlock = true;
    this.#sawToolCall ||= block.kind === "tool-call";
    return [...unclosed, ...block.start()];
  }

  #delta(data: JsonObject): StreamPart[] {
    const delta = isJsonObject(data.delta) ? data.delta : {};
    const block = this.#open.get(indexOf(data));
    if (block !== undefined) return block.delta(delta);
    // Some imitations leave the start of text and thinking out.
    const implied = impliedBlock(delta);
    if (implied === null) return [];
    const started = this.#startBlock({ ...data, content_block: implied });
    return [...started, ...(this.#open.get(indexOf(data))?.delta(delta) ?? [])];
  }

  #messageDelta(data: JsonObject): StreamPart[] {
    if (isJsonObject(data.usage)) {
      this.#usage = mergeUsage(this.#usage, data.usage);
    }
    if (isJsonObject(data.delta)) {
      // Later nulls do not take back what was said.
      this.#stop = mergeUsage({ ...this.#stop }, data.delta);
    }
    return [];
  }

  #finish(): StreamPart[] {
    this.#ended = true;
    const parts = [...this.#open.values()].flatMap((block) => block.stop());
    this.#open.clear();
    const usage = readMessagesUsage(this.#usage, this.#message ?? {});
    parts.push({
      type: "finish",
      finish: decodeFinish(this.#stop, this.#sawToolCall),
      usage,
      serviceTier: usage.serviceTier,
    });
    return parts;
  }

  #fail(error: GatewayError): StreamPart[] {
    this.#ended = true;
    const final = typeof this.#stop.stop_reason === "string";
    const message = this.#message ?? {};
    return [{
      type: "error",
      error,
      usage: final
        ? readMessagesUsage(this.#usage, message)
        : partialUsage(this.#usage, message),
    }];
  }
}

function isBlockEvent(type: string | null): boolean {
  return type !== null &&
    (type.startsWith("content_block_") || type.startsWith("message_"));
}

function indexOf(data: JsonObject): number {
  return typeof data.index === "number" ? data.index : 0;
}

function impliedBlock(delta: JsonObject): { [key: string]: JsonValue } | null {
  switch (delta.type) {
    case "text_delta":
      return { type: "text", text: "" };
    case "thinking_delta":
      return { type: "thinking", thinking: "" };
    default:
      return null;
  }
}

function broken(how: string): GatewayError {
  return gatewayError("upstream", `The provider's stream is broken: ${how}`, {
    code: "stream_broken",
  });
}
