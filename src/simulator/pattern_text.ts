/**
 * Text that matches a regular expression. Understands literals, classes,
 * escapes, groups, alternation, quantifiers and outer anchors; lookaround,
 * back references and Unicode properties are skipped, so that such a pattern
 * may be missed (the caller looks and keeps its best try).
 *
 * @module
 */

import type { SeededRandom } from "./seeded_random.ts";

type Node =
  | { readonly kind: "set"; readonly characters: string }
  | { readonly kind: "choice"; readonly branches: readonly Node[] }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | {
    readonly kind: "repeat";
    readonly part: Node;
    readonly least: number;
    readonly most: number;
  };

const DIGITS = "0123456789";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const WORD = LETTERS + DIGITS + "_";
const BLANKS = " \t";
const PUNCTUATION = "-.,:;!?@#%&*+=/()[]{}<>|^$~'\"`\\";
const PRINTABLE = WORD + " " + PUNCTUATION;

const MAX_NESTING = 64;
const MAX_CHARACTERS = 4096;

/** Compiles a schema's pattern, `null` where it is no valid expression. */
export function compilePattern(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, "u");
  } catch {
    try {
      return new RegExp(pattern);
    } catch {
      return null;
    }
  }
}

/** Draws a text for `pattern`; optional repetitions go up to `extra` beyond their least. */
export function patternText(
  pattern: string,
  random: SeededRandom,
  extra: number,
): string {
  const node = new PatternReader(pattern).read();
  return new PatternWriter(random, extra).write(node);
}

class PatternWriter {
  readonly #random: SeededRandom;
  readonly #extra: number;
  #text = "";

  constructor(random: SeededRandom, extra: number) {
    this.#random = random;
    this.#extra = extra;
  }

  write(node: Node): string {
    this.#write(node);
    return this.#text;
  }

  #write(node: Node): void {
    switch (node.kind) {
      case "set":
        if (node.characters === "") return;
        this.#text += this.#random.pick(Array.from(node.characters));
        return;
      case "choice":
        return this.#write(this.#random.pick(node.branches));
      case "sequence":
        for (const part of node.parts) this.#write(part);
        return;
      case "repeat":
        this.#repeat(node);
    }
  }

  // Nested repetitions multiply: the text ends where it is long enough.
  #repeat({ part, least, most }: Node & { kind: "repeat" }): void {
    const count = this.#random.integer(
      least,
      Math.min(most, least + this.#extra),
    );
    for (let i = 0; i < count; i++) {
      const before = this.#text.length;
      if (before > MAX_CHARACTERS) return;
      this.#write(part);
      // A part that takes no room gains nothing by being repeated.
      if (this.#text.length === before && i >= MAX_NESTING) return;
    }
  }
}

class PatternReader {
  readonly #pattern: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = Array.from(pattern);
  }

  read(): Node {
    return this.#choice(0);
  }

  #peek(): string | undefined {
    return this.#pattern[this.#at];
  }

  #take(): string {
    return this.#pattern[this.#at++] ?? "";
  }

  #eat(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.#pattern[this.#at + i] !== text[i]) return false;
    }
    this.#at += text.length;
    return true;
  }

  #choice(depth: number): Node {
    const branches = [this.#sequence(depth)];
    while (this.#eat("|")) branches.push(this.#sequence(depth));
    const [only] = branches;
    return branches.length === 1 && only !== undefined
      ? only
      : { kind: "choice", branches };
  }

  #sequence(depth: number): Node {
    const parts: Node[] = [];
    for (;;) {
      const next = this.#peek();
      if (next === undefined || next === "|" || next === ")") break;
      const atom = this.#atom(depth);
      if (atom !== null) parts.push(this.#quantified(atom));
    }
    return { kind: "sequence", parts };
  }

  #atom(depth: number): Node | null {
    const character = this.#take();
    switch (character) {
      case "^":
      case "$":
        return null;
      case ".":
        return { kind: "set", characters: PRINTABLE };
      case "[":
        return { kind: "set", characters: this.#class() };
      case "(":
        return this.#group(depth);
      case "\\":
        return this.#escape();
      default:
        return { kind: "set", characters: character };
    }
  }

  #escape(): Node | null {
    const characters = this.#escaped();
    return characters === null ? null : { kind: "set", characters };
  }

  #group(depth: number): Node | null {
    const looks = ["?=", "?!", "?<=", "?<!"].some((mark) => this.#eat(mark));
    if (!looks && !this.#eat("?:") && this.#eat("?<")) {
      while (this.#peek() !== undefined && this.#take() !== ">");
    }
    if (depth >= MAX_NESTING) {
      this.#at = this.#pattern.length;
      return null;
    }
    const inner = this.#choice(depth + 1);
    this.#eat(")");
    return looks ? null : inner;
  }

  // The characters an escape stands for; null for what takes no room.
  #escaped(): string | null {
    const character = this.#take();
    switch (character) {
      case "d":
        return DIGITS;
      case "w":
        return WORD;
      case "s":
        return BLANKS;
      case "D":
        return LETTERS + PUNCTUATION;
      case "W":
        return " " + PUNCTUATION;
      case "S":
        return WORD + PUNCTUATION;
      case "b":
      case "B":
        return null;
      case "n":
        return "\n";
      case "r":
        return "\r";
      case "t":
        return "\t";
      case "f":
        return "\f";
      case "v":
        return "\v";
      case "x":
        return this.#codePoint(2);
      case "u":
        return this.#unicode();
      case "p":
      case "P":
        return this.#property();
      default:
        return character;
    }
  }

  #unicode(): string {
    if (!this.#eat("{")) return this.#codePoint(4);
    let digits = "";
    while (this.#peek() !== undefined && this.#peek() !== "}") {
      digits += this.#take();
    }
    this.#eat("}");
    return String.fromCodePoint(Math.min(0x10ffff, parseInt(digits, 16) || 0));
  }

  #codePoint(length: number): string {
    let digits = "";
    while (digits.length < length) digits += this.#take() || "0";
    return String.fromCodePoint(parseInt(digits, 16) || 0);
  }

  // Letters satisfy the property that schemas use most, \p{L}.
  #property(): string {
    let name = "";
    if (this.#eat("{")) {
      while (this.#peek() !== undefined && this.#peek() !== "}") {
        name += this.#take();
      }
      this.#eat("}");
    }
    if (name === "Lu") return LETTERS.slice(26);
    if (name === "N" || name === "Nd") return DIGITS;
    return LETTERS.slice(0, 26);
  }

  #class(): string {
    const negated = this.#eat("^");
    const found = new Set<string>();
    while (this.#peek() !== undefined && this.#peek() !== "]") {
      const low = this.#classMember();
      if (
        low.length === 1 && this.#peek() === "-" &&
        this.#pattern[this.#at + 1] !== "]" &&
        this.#pattern[this.#at + 1] !== undefined
      ) {
        this.#take();
        addRange(found, low, this.#classMember());
      } else for (const character of low) found.add(character);
    }
    this.#eat("]");
    if (!negated) return [...found].join("");
    return Array.from(PRINTABLE).filter((one) => !found.has(one)).join("");
  }

  #classMember(): string {
    const character = this.#take();
    return character === "\\" ? this.#escaped() ?? "\b" : character;
  }

  #quantified(part: Node): Node {
    const bounds = this.#quantifier();
    if (bounds === null) return part;
    this.#eat("?");
    return { kind: "repeat", part, least: bounds[0], most: bounds[1] };
  }

  #quantifier(): [number, number] | null {
    if (this.#eat("*")) return [0, Infinity];
    if (this.#eat("+")) return [1, Infinity];
    if (this.#eat("?")) return [0, 1];
    if (this.#peek() !== "{") return null;
    const end = this.#pattern.indexOf("}", this.#at);
    const text = this.#pattern.slice(this.#at + 1, Math.max(end, 0)).join("");
    const match = /^(\d+)(,(\d*))?$/.exec(text);
    if (match === null) return null;
    this.#at = end + 1;
    const least = Number(match[1]);
    if (match[2] === undefined) return [least, least];
    return [least, match[3] ? Number(match[3]) : Infinity];
  }
}

function addRange(found: Set<string>, low: string, high: string): void {
  const from = low.codePointAt(0) ?? 0;
  const to = high.codePointAt(0) ?? from;
  // Ranges over whole scripts need no more than a sample.
  for (let code = from; code <= to && code < from + 128; code++) {
    found.add(String.fromCodePoint(code));
  }
}
