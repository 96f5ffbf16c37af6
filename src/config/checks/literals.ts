/** Secrets that stand in the file as they are. @module */

import { type ConfigPath, formatPath } from "../problem.ts";
import { isSecretName, looksLikeKey } from "../key_shapes.ts";
import type { PathProblem } from "../schema_problems.ts";

/** Where secrets stand: `*` for any key or index. */
const SECRET_PLACES: readonly (readonly string[])[] = [
  ["admin", "token"],
  ["metrics", "token"],
  ["clients", "*", "key"],
  ["clients", "*", "key", "*"],
  ["providers", "*", "keys", "*"],
];

/** Whether a path leads to a value that is always a secret. */
export function isSecretPlace(path: ConfigPath): boolean {
  return SECRET_PLACES.some((place) =>
    place.length === path.length &&
    place.every((part, index) => part === "*" || part === path[index])
  ) || isSecretHeader(path);
}

/** Whether a path leads to a header or query parameter that carries a secret. */
function isSecretHeader(path: ConfigPath): boolean {
  return path.length === 4 && path[0] === "providers" &&
    (path[2] === "headers" || path[2] === "query") &&
    isSecretName(String(path[3]));
}

/** A name for the variable that could hold the secret. */
function variableFor(path: ConfigPath): string {
  const words = path.filter((part) => typeof part === "string").join("_")
    .replace(/[^A-Za-z0-9]+/g, "_").toUpperCase();
  if (path[0] === "providers") return `${words.split("_")[1]}_API_KEY`;
  if (path[0] === "clients") return `${words.split("_")[1]}_KEY`;
  return `SIGNALBOX_${words}`;
}

/** Whether a text may stand where it stands. */
function isForbidden(path: ConfigPath, text: string): boolean {
  if (path[path.length - 1] === "keySha256") return false;
  if (isSecretPlace(path) || looksLikeKey(text)) return true;
  const isProxy = path.length === 3 && path[0] === "providers" &&
    path[2] === "proxyUrl";
  return isProxy && text.includes("@");
}

/**
 * Finds secrets that stand in the tree of a file as they are. A text that holds
 * a reference is none, unless what stands beside the reference looks like a key.
 */
export function literalProblems(tree: unknown): readonly PathProblem[] {
  const problems: PathProblem[] = [];
  const pending: { path: ConfigPath; value: unknown }[] = [
    { path: [], value: tree },
  ];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { path, value } = next;
    if (typeof value === "string") {
      const outside = value.replace(/\$\{[^}]*\}/g, "");
      const forbidden = outside === value
        ? isForbidden(path, value)
        : looksLikeKey(outside);
      if (!forbidden) continue;
      const variable = variableFor(path);
      problems.push({
        path,
        problem: looksLikeKey(outside)
          ? "the text looks like a key"
          : "a secret stands in the file as it is",
        fix:
          `refer to it, as in "\${env:${variable}}", "\${file:/path}" or "\${credential:name}"`,
      });
    } else if (typeof value === "object" && value !== null) {
      const isArray = Array.isArray(value);
      for (const [key, item] of Object.entries(value)) {
        pending.push({
          path: [...path, isArray ? Number(key) : key],
          value: item,
        });
      }
    }
  }
  return problems.toSorted((left, right) =>
    formatPath(left.path) < formatPath(right.path) ? -1 : 1
  );
}
