/**
 * One pass over a JSON body before anything parses it: limits on depth and
 * tokens, the grammar, and where the top-level fields stand, as byte offsets.
 * Escapes and control characters inside strings are left to whoever parses.
 *
 * @module
 */

import { Buffer, isUtf8 } from "node:buffer";
import { Latin1Window } from "./latin1_window.ts";
import { invalidUtf8Offset } from "./utf8.ts";

/** What a body may cost at most. `0` switches a limit off. */
export interface JsonScanLimits {
  /** Containers inside each other, the outermost is 1. */
  readonly maxDepth: number;
  /** Opened containers plus commas. */
  readonly maxTokens: number;
}

/** Why a body was refused. `key` is an escape sequence in a top-level key. */
export type JsonScanErrorKind =
  | "depth"
  | "tokens"
  | "syntax"
  | "utf8"
  | "root"
  | "key";

/** What kind of value stands at an offset. */
export type JsonFieldType =
  | "string"
  | "number"
  | "boolean"
  | "null"
  | "object"
  | "array";

/** The value of a top-level field: bytes `start` to `end`, end excluded. */
export interface JsonField {
  /** First byte of the value. */
  readonly start: number;
  /** First byte after the value. */
  readonly end: number;
  /** What it is. */
  readonly type: JsonFieldType;
}

/** What the pass found. */
export interface JsonScan {
  /** Whether the body is a JSON object within the limits. */
  readonly ok: boolean;
  /** Why not, `null` when `ok`. */
  readonly errorKind: JsonScanErrorKind | null;
  /** Byte at which it went wrong, -1 when `ok`. */
  readonly errorOffset: number;
  /** First byte after the opening brace: where a member may be inserted. */
  readonly memberOffset: number;
  /** Whether the object has no members. */
  readonly empty: boolean;
  /** The watched fields that are there; of duplicates the last. */
  readonly fields: ReadonlyMap<string, JsonField>;
  /** Watched names that occur more than once. */
  readonly duplicates: readonly string[];
  /** The string in `model`, `null` if absent or no string. */
  readonly model: string | null;
  /** The boolean in `stream`, `null` if absent or no boolean. */
  readonly stream: boolean | null;
  /** Opened containers plus commas: no array has more items than that. */
  readonly tokens: number;
  /** Whether some string value begins with the watched prefix. */
  readonly prefixed: boolean;
}

/** What is looked for in a body. */
export interface JsonWatch {
  /** Top-level keys beside `model` and `stream`. */
  readonly fields: readonly string[];
  /** What a string value anywhere may begin with, in ASCII; "" for nothing. */
  readonly prefix: string;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const IN_OBJECT = 1;
const IN_ARRAY = 2;

/** What may come next. */
const EXPECT_VALUE = 0;
const EXPECT_VALUE_OR_END = 1;
const EXPECT_KEY = 2;
const EXPECT_KEY_OR_END = 3;
const EXPECT_COLON = 4;
const EXPECT_COMMA_OR_END = 5;

const NO_FIELDS: ReadonlyMap<string, JsonField> = new Map();
const ALWAYS_WATCHED: readonly string[] = ["model", "stream"];
const NO_WATCH: JsonWatch = { fields: [], prefix: "" };

/** Scans a body. `model` and `stream` are always looked for, `watch` names what else. */
export function scanJson(
  bytes: Uint8Array,
  limits: JsonScanLimits,
  watch: JsonWatch = NO_WATCH,
): JsonScan {
  return new Scanner(bytes, limits, watch).run();
}

class Scanner {
  readonly #bytes: Buffer;
  readonly #text: Latin1Window;
  readonly #maxDepth: number;
  readonly #maxTokens: number;
  readonly #watch: JsonWatch;
  readonly #stack: number[] = [];
  readonly #fields = new Map<string, JsonField>();
  readonly #duplicates: string[] = [];
  readonly #scalarPattern =
    /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
  #position = 0;
  #tokens = 0;
  #expect = EXPECT_VALUE;
  #memberOffset = 0;
  #empty = true;
  #prefixed = false;
  #key: string | null = null;
  #valueStart = 0;
  #errorKind: JsonScanErrorKind | null = null;
  #errorOffset = -1;

  constructor(
    bytes: Uint8Array,
    limits: JsonScanLimits,
    watch: JsonWatch,
  ) {
    this.#bytes = Buffer.from(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
    this.#text = new Latin1Window(this.#bytes);
    this.#maxDepth = limits.maxDepth || Infinity;
    this.#maxTokens = limits.maxTokens || Infinity;
    this.#watch = watch;
  }

  run(): JsonScan {
    if (this.#root()) this.#walk();
    if (this.#errorKind === null && !isUtf8(this.#bytes)) {
      this.#fail("utf8", invalidUtf8Offset(this.#bytes));
    }
    if (this.#errorKind !== null) return this.#failed(this.#errorKind);
    const model = this.#fields.get("model");
    const stream = this.#fields.get("stream");
    return {
      ok: true,
      errorKind: null,
      errorOffset: -1,
      memberOffset: this.#memberOffset,
      empty: this.#empty,
      fields: this.#fields,
      duplicates: this.#duplicates,
      model: model?.type === "string" ? this.#string(model) : null,
      tokens: this.#tokens,
      stream: stream?.type === "boolean"
        ? this.#bytes[stream.start] === 116
        : null,
      prefixed: this.#prefixed,
    };
  }

  #failed(kind: JsonScanErrorKind): JsonScan {
    return {
      ok: false,
      errorKind: kind,
      errorOffset: this.#errorOffset,
      memberOffset: 0,
      empty: true,
      fields: NO_FIELDS,
      duplicates: [],
      model: null,
      tokens: this.#tokens,
      stream: null,
      prefixed: false,
    };
  }

  #fail(kind: JsonScanErrorKind, offset: number): void {
    this.#errorKind = kind;
    this.#errorOffset = offset;
  }

  /** Enters the outermost object. */
  #root(): boolean {
    const start = this.#skipSpace(0);
    if (this.#text.code(start) !== OPEN_BRACE) {
      this.#fail(start < this.#bytes.length ? "root" : "syntax", start);
      return false;
    }
    this.#memberOffset = start + 1;
    this.#position = start;
    return this.#open(IN_OBJECT);
  }

  #walk(): void {
    const { length } = this.#bytes;
    while (this.#stack.length > 0) {
      const at = this.#skipSpace(this.#position);
      this.#position = at;
      if (at >= length) return this.#fail("syntax", at);
      if (!this.#step(this.#text.code(at))) {
        if (this.#errorKind === null) this.#fail("syntax", at);
        return;
      }
    }
    const rest = this.#skipSpace(this.#position);
    if (rest < length) this.#fail("syntax", rest);
  }

  /** Takes one token. `false`: it does not belong here. */
  #step(code: number): boolean {
    switch (code) {
      case QUOTE:
        return this.#expect >= EXPECT_KEY
          ? this.#expect <= EXPECT_KEY_OR_END && this.#keyToken()
          : this.#stringValue();
      case COMMA: {
        if (this.#expect !== EXPECT_COMMA_OR_END) return false;
        if (!this.#count()) return false;
        this.#position++;
        const container = this.#stack[this.#stack.length - 1];
        this.#expect = container === IN_OBJECT ? EXPECT_KEY : EXPECT_VALUE;
        return true;
      }
      case COLON:
        if (this.#expect !== EXPECT_COLON) return false;
        this.#position++;
        this.#expect = EXPECT_VALUE;
        return true;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (this.#expect > EXPECT_VALUE_OR_END) return false;
        if (this.#stack.length === 1) this.#valueStart = this.#position;
        return this.#open(code === OPEN_BRACE ? IN_OBJECT : IN_ARRAY);
      case CLOSE_BRACE:
        return this.#close(IN_OBJECT, EXPECT_KEY_OR_END);
      case CLOSE_BRACKET:
        return this.#close(IN_ARRAY, EXPECT_VALUE_OR_END);
      default:
        return this.#expect <= EXPECT_VALUE_OR_END && this.#scalar(code);
    }
  }

  #open(container: number): boolean {
    if (this.#stack.length >= this.#maxDepth) {
      this.#fail("depth", this.#position);
      return false;
    }
    this.#stack.push(container);
    this.#position++;
    this.#expect = container === IN_OBJECT
      ? EXPECT_KEY_OR_END
      : EXPECT_VALUE_OR_END;
    return this.#count();
  }

  #close(container: number, whenEmpty: number): boolean {
    if (this.#stack[this.#stack.length - 1] !== container) return false;
    if (
      this.#expect !== EXPECT_COMMA_OR_END && this.#expect !== whenEmpty
    ) return false;
    this.#stack.pop();
    this.#position++;
    this.#expect = EXPECT_COMMA_OR_END;
    if (this.#stack.length === 1) {
      this.#ended(container === IN_OBJECT ? "object" : "array");
    }
    return true;
  }

  #count(): boolean {
    if (++this.#tokens <= this.#maxTokens) return true;
    this.#fail("tokens", this.#position);
    return false;
  }

  #keyToken(): boolean {
    const start = this.#position + 1;
    const end = this.#stringEnd(start);
    if (end < 0) return false;
    if (this.#stack.length === 1) {
      this.#empty = false;
      const key = this.#bytes.toString("latin1", start, end);
      // `"mod\u0065l"` is the key `model` to a parser but not to this scan.
      if (key.includes("\\")) {
        this.#fail("key", start);
        return false;
      }
      this.#key = this.#isWatched(key) ? key : null;
    }
    this.#position = end + 1;
    this.#expect = EXPECT_COLON;
    return true;
  }

  #isWatched(key: string): boolean {
    return ALWAYS_WATCHED.includes(key) || this.#watch.fields.includes(key);
  }

  #stringValue(): boolean {
    const start = this.#position;
    const end = this.#stringEnd(start + 1);
    if (end < 0) return false;
    this.#position = end + 1;
    this.#expect = EXPECT_COMMA_OR_END;
    const { prefix } = this.#watch;
    if (prefix !== "" && this.#text.startsWith(prefix, start + 1)) {
      this.#prefixed = true;
    }
    if (this.#stack.length === 1) {
      this.#valueStart = start;
      this.#ended("string");
    }
    return true;
  }

  /** Finds the closing quote of a string that begins at `start`, -1 if none. */
  #stringEnd(start: number): number {
    const bytes = this.#bytes;
    let end = start;
    while ((end = this.#text.indexOf('"', end)) >= 0) {
      let slashes = end - 1;
      while (slashes >= start && bytes[slashes] === BACKSLASH) {
        slashes--;
      }
      if ((end - 1 - slashes) % 2 === 0) return end;
      end++;
    }
    this.#fail("syntax", bytes.length);
    return -1;
  }

  #scalar(code: number): boolean {
    const start = this.#position;
    const end = this.#text.matchEnd(this.#scalarPattern, start);
    if (end < 0) return false;
    this.#position = end;
    this.#expect = EXPECT_COMMA_OR_END;
    if (this.#stack.length === 1) {
      this.#valueStart = start;
      this.#ended(
        code === 110
          ? "null"
          : code === 116 || code === 102
          ? "boolean"
          : "number",
      );
    }
    return true;
  }

  /** Notes the value of a top-level member. */
  #ended(type: JsonFieldType): void {
    const key = this.#key;
    if (key === null) return;
    this.#key = null;
    if (this.#fields.has(key) && !this.#duplicates.includes(key)) {
      this.#duplicates.push(key);
    }
    this.#fields.set(key, {
      start: this.#valueStart,
      end: this.#position,
      type,
    });
  }

  #skipSpace(from: number): number {
    const text = this.#text;
    let at = from;
    for (;; at++) {
      const code = text.code(at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    }
  }

  #string(field: JsonField): string | null {
    const raw = this.#bytes.toString("utf8", field.start, field.end);
    try {
      return String(JSON.parse(raw));
    } catch {
      return null;
    }
  }
}
