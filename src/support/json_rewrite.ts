/**
 * Writes the changes between two versions of a parsed body into its text, so
 * that everything else stays as the sender spelt it: key order, 64-bit numbers,
 * escapes, white space. The text has been checked before: this does not.
 *
 * @module
 */

import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/** A member of an object or an element of an array, as it stands in the text. */
interface Slot {
  /** Decoded key; "" in arrays. */
  readonly key: string;
  /** First character after the bracket or comma in front. */
  readonly start: number;
  /** First character of the value. */
  readonly valueStart: number;
  /** First character after the value. */
  readonly valueEnd: number;
  /** Where the comma or closing bracket behind it stands. */
  readonly end: number;
}

const STRUCTURE = /["{}[\]]/g;
const SCALAR_END = /[,\]}\s]/g;

/** Gives `text` with the values of `after` where they differ from `before`, which `text` was parsed to. */
export function rewriteJson(
  text: string,
  before: JsonValue,
  after: JsonValue,
): string {
  const start = skipSpace(text, 0);
  return text.slice(0, start) + value(text, start, before, after) +
    text.slice(valueEnd(text, start));
}

/** The text of the value at `start`. Nesting is bounded by the limit on bodies. */
function value(
  text: string,
  start: number,
  before: JsonValue,
  after: JsonValue,
): string {
  if (Object.is(before, after)) return text.slice(start, valueEnd(text, start));
  if (isJsonObject(before) && isJsonObject(after)) {
    return object(text, start, before, after);
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    return array(text, start, before, after);
  }
  return JSON.stringify(after);
}

function object(
  text: string,
  start: number,
  before: JsonObject,
  after: JsonObject,
): string {
  const members = slots(text, start, true);
  const last = new Map(members.map((member) => [member.key, member]));
  const kept: string[] = [];
  for (const member of members) {
    const { key } = member;
    if (!said(after, key)) continue;
    const same = Object.is(before[key], after[key]);
    // Of a key that is given twice the last one counts, as it does to a parser.
    if (!same && last.get(key) !== member) continue;
    kept.push(
      same
        ? text.slice(member.start, member.end)
        : slotText(text, member, before[key] ?? null, after[key] ?? null),
    );
  }
  for (const key of Object.keys(after)) {
    if (last.has(key) || after[key] === undefined) continue;
    const moved = movedFrom(members, before, after, after[key]);
    kept.push(
      `${JSON.stringify(key)}:${
        moved === null
          ? JSON.stringify(after[key])
          : text.slice(moved.valueStart, moved.valueEnd)
      }`,
    );
  }
  return `{${kept.join(",")}}`;
}

/** Finds the member that went to another name: its value keeps its spelling. */
function movedFrom(
  members: readonly Slot[],
  before: JsonObject,
  after: JsonObject,
  moved: JsonValue,
): Slot | null {
  return members.findLast(({ key }) =>
    !said(after, key) && Object.is(before[key], moved)
  ) ?? null;
}

function array(
  text: string,
  start: number,
  before: readonly JsonValue[],
  after: readonly JsonValue[],
): string {
  const elements = slots(text, start, false);
  const pieces = before.length === after.length
    ? elements.map((element, index) =>
      slotText(text, element, before[index] ?? null, after[index] ?? null)
    )
    : after.map((element) => {
      const index = before.indexOf(element);
      const slot = elements[index];
      return slot === undefined
        ? JSON.stringify(element)
        : text.slice(slot.start, slot.end);
    });
  return `[${pieces.join(",")}]`;
}

function slotText(
  text: string,
  slot: Slot,
  before: JsonValue,
  after: JsonValue,
): string {
  return text.slice(slot.start, slot.valueStart) +
    value(text, slot.valueStart, before, after) +
    text.slice(slot.valueEnd, slot.end);
}

function said(holder: JsonObject, key: string): boolean {
  return Object.hasOwn(holder, key) && holder[key] !== undefined;
}

/** Lists what stands between the brackets that open at `start`. */
function slots(text: string, start: number, keyed: boolean): Slot[] {
  const found: Slot[] = [];
  let at = start + 1;
  for (;;) {
    let position = skipSpace(text, at);
    const closes = text[position] === "}" || text[position] === "]";
    if (closes && found.length === 0) return found;
    let key = "";
    if (keyed) {
      const keyEnd = stringEnd(text, position);
      key = keyOf(text.slice(position, keyEnd));
      // Behind the key: blanks, a colon, blanks.
      position = skipSpace(text, skipSpace(text, keyEnd) + 1);
    }
    const valueStop = valueEnd(text, position);
    const end = skipSpace(text, valueStop);
    found.push({
      key,
      start: at,
      valueStart: position,
      valueEnd: valueStop,
      end,
    });
    if (text[end] !== ",") return found;
    at = end + 1;
  }
}

function keyOf(quoted: string): string {
  return quoted.includes("\\")
    ? String(JSON.parse(quoted))
    : quoted.slice(1, -1);
}

function valueEnd(text: string, start: number): number {
  switch (text[start]) {
    case '"':
      return stringEnd(text, start);
    case "{":
    case "[":
      return containerEnd(text, start);
    default: {
      SCALAR_END.lastIndex = start;
      return SCALAR_END.exec(text)?.index ?? text.length;
    }
  }
}

function containerEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  for (;;) {
    STRUCTURE.lastIndex = at;
    const match = STRUCTURE.exec(text);
    if (match === null) return text.length;
    if (match[0] === '"') {
      at = stringEnd(text, match.index);
      continue;
    }
    depth += match[0] === "{" || match[0] === "[" ? 1 : -1;
    at = match.index + 1;
    if (depth === 0) return at;
  }
}

/** First character after the string whose opening quote stands at `start`. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
  }
}
