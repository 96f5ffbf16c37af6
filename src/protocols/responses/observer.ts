/**
 * Reads a native stream or body of OpenAI Responses on the side. Deltas are
 * scanned as text, not parsed: only the events that open and close a response
 * are, and whole items while no content has been seen.
 *
 * @module
 */

import { noUsage, type Usage } from "../../exchange/usage.ts";
import {
  isJsonObject,
  type JsonObject,
  parseJsonObject,
} from "../../support/json.ts";
import type { OutputBlock } from "../canonical.ts";
import { Findings } from "../findings.ts";
import type { Observer, SseEvent } from "../protocol.ts";
import { errorOfUpstream } from "./errors.ts";
import { decodeFinish } from "./finish.ts";
import { decodeOutputItem } from "./output_items.ts";
import { readResponsesUsage } from "./usage.ts";

const TYPE_FIRST = '{"type":"';
const DELTA = '"delta":"';

/** Deltas that a client sees as content; others tell of hosted tools. */
const CONTENT_DELTAS: ReadonlySet<string> = new Set([
  "response.output_text.delta",
  "response.refusal.delta",
  "response.reasoning_text.delta",
  "response.reasoning_summary_text.delta",
  "response.function_call_arguments.delta",
  "response.custom_tool_call_input.delta",
]);

const PARSED: ReadonlySet<string> = new Set([
  "response.created",
  "response.completed",
  "response.incomplete",
  "response.failed",
  "error",
]);

const WHOLE_ITEMS: ReadonlySet<string> = new Set([
  "response.output_item.added",
  "response.output_item.done",
]);

// Only shapes matter here: where a proof comes from and how tools are called
// by the client changes nothing.
const ANYONE = {
  provider: "",
  model: "",
  toolNames: new Map<string, string>(),
  eofIsFinish: false,
} as const;

/** Counts the characters of the first `"delta":"..."`, escapes as they are spelled. */
function deltaLength(data: string): number {
  const found = data.indexOf(DELTA);
  if (found < 0) return 0;
  const start = found + DELTA.length;
  let end = data.indexOf('"', start);
  while (end > 0) {
    let backslashes = 0;
    while (data.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end - start;
    end = data.indexOf('"', end + 1);
  }
  return data.length - start;
}

function lengthOf(block: OutputBlock): number {
  switch (block.type) {
    case "tool-call":
      return block.arguments.length;
    case "native":
      return 0;
    default:
      return block.text.length;
  }
}

/** Observes one native answer. */
export class ResponsesObserver extends Findings implements Observer {
  /** Usage as far as it was said. */
  usage: Usage = noUsage();

  /** Takes one event. */
  event({ event, data }: SseEvent): void {
    const type = event ?? this.#typeOf(data);
    if (CONTENT_DELTAS.has(type)) return this.#delta(data);
    if (WHOLE_ITEMS.has(type)) {
      if (!this.sawContent) this.#item(parseJsonObject(data)?.item);
      return;
    }
    if (!PARSED.has(type)) return;
    const body = parseJsonObject(data);
    if (body === null) return;
    const response = isJsonObject(body.response) ? body.response : body;
    if (type === "error") this.#fail(body);
    else if (type === "response.created") this.usage = usageOf(response);
    else this.#end(response);
  }

  /** Takes the whole body of an answer that is not a stream. */
  body(body: JsonObject): void {
    const output = Array.isArray(body.output) ? body.output : null;
    // Another shape than a response's: an error, or a background response.
    if (output === null && body.status === undefined) {
      if (isJsonObject(body.error)) this.#fail(body);
      return;
    }
    if (body.status === "in_progress" || body.status === "queued") {
      this.usage = usageOf(body);
      return;
    }
    this.#end(body);
  }

  #typeOf(data: string): string {
    if (data.startsWith(TYPE_FIRST)) {
      const end = data.indexOf('"', TYPE_FIRST.length);
      return data.slice(TYPE_FIRST.length, end);
    }
    const body = parseJsonObject(data);
    if (typeof body?.type === "string") return body.type;
    return isJsonObject(body?.error) ? "error" : "";
  }

  #delta(data: string): void {
    const found = deltaLength(data);
    // A spelling with blanks is rare enough to be parsed.
    const delta = found > 0 || data.includes('"delta":""')
      ? null
      : parseJsonObject(data)?.delta;
    const length = typeof delta === "string" ? delta.length : found;
    if (length > 0) this.sawContent = true;
    this.contentChars += length;
  }

  #item(item: unknown): void {
    if (!isJsonObject(item)) return;
    for (const block of decodeOutputItem(item, ANYONE)) {
      const length = lengthOf(block);
      if (length > 0 || block.type === "tool-call") this.sawContent = true;
      this.contentChars += length;
    }
  }

  #end(response: JsonObject): void {
    // Upstreams without deltas say everything here.
    if (this.contentChars === 0 && Array.isArray(response.output)) {
      for (const item of response.output) this.#item(item);
    }
    this.usage = usageOf(response);
    this.finished = true;
    const finish = decodeFinish(response, { calls: false, refused: false });
    this.finishReason = finish.raw;
    if (finish.kind === "error" || isJsonObject(response.error)) {
      this.error ??= errorOfUpstream(response.error);
    }
  }

  #fail(body: JsonObject): void {
    this.finished = true;
    this.error ??= errorOfUpstream(body);
  }
}

function usageOf(response: JsonObject): Usage {
  return readResponsesUsage(
    isJsonObject(response.usage) ? response.usage : null,
    response,
  );
}
