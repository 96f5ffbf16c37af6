/**
 * Patterns by which a foreign table itself says which names a price is meant
 * for. They are asked after every exact spelling, within one provider alone.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";

/** Tells whether a name, lower case, is meant. */
export type NamePattern = (name: string) => boolean;

/** Clauses deeper than this are no table's. */
const MAX_DEPTH = 4;

/** Names and expressions longer than this are not tried. */
const MAX_CHARS = 256;

/**
 * Compiles a clause `{equals | starts_with | ends_with | contains | regex |
 * or: [...] | and: [...]}`; `null` for anything else.
 */
export function compileNamePattern(
  clause: JsonValue | undefined,
  depth: number = 0,
): NamePattern | null {
  if (!isJsonObject(clause) || depth > MAX_DEPTH) return null;
  for (const [kind, isAll] of [["or", false], ["and", true]] as const) {
    const parts = clause[kind];
    if (!Array.isArray(parts)) continue;
    const patterns = parts.map((part) => compileNamePattern(part, depth + 1));
    if (patterns.some((pattern) => pattern === null)) return null;
    return (name) =>
      isAll
        ? patterns.every((pattern) => pattern?.(name))
        : patterns.some((pattern) => pattern?.(name));
  }
  return compileText(clause);
}

function compileText(clause: JsonObject): NamePattern | null {
  const [kind, value] = Object.entries(clause)[0] ?? [];
  if (typeof value !== "string" || value === "" || value.length > MAX_CHARS) {
    return null;
  }
  const text = value.toLowerCase();
  switch (kind) {
    case "equals":
      return (name) => name === text;
    case "starts_with":
      return (name) => name.startsWith(text);
    case "ends_with":
      return (name) => name.endsWith(text);
    case "contains":
      return (name) => name.includes(text);
    case "regex":
      return compileRegex(value);
    default:
      return null;
  }
}

function compileRegex(source: string): NamePattern | null {
  try {
    const expression = new RegExp(source, "i");
    return (name) => name.length <= MAX_CHARS && expression.test(name);
  } catch {
    return null;
  }
}
