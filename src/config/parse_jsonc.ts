/** Reads JSONC text; what is wrong with it is told with line and column. @module */

import { parse } from "@std/jsonc/parse";
import { findPositions, positionAt } from "./jsonc_positions.ts";
import {
  type ConfigPath,
  type ConfigProblem,
  type FilePosition,
  formatPath,
} from "./problem.ts";

/** A text that was read. */
export interface ParsedText {
  /** The tree; `undefined` if the text is no JSONC. */
  readonly tree: unknown;
  /** What is wrong with the text. */
  readonly problems: readonly ConfigProblem[];
  /** Where a value stands; the nearest parent's place for a value that is absent. */
  positionOf(path: ConfigPath): FilePosition | null;
}

/** Names a token without showing what may be a secret. */
function nameToken(token: string | undefined): string {
  if (token === undefined) return "text";
  if (token.startsWith('"')) return "text in quotes";
  return /^[\w.+-]{13,}$/.test(token) ? "a word" : `"${token.slice(0, 12)}"`;
}

/** Says where and why the parser gave up. */
function syntaxProblem(text: string, error: unknown): ConfigProblem {
  const message = error instanceof Error ? error.message : "";
  const at = / in JSONC at position ([0-9]+)$/.exec(message);
  const token = /unexpected token "([\s\S]*)" in JSONC/.exec(message)?.[1];
  if (error instanceof RangeError) {
    return {
      path: "",
      problem: "the file is nested too deep",
      fix: "remove the nesting: no key needs more than 8 levels",
      position: null,
    };
  }
  const position = positionAt(text, at ? Number(at[1]) : text.trimEnd().length);
  const place = `line ${position.line}, column ${position.column}`;
  return {
    path: "",
    problem: at
      ? `unexpected ${nameToken(token)} at ${place}`
      : `the file ends too early at ${place}`,
    fix: at
      ? "look there and just before for a missing comma, quote or bracket"
      : "close every bracket, quote and comment",
    position,
  };
}

/** Reads JSONC text. A byte order mark is ignored. */
export function parseJsonc(source: string): ParsedText {
  const text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  let tree: unknown;
  try {
    tree = parse(text);
  } catch (error) {
    return {
      tree: undefined,
      problems: [syntaxProblem(text, error)],
      positionOf: () => null,
    };
  }
  const { offsets, duplicates, forbidden } = findPositions(text);
  const twice = duplicates.map(({ path, offset }) => ({
    path: formatPath(path),
    problem: "the key is given twice",
    fix: "remove one of the two",
    position: positionAt(text, offset),
  }));
  const refused = forbidden.map(({ path, offset }) => ({
    path: formatPath(path),
    problem: "the name __proto__ is refused everywhere",
    fix: "use another name",
    position: positionAt(text, offset),
  }));
  const problems = [...twice, ...refused];
  return {
    tree,
    problems,
    positionOf: (path) => {
      for (let length = path.length; length >= 0; length--) {
        const offset = offsets.get(formatPath(path.slice(0, length)));
        if (offset !== undefined) return positionAt(text, offset);
      }
      return null;
    },
  };
}
