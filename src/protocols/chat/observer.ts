/**
 * Reads native chat answers on the side. After the first content a chunk is
 * parsed only if it says usage, a finish or an error; all other chunks are
 * searched for the length of their text.
 *
 * @module
 */

import { gatewayError } from "../../exchange/gateway_error.ts";
import { noUsage, type Usage } from "../../exchange/usage.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import { Findings } from "../findings.ts";
import type { Observer, SseEvent } from "../protocol.ts";
import { detailsOf, detailText } from "./reasoning.ts";
import { inBandError } from "./stream_failure.ts";
import { findUsage, readChatUsage } from "./usage.ts";

// A quote inside text is escaped on the wire, so that text that speaks of a key
// never reads `usage":`. The quote in front is left out: searching for one of
// the many quotes first costs five times as much (measured, 350-byte chunks).
const TELLING_KEYS: readonly string[] = ['usage"', 'finish_reason"', 'error"'];

// What a delta says goes behind one of these, `reasoning_content` included;
// OpenRouter repeats `reasoning` in its details, whose key is `text`.
const TEXT_KEYS: readonly string[] = [
  'content"',
  'arguments"',
  'reasoning"',
  'refusal"',
];

/** A chunk with more text than this is parsed: citations have `content` too. */
const LONG_TEXT_CHARS = 500;

const SPACE = 32;
const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;
const LETTER_N = 110;

function skipSpaces(data: string, from: number): number {
  let at = from;
  while (data.charCodeAt(at) === SPACE) at++;
  return at;
}

/** Finds where the value of the next `key` begins, -1 where there is none. */
function valueOf(data: string, key: string, from: number): number {
  let at = data.indexOf(key, from);
  while (at >= 0) {
    const colon = skipSpaces(data, at + key.length);
    // Without a colon it is a value that ends in the same letters.
    if (data.charCodeAt(colon) === COLON) return skipSpaces(data, colon + 1);
    at = data.indexOf(key, colon);
  }
  return -1;
}

/** Tells whether a key has a value other than null. */
function says(data: string, key: string): boolean {
  let at = valueOf(data, key, 0);
  while (at >= 0) {
    if (data.charCodeAt(at) !== LETTER_N) return true;
    at = valueOf(data, key, at);
  }
  return false;
}

/** Counts the characters of the JSON string that begins at `start`, escapes as written. */
function stringLength(data: string, start: number): number {
  if (data.charCodeAt(start) !== QUOTE) return 0;
  const first = start + 1;
  let end = data.indexOf('"', first);
  while (end > first && data.charCodeAt(end - 1) === BACKSLASH) {
    // An even run of backslashes is text of its own and ends the string.
    let run = 1;
    while (data.charCodeAt(end - 1 - run) === BACKSLASH) run++;
    if (run % 2 === 0) break;
    end = data.indexOf('"', end + 1);
  }
  return end < 0 ? data.length - first : end - first;
}

function scannedChars(data: string): number {
  const delta = Math.max(0, data.indexOf('delta"'));
  let chars = 0;
  for (const key of TEXT_KEYS) {
    let at = valueOf(data, key, delta);
    while (at >= 0) {
      const found = stringLength(data, at);
      chars += found;
      at = valueOf(data, key, at + found);
    }
  }
  return chars;
}

function length(value: JsonValue | undefined): number {
  return typeof value === "string" ? value.length : 0;
}

function contentLength(content: JsonValue | undefined): number {
  if (!Array.isArray(content)) return length(content);
  let chars = 0;
  for (const part of content) {
    if (!isJsonObject(part)) continue;
    chars += length(part.text) + length(part.thinking);
    if (Array.isArray(part.thinking)) chars += contentLength(part.thinking);
  }
  return chars;
}

/** Counts the characters of text, thinking, refusal and tool calls in a delta or message. */
function messageLength(message: JsonObject): number {
  let chars = contentLength(message.content) + length(message.refusal);
  chars += length(message.reasoning_content) || length(message.reasoning) ||
    detailsOf(message.reasoning_details).map(detailText).join("").length;
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  for (const call of [...calls, { function: message.function_call ?? null }]) {
    if (!isJsonObject(call)) continue;
    const called = call.function ?? call.custom;
    if (!isJsonObject(called)) continue;
    chars += length(called.name) + length(called.arguments) +
      length(called.input);
  }
  return chars;
}

/** Observes one native answer. */
export class ChatObserver extends Findings implements Observer {
  /** Usage as far as it was said. */
  usage: Usage = noUsage();

  /** Takes one event of a stream. */
  event(event: SseEvent): void {
    const { data } = event;
    if (data === "") return;
    if (data.startsWith("[DONE]")) {
      this.finished = true;
      return;
    }
    const isError = event.event === "error";
    if (
      this.sawContent && !isError &&
      !TELLING_KEYS.some((key) => says(data, key))
    ) {
      const chars = scannedChars(data);
      if (chars <= LONG_TEXT_CHARS) {
        this.contentChars += chars;
        return;
      }
    }
    let chunk: JsonValue;
    try {
      chunk = JSON.parse(data) as JsonValue;
    } catch {
      this.error ??= gatewayError(
        "upstream",
        "The upstream sent an event that is not JSON",
      );
      return;
    }
    this.#take(chunk, isError);
  }

  /** Takes the whole body of an answer that is not a stream. */
  body(body: JsonObject): void {
    this.#take(body, false);
    if (Array.isArray(body.choices) && body.choices.length > 0) {
      this.finished = true;
    }
  }

  #take(chunk: JsonValue, isErrorEvent: boolean): void {
    this.error ??= inBandError(chunk, isErrorEvent);
    if (!isJsonObject(chunk)) return;
    const usage = findUsage(chunk);
    if (usage !== null) this.usage = readChatUsage(usage, chunk);
    if (!Array.isArray(chunk.choices)) return;
    for (const choice of chunk.choices) {
      if (!isJsonObject(choice)) continue;
      const message = choice.delta ?? choice.message;
      const chars = isJsonObject(message) ? messageLength(message) : 0;
      this.contentChars += chars;
      if (chars > 0) this.sawContent = true;
      if (typeof choice.finish_reason === "string" && choice.finish_reason) {
        this.finishReason ??= choice.finish_reason;
        this.finished = true;
      }
    }
  }
}
