/** Files that the config names must be there. @module */

import type { Config } from "../schema.ts";
import type { ConfigPath } from "../problem.ts";
import type { PathProblem } from "../schema_problems.ts";
import { systemWords } from "../../support/system_words.ts";

/** Every file that is named, with its place in the config. */
function* namedFiles(config: Config): Generator<readonly [ConfigPath, string]> {
  for (const [name, { tls }] of config.providers) {
    for (const key of ["caFile", "certFile", "keyFile"] as const) {
      const file = tls[key];
      if (file !== null) yield [["providers", name, "tls", key], file];
    }
  }
  for (const [index, { file }] of config.pricing.tables.entries()) {
    yield [["pricing", "tables", index, "file"], file];
  }
}

/** Finds files that are not there or are no files. Expects resolved paths. */
export async function checkFiles(
  config: Config,
): Promise<readonly PathProblem[]> {
  const problems: PathProblem[] = [];
  for (const [path, file] of namedFiles(config)) {
    const fix = "give the path of a file that this user may read";
    try {
      const { isFile } = await Deno.stat(file);
      if (isFile) continue;
      problems.push({ path, problem: `${file} is not a file`, fix });
    } catch (error) {
      const problem = `${file} cannot be read, ${systemWords(error)}`;
      problems.push({ path, problem, fix });
    }
  }
  return problems;
}
