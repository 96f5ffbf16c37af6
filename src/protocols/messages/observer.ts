/** Reads usage, finish and errors off a native answer without changing it. @module */

import { gatewayError } from "../../exchange/gateway_error.ts";
import { noUsage, type Usage } from "../../exchange/usage.ts";
import {
  isJsonObject,
  type JsonObject,
  parseJsonObject,
} from "../../support/json.ts";
import { Findings } from "../findings.ts";
import type { Observer, SseEvent } from "../protocol.ts";
import { inBandError } from "./errors.ts";
import { mergeUsage, partialUsage, readMessagesUsage } from "./usage.ts";

const TYPE_REGEXP = /^\s*\{\s*"type"\s*:\s*"([a-z_]+)"/;
// A call is content by itself, also without arguments.
const CALL_START_REGEXP = /"type"\s*:\s*"tool_use"/;
const CONTENT_REGEXP = /"(?:text|thinking|partial_json)"\s*:\s*"/;

/**
 * Observes one native answer. Of a stream only the first and the last event
 * of the message are parsed; deltas are searched for their text.
 */
export class MessagesObserver extends Findings implements Observer {
  #message: JsonObject = {};
  #usage: JsonObject | null = null;
  #final = false;
  #read: Usage | null = null;

  /** Usage as far as it was said; `partial` while the final counts are missing. */
  get usage(): Usage {
    this.#read ??= this.#usage === null
      ? noUsage()
      : this.#final
      ? readMessagesUsage(this.#usage, this.#message)
      : partialUsage(this.#usage, this.#message);
    return this.#read;
  }

  /** Takes one event. */
  event(event: SseEvent): void {
    const type = event.event ?? TYPE_REGEXP.exec(event.data)?.[1] ?? null;
    switch (type) {
      case "content_block_delta":
        this.#delta(event.data);
        return;
      case "content_block_start":
        if (!this.sawContent && CALL_START_REGEXP.test(event.data)) {
          this.sawContent = true;
        }
        return;
      case "message_start":
        this.#start(event.data);
        return;
      case "message_delta":
        this.#messageDelta(event.data);
        return;
      case "message_stop":
        this.finished = true;
        return;
      case "error":
        this.error ??= inBandError(parseJsonObject(event.data) ?? {});
        return;
      default:
        return;
    }
  }

  /** Takes the whole body of an answer that is not a stream. */
  body(body: JsonObject): void {
    if (
      body.type === "error" ||
      (body.content === undefined && body.error !== undefined)
    ) {
      this.error = inBandError(body);
      return;
    }
    if (!Array.isArray(body.content)) {
      this.error = gatewayError(
        "upstream",
        "The provider's answer is no message: it has no content",
      );
      return;
    }
    this.#message = body;
    if (isJsonObject(body.usage)) this.#usage = body.usage;
    this.#final = true;
    this.#read = null;
    this.#readStopReason(body);
    for (const block of body.content) {
      if (isJsonObject(block)) this.#countBlock(block);
    }
    this.finished = true;
  }

  #delta(data: string): void {
    const match = CONTENT_REGEXP.exec(data);
    if (match === null) return;
    const start = match.index + match[0].length;
    if (data[start] === '"') return;
    // The delta's text is the last string of the event: its quote is the last one.
    const length = data.lastIndexOf('"') - start;
    if (length <= 0) return;
    this.sawContent = true;
    this.contentChars += length;
  }

  #start(data: string): void {
    const parsed = parseJsonObject(data);
    if (!isJsonObject(parsed?.message)) return;
    this.#message = parsed.message;
    if (isJsonObject(parsed.message.usage)) this.#usage = parsed.message.usage;
    this.#read = null;
  }

  #messageDelta(data: string): void {
    const parsed = parseJsonObject(data);
    if (parsed === null) return;
    if (isJsonObject(parsed.usage)) {
      this.#usage = mergeUsage(this.#usage ?? {}, parsed.usage);
      this.#final = true;
      this.#read = null;
    }
    if (isJsonObject(parsed.delta)) this.#readStopReason(parsed.delta);
  }

  #readStopReason(fields: JsonObject): void {
    if (typeof fields.stop_reason === "string") {
      this.finishReason = fields.stop_reason;
    }
  }

  #countBlock(block: JsonObject): void {
    const text = block.type === "tool_use"
      ? JSON.stringify(block.input ?? {})
      : block.thinking ?? block.text;
    if (typeof text !== "string" || text === "") return;
    this.sawContent = true;
    this.contentChars += text.length;
  }
}
