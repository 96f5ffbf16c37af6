/** What a check across sections gets and gives. @module */

import type { Config } from "../schema.ts";
import { type ConfigPath, formatPath } from "../problem.ts";
import type { PathProblem } from "../schema_problems.ts";

/** What checks know beside the config. */
export interface CheckFacts {
  /** The config. */
  readonly config: Config;
  /** The text of the file by formatted path, for values that held a reference. */
  readonly references: ReadonlyMap<string, string>;
}

/** One check: everything that it finds wrong. */
export type Check = (facts: CheckFacts) => Iterable<PathProblem>;

/** The reference a value came from, or the value itself. */
export function shown(
  facts: CheckFacts,
  path: ConfigPath,
  value: string,
): string {
  return facts.references.get(formatPath(path)) ?? JSON.stringify(value);
}

/** Finds entries that are given more than once, by position. */
export function repeated(values: readonly string[]): readonly number[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) < index ? [index] : []
  );
}
