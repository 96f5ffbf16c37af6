/**
 * How a log line looks: one JSON object, or text for people. Nothing that
 * comes from outside can break a line, grow it without limit or steer a
 * terminal.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { LogFields, LogLevel } from "./logger.ts";

/** How long lines may get. */
export interface LogLimits {
  /** Most bytes of a line; fields that do not fit are left out and counted in `cut`. */
  readonly maxLineBytes: number;
  /** Most bytes of a value before escaping; the rest becomes `…(n)`, n the bytes left out. */
  readonly maxFieldBytes: number;
}

/** Printable ASCII that JSON takes as it is. */
const SAFE = /^[ !#-[\]-~]*$/;
/** Text that needs no quotes in a line for people. */
const BARE = /^[\w./:@%+,*-]+$/;
/**
 * What JSON leaves alone but a terminal or a reader does not: C1 controls
 * (0x9b starts an escape sequence), line separators, marks that turn text round.
 */
const UNSEEN =
  /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
/** Room that is kept for the note about left-out fields and the brace. */
const CUT_NOTE_BYTES = 32;
const RESERVED: ReadonlySet<string> = new Set([
  "time",
  "level",
  "message",
  "cut",
]);

const PAINT: { readonly [L in LogLevel]: string } = {
  debug: "\x1b[90m",
  info: "\x1b[36m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
};
const DIM = "\x1b[2m";
const PLAIN = "\x1b[0m";

/** Cuts text to `maxBytes` of UTF-8 and says how many bytes it left out. */
export function cutText(text: string, maxBytes: number): string {
  // No UTF-16 unit needs more than three bytes.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const kept = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return `${text.slice(0, kept.read)}…(${bytes - kept.written})`;
}

/** Writes a JSON string of visible characters, cut to `maxBytes` before escaping. */
export function jsonText(text: string, maxBytes: number): string {
  if (text.length <= maxBytes && SAFE.test(text)) return `"${text}"`;
  return JSON.stringify(cutText(text, maxBytes)).replace(
    UNSEEN,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function jsonValue(
  value: string | number | boolean | null,
  maxBytes: number,
): string {
  if (typeof value === "string") return jsonText(value, maxBytes);
  if (typeof value === "number" && !Number.isFinite(value)) return "null";
  return String(value);
}

/** Writes one line as a JSON object: `time`, `level`, `message`, then the fields. */
export function jsonLine(
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields,
  limits: LogLimits,
): string {
  // Half of the line at most, however the two limits are set.
  const maxBytes = Math.min(limits.maxFieldBytes, limits.maxLineBytes >> 1);
  let line = `{"time":"${time}","level":"${level}","message":${
    jsonText(message, maxBytes)
  }`;
  const roomBytes = limits.maxLineBytes - CUT_NOTE_BYTES;
  let leftOut = 0;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined) continue;
    const key = RESERVED.has(name) ? `${name}_` : name;
    const piece = `,${jsonText(key, maxBytes)}:${jsonValue(value, maxBytes)}`;
    if (fits(line, piece, roomBytes)) line += piece;
    else leftOut++;
  }
  return leftOut === 0 ? `${line}}` : `${line},"cut":"…(${leftOut})"}`;
}

function fits(line: string, piece: string, roomBytes: number): boolean {
  if ((line.length + piece.length) * 3 <= roomBytes) return true;
  return Buffer.byteLength(line) + Buffer.byteLength(piece) <= roomBytes;
}

/** Writes one line for people: `09:55:49.123 INFO  message key=value`. */
export function textLine(
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields,
  limits: LogLimits,
  color: boolean,
): string {
  const maxBytes = Math.min(limits.maxFieldBytes, limits.maxLineBytes >> 1);
  const clock = time.slice(11, 23);
  const name = level.toUpperCase().padEnd(5);
  const words = jsonText(message, maxBytes).slice(1, -1);
  let line = color
    ? `${DIM}${clock}${PLAIN} ${PAINT[level]}${name}${PLAIN} ${words}`
    : `${clock} ${name} ${words}`;
  const roomBytes = limits.maxLineBytes - CUT_NOTE_BYTES;
  let leftOut = 0;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value === undefined) continue;
    const written = typeof value === "string" && BARE.test(value) &&
        value.length <= maxBytes
      ? value
      : jsonValue(value, maxBytes);
    const shown = jsonText(key, maxBytes).slice(1, -1);
    const piece = color
      ? ` ${DIM}${shown}=${PLAIN}${written}`
      : ` ${shown}=${written}`;
    if (fits(line, piece, roomBytes)) line += piece;
    else leftOut++;
  }
  return leftOut === 0 ? line : `${line} …(${leftOut})`;
}
