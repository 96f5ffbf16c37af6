/**
 * Where each value of a JSONC text stands, and which keys stand there twice:
 * what the parser does not tell. Expects text that the parser has accepted.
 *
 * @module
 */

import { type ConfigPath, type FilePosition, formatPath } from "./problem.ts";

/** What was found. */
export interface JsoncPositions {
  /** Offset of the value by formatted path. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Paths of keys that were given before in the same object, with their offset. */
  readonly duplicates: readonly {
    readonly path: ConfigPath;
    readonly offset: number;
  }[];
  /** Paths of keys that no object of the program may have, with their offset. */
  readonly forbidden: readonly {
    readonly path: ConfigPath;
    readonly offset: number;
  }[];
}

/** An object or array that is still open. */
interface Container {
  readonly keys: Set<string> | null;
  key: string;
  index: number;
}

const TOKEN_REGEXP =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"/]+/g;

/** Walks the tokens of one text. */
class PositionScanner implements JsoncPositions {
  readonly offsets = new Map<string, number>();
  readonly duplicates: { path: ConfigPath; offset: number }[] = [];
  readonly forbidden: { path: ConfigPath; offset: number }[] = [];
  readonly #stack: Container[] = [];
  #expectsKey = false;

  /** Takes the next token. */
  push(token: string, offset: number): void {
    const top = this.#stack[this.#stack.length - 1];
    if (token === "}" || token === "]") {
      this.#stack.pop();
      this.#expectsKey = false;
    } else if (token === ",") {
      if (top) top.index++;
      this.#expectsKey = top?.keys !== null;
    } else if (token === ":") {
      this.#expectsKey = false;
    } else if (this.#expectsKey && top?.keys) {
      this.#pushKey(top, top.keys, token, offset);
    } else {
      this.offsets.set(formatPath(this.#path()), offset);
      if (token === "{" || token === "[") this.#open(token === "{");
    }
  }

  #pushKey(
    top: Container,
    keys: Set<string>,
    token: string,
    offset: number,
  ): void {
    top.key = String(JSON.parse(token));
    if (keys.has(top.key)) {
      this.duplicates.push({ path: this.#path(), offset });
    }
    if (top.key === "__proto__") {
      this.forbidden.push({ path: this.#path(), offset });
    }
    keys.add(top.key);
  }

  #open(isObject: boolean): void {
    this.#stack.push({ keys: isObject ? new Set() : null, key: "", index: 0 });
    this.#expectsKey = isObject;
  }

  #path(): ConfigPath {
    return this.#stack.map((container) =>
      container.keys ? container.key : container.index
    );
  }
}

/** Finds where each value stands. */
export function findPositions(text: string): JsoncPositions {
  const scanner = new PositionScanner();
  for (const match of text.matchAll(TOKEN_REGEXP)) {
    const token = match[0];
    if (token.startsWith("//") || token.startsWith("/*")) continue;
    scanner.push(token, match.index);
  }
  return scanner;
}

/** Turns an offset into line and column. */
export function positionAt(text: string, offset: number): FilePosition {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: offset - lineStart + 1,
  };
}
