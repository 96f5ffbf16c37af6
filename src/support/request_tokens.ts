/**
 * Estimates the input tokens of a request body, whatever its protocol: the
 * text of the conversation, the tools as they stand, a flat count per picture.
 *
 * @module
 */

import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import { TokenCounter, type TokenFamily } from "./token_estimate.ts";

/** A picture of ordinary size; what providers count depends on its pixels. */
const TOKENS_PER_IMAGE = 1000;
/** A page or two of a document. */
const TOKENS_PER_FILE = 2000;
/** Role and separators of a turn. */
const TOKENS_PER_TURN = 4;

/** Most tokens that a byte of JSON without media stands for: single letters and digits in turn take 1.5. */
const MOST_TOKENS_PER_BYTE = 1.5;

const CONVERSATION: readonly string[] = [
  "system",
  "instructions",
  "messages",
  "input",
  "prompt",
];
const DEFINITIONS: readonly string[] = [
  "tools",
  "functions",
  "response_format",
  "text",
  "output_config",
];

/** Keys whose strings the model does not read as text. */
const NOT_TEXT: ReadonlySet<string> = new Set([
  "type",
  "role",
  "id",
  "call_id",
  "tool_call_id",
  "tool_use_id",
  "media_type",
  "detail",
  "status",
  "signature",
  "encrypted_content",
  "cache_control",
]);

/** Keys that hold pictures, sounds and files: their bytes are no tokens. */
const MEDIA: ReadonlySet<string> = new Set([
  "source",
  "image_url",
  "input_audio",
  "file",
  "file_data",
  "file_id",
  "file_url",
  "audio",
]);

/** Estimates the input tokens of a body. */
export function estimateRequestTokens(
  body: JsonObject,
  family: TokenFamily = "default",
): number {
  const counter = new TokenCounter(family);
  let tokens = 0;
  for (const name of CONVERSATION) {
    const value = body[name];
    if (value !== undefined) tokens += countText(value, counter);
  }
  for (const name of DEFINITIONS) {
    const value = body[name];
    if (value !== undefined && value !== null) {
      counter.push(JSON.stringify(value));
    }
  }
  return tokens + counter.tokens;
}

/** Tells a number of tokens that a body without pictures and files cannot exceed. */
export function mostRequestTokens(bodyBytes: number): number {
  return Math.ceil(bodyBytes * MOST_TOKENS_PER_BYTE);
}

/** Feeds every text to `counter`; gives the tokens of what is no text. */
function countText(root: JsonValue, counter: TokenCounter): number {
  const stack: JsonValue[] = [root];
  let tokens = 0;
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (typeof value === "string") {
      // A break between texts, so that the last word of one is not glued to the next.
      counter.push(value);
      counter.push(" ");
    } else if (Array.isArray(value)) {
      for (let index = value.length - 1; index >= 0; index--) {
        stack.push(value[index] ?? null);
      }
    } else if (isJsonObject(value)) {
      tokens += "role" in value ? TOKENS_PER_TURN : mediaTokens(value);
      pushMembers(value, stack);
    }
  }
  return tokens;
}

function pushMembers(value: JsonObject, stack: JsonValue[]): void {
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === undefined || NOT_TEXT.has(key) || MEDIA.has(key)) continue;
    stack.push(member);
  }
}

function mediaTokens(block: JsonObject): number {
  switch (block["type"]) {
    case "image":
    case "image_url":
    case "input_image":
      return TOKENS_PER_IMAGE;
    case "document":
    case "file":
    case "input_file":
    case "input_audio":
      return TOKENS_PER_FILE;
    default:
      return 0;
  }
}
