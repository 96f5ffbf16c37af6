/**
 * A stable estimate of how many tokens a prompt has, by character classes.
 * Close to real tokenizers for prose; exactness is not claimed.
 *
 * @module
 */

import type { JsonValue } from "../support/json.ts";

// What an image or a file is billed at, whatever its size.
const MEDIA_TOKENS = 800;

// Fields whose text is a payload and not read as language.
const OPAQUE: ReadonlySet<string> = new Set([
  "data",
  "file_data",
  "encrypted_content",
  "signature",
  "image_url",
]);

/** Estimates the tokens of a text. */
export function textTokens(text: string): number {
  let tokens = 0;
  let run = 0;
  let kind = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const next = characterKind(code);
    if (next !== kind) {
      tokens += runTokens(kind, run);
      kind = next;
      run = 0;
    }
    run++;
  }
  return tokens + runTokens(kind, run);
}

// 0 blank, 1 letter, 2 digit, 3 other ASCII, 4 Latin to Arabic scripts, 5 the rest.
function characterKind(code: number): number {
  if (code <= 32) return 0;
  if (code < 128) {
    if (code >= 48 && code <= 57) return 2;
    const lower = code | 32;
    return lower >= 97 && lower <= 122 ? 1 : 3;
  }
  return code < 0x0800 ? 4 : 5;
}

function runTokens(kind: number, length: number): number {
  if (length === 0) return 0;
  switch (kind) {
    // One blank belongs to the word that follows it.
    case 0:
      return length > 1 ? 1 : 0;
    case 1:
      return Math.ceil(length / 6);
    case 2:
      return Math.ceil(length / 3);
    case 3:
      return Math.ceil(length / 2);
    case 4:
      return Math.ceil(length / 3);
    default:
      return length;
  }
}

/** Estimates the tokens of everything a model would read of a JSON value. */
export function promptTokens(value: JsonValue | undefined): number {
  let tokens = 0;
  const stack: (JsonValue | undefined)[] = [value];
  while (stack.length > 0) {
    const current = stack.pop();
    if (typeof current === "string") tokens += textTokens(current);
    else if (typeof current === "number" || typeof current === "boolean") {
      tokens++;
    } else if (Array.isArray(current)) {
      for (const element of current) stack.push(element);
    } else if (current) {
      tokens++;
      for (const [key, field] of Object.entries(current)) {
        if (OPAQUE.has(key)) tokens += MEDIA_TOKENS;
        else stack.push(field);
      }
    }
  }
  return tokens;
}
