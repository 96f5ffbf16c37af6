/** What is wrong with a config, said so that it can be mended. @module */

/** The way to a value: keys and indexes. */
export type ConfigPath = readonly (string | number)[];

/** A place in the file, counted from 1. */
export interface FilePosition {
  /** Line. */
  readonly line: number;
  /** Column, in UTF-16 units. */
  readonly column: number;
}

/** One thing that is wrong. */
export interface ConfigProblem {
  /** JSON path, such as `providers.openai.timeouts.connectMs`; "" for the whole file. */
  readonly path: string;
  /** What is wrong, with the value unless it is secret. */
  readonly problem: string;
  /** How to mend it. */
  readonly fix: string;
  /** Where in the file, `null` where no such place exists. */
  readonly position: FilePosition | null;
}

const PLAIN_KEY_REGEXP = /^[A-Za-z_$][A-Za-z0-9_$-]*$/;

/** Spells a path: `providers.openai.keys[0]`, `pricing.models["a/b"].inputPer1M`. */
export function formatPath(path: ConfigPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (!PLAIN_KEY_REGEXP.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** Spells a value for a message: short, on one line. */
export function formatValue(value: unknown): string {
  if (value === undefined) return "absent";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Says a problem in one line. */
export function formatProblem(problem: ConfigProblem): string {
  const where = problem.path === "" ? "" : `${problem.path}: `;
  return `${where}${problem.problem}: ${problem.fix}`;
}

/** A config that must not become live. */
export class ConfigError extends Error {
  /** Tells it from bugs. */
  override name = "ConfigError";
  /** Path of the file, `built-in`, or the path that was looked for. */
  readonly source: string;
  /** Everything that is wrong, in the order of the file. */
  readonly problems: readonly ConfigProblem[];

  /** Collects what is wrong. */
  constructor(source: string, problems: readonly ConfigProblem[]) {
    const lines = problems.map((problem) => `\n  ${formatProblem(problem)}`);
    super(`Cannot use config ${source}: it is not valid${lines.join("")}`);
    this.source = source;
    this.problems = problems;
  }
}
