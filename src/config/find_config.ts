/** Where the config file is looked for. @module */

import type { Environment } from "./environment.ts";
import { ConfigError } from "./problem.ts";
import { systemWords } from "../support/system_words.ts";

/** Places that are looked at when no path is given, in this order. */
export const SEARCH_PATHS: readonly string[] = [
  "./signalbox.jsonc",
  "/etc/signalbox/signalbox.jsonc",
];

/** A file that was found. */
export interface FoundFile {
  /** Its path. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
}

/** Reads a file that must be there. */
async function readNamed(path: string, namedBy: string): Promise<FoundFile> {
  try {
    return { path, text: await Deno.readTextFile(path) };
  } catch (error) {
    throw new ConfigError(path, [{
      path: "",
      problem: `${namedBy} cannot be read, ${systemWords(error)}`,
      fix: "give the path of a file that this user may read",
      position: null,
    }]);
  }
}

/**
 * Finds the config file: the given path, else `$SIGNALBOX_CONFIG`, else the
 * first of the usual places that exists.
 *
 * @throws {ConfigError} when a file that was named or found cannot be read.
 */
export async function findConfig(
  path: string | undefined,
  environment: Environment,
  searchPaths: readonly string[],
): Promise<FoundFile | null> {
  if (path !== undefined) return await readNamed(path, "the config file");
  const variable = environment.get("SIGNALBOX_CONFIG") ?? "";
  if (variable !== "") {
    return await readNamed(variable, "the file of $SIGNALBOX_CONFIG");
  }
  for (const place of searchPaths) {
    try {
      return { path: place, text: await Deno.readTextFile(place) };
    } catch (error) {
      // A file that is there but cannot be read must not be passed over.
      if (error instanceof Deno.errors.NotFound) continue;
      return await readNamed(place, "the config file");
    }
  }
  return null;
}
