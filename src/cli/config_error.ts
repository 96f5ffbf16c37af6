/** Tells what is wrong with a config. @module */

import { type ConfigError, formatProblem } from "../config/problem.ts";
import { styled, type Terminal } from "./output.ts";

/** One line per problem: `file:line:column: path: problem: fix`. */
export function problemLines(error: ConfigError): readonly string[] {
  return error.problems.map((problem) => {
    const { position } = problem;
    const place = position === null
      ? error.source
      : `${error.source}:${position.line}:${position.column}`;
    return `${place}: ${formatProblem(problem)}`;
  });
}

/** Writes what is wrong to standard error. */
export function printConfigError(
  error: ConfigError,
  terminal: Terminal,
): void {
  const count = error.problems.length;
  for (const line of problemLines(error)) terminal.err(line);
  terminal.err(
    styled(
      terminal,
      "red",
      `Cannot use config ${error.source}: it has ${count} problem${
        count === 1 ? "" : "s"
      }`,
    ),
  );
}
