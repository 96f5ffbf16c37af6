/** From the tree of a file to a config that holds together, or to everything that is wrong with it. @module */

import { checkAccounting } from "./checks/accounting.ts";
import { checkAliases } from "./checks/aliases.ts";
import type { Check } from "./checks/check.ts";
import { checkClients } from "./checks/clients.ts";
import { checkExposure } from "./checks/exposure.ts";
import { isSecretPlace, literalProblems } from "./checks/literals.ts";
import { checkProviders } from "./checks/providers.ts";
import { checkRules } from "./checks/rules.ts";
import { checkUrls } from "./checks/urls.ts";
import { looksLikeKey } from "./key_shapes.ts";
import { type ConfigPath, formatPath, formatValue } from "./problem.ts";
import { type ReferenceSources, resolveReferences } from "./references.ts";
import { type Config, configSchema } from "./schema.ts";
import { type PathProblem, schemaProblems } from "./schema_problems.ts";

/** A tree that was compiled. */
export interface CompiledTree {
  /** The config, `null` if anything is wrong. */
  readonly config: Config | null;
  /** Everything that is wrong. */
  readonly problems: readonly PathProblem[];
  /** The text of the file by formatted path, for values that held a reference. */
  readonly references: ReadonlyMap<string, string>;
  /** Files that references were read from. */
  readonly files: readonly string[];
}

const CHECKS: readonly Check[] = [
  checkExposure,
  checkProviders,
  checkUrls,
  checkAliases,
  checkRules,
  checkClients,
  checkAccounting,
];

/** The value at a path, `undefined` if there is none. */
export function valueAt(tree: unknown, path: ConfigPath): unknown {
  let value = tree;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    if (!Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** Spells what stands at a path of the file, never a secret. */
function showValue(tree: unknown, path: ConfigPath): string {
  const value = valueAt(tree, path);
  if (value === undefined) return "absent";
  const hidden = isSecretPlace(path) || looksLikeKey(JSON.stringify(value));
  const isReference = typeof value === "string" && value.startsWith("${");
  return hidden && !isReference ? "hidden" : formatValue(value);
}

/** Compiles the tree of a file. */
export async function compileTree(
  tree: unknown,
  sources: ReferenceSources,
): Promise<CompiledTree> {
  const resolved = await resolveReferences(tree, sources);
  const { references, files } = resolved;
  const parsed = configSchema.safeParse(resolved.tree);
  const unresolved = new Set(
    resolved.failures.map(({ path }) => formatPath(path)),
  );
  const found = parsed.success
    ? CHECKS.flatMap((check) => [...check({ config: parsed.data, references })])
    : schemaProblems(parsed.error.issues, (path) => showValue(tree, path));
  const problems = [
    ...literalProblems(tree),
    ...resolved.failures,
    // What follows from a value that could not be resolved is noise.
    ...found.filter(({ path }) => !unresolved.has(formatPath(path))),
  ];
  const config = parsed.success && problems.length === 0 ? parsed.data : null;
  return { config, problems, references, files };
}
