/**
 * One text for all spellings of a JSON document: keys sorted, no white space,
 * strings with the shortest escapes. Numbers keep their own text, since two
 * integers beyond 2^53 may differ and still parse to the same double. Members
 * of equal keys are all kept, in their order: who reads them may take either.
 *
 * @module
 */

const SCALAR = /[^\s,:{}[\]"]+/y;

interface Container {
  /** Members as `key:value`, or elements. */
  readonly parts: string[];
  /** Keys of the members; `null` for an array. */
  readonly keys: string[] | null;
  /** The key whose value comes next; `null` where a key comes next. */
  key: string | null;
}

/** Canonicalises a document that a parser has already found valid. Walks, never recurses. */
export function canonicalJson(text: string): string {
  return new Canonicalizer(text).run();
}

class Canonicalizer {
  readonly #text: string;
  readonly #stack: Container[] = [];
  #position = 0;
  #result = "";

  constructor(text: string) {
    this.#text = text;
  }

  run(): string {
    const text = this.#text;
    while (this.#position < text.length) {
      switch (text[this.#position]) {
        case "{":
          this.#open([]);
          break;
        case "[":
          this.#open(null);
          break;
        case "}":
        case "]":
          this.#close();
          break;
        case '"':
          this.#string();
          break;
        default:
          this.#scalar();
      }
    }
    return this.#result;
  }

  #open(keys: string[] | null): void {
    this.#stack.push({ parts: [], keys, key: null });
    this.#position++;
  }

  #close(): void {
    const closed = this.#stack.pop();
    if (closed !== undefined) this.#value(closedText(closed));
    this.#position++;
  }

  #string(): void {
    const start = this.#position;
    const end = endOfString(this.#text, start);
    this.#position = end;
    const piece = canonicalString(this.#text.slice(start, end));
    const open = this.#stack[this.#stack.length - 1];
    if (open !== undefined && open.keys !== null && open.key === null) {
      open.key = piece;
    } else this.#value(piece);
  }

  /** A number, a word, or what stands between values. */
  #scalar(): void {
    SCALAR.lastIndex = this.#position;
    const [scalar = ""] = SCALAR.exec(this.#text) ?? [];
    if (scalar !== "") this.#value(scalar);
    this.#position += scalar.length || 1;
  }

  #value(piece: string): void {
    const open = this.#stack[this.#stack.length - 1];
    if (open === undefined) this.#result = piece;
    else if (open.keys === null) open.parts.push(piece);
    else {
      const key = open.key ?? "";
      open.keys.push(key);
      open.parts.push(`${key}:${piece}`);
      open.key = null;
    }
  }
}

/** Gives the place after the closing quote of the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote >= 0) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}

function closedText({ keys, parts }: Container): string {
  if (keys === null) return `[${parts.join(",")}]`;
  const order = keys.map((_key, index) => index).sort((left, right) => {
    const a = keys[left] ?? "";
    const b = keys[right] ?? "";
    return a < b ? -1 : a > b ? 1 : left - right;
  });
  return `{${order.map((index) => parts[index]).join(",")}}`;
}

/** Escapes can be spelled in several ways; a string without any is its own spelling. */
function canonicalString(token: string): string {
  return token.includes("\\") ? JSON.stringify(JSON.parse(token)) : token;
}
