/** Loads the config: found, read, resolved, checked; or refused with everything that is wrong. @module */

import { createHash } from "node:crypto";
import type { JsonObject } from "../support/json.ts";
import { builtInConfig } from "./built_in.ts";
import { checkFiles } from "./checks/files.ts";
import { ClientKeys } from "./client_keys.ts";
import { compileTree } from "./compile.ts";
import { findOrigins, maskedConfig, type Origin } from "./effective.ts";
import type { Environment } from "./environment.ts";
import { findConfig, SEARCH_PATHS } from "./find_config.ts";
import { parseJsonc } from "./parse_jsonc.ts";
import { resolvePaths } from "./paths.ts";
import {
  ConfigError,
  type ConfigPath,
  type FilePosition,
  formatPath,
} from "./problem.ts";
import type { Config } from "./schema.ts";
import type { PathProblem } from "./schema_problems.ts";
import { configWarnings, fileWarnings } from "./warnings.ts";

/** The source of a config that no file gave. */
export const BUILT_IN = "built-in";

/** A config that may go live. */
export interface LoadedConfig {
  /** The config. */
  readonly config: Config;
  /** Path of the file, or `built-in`. */
  readonly source: string;
  /** SHA-256 of the effective config with its secrets masked, in hexadecimal. */
  readonly hash: string;
  /** Where each value of the effective config came from, by path. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** What is probably not meant. */
  readonly warnings: readonly string[];
  /** The clients' keys, compiled. */
  readonly clientKeys: ClientKeys;
  /** The config with every default filled in and its secrets masked. */
  readonly effective: JsonObject;
  /** The config as it was written, with its references in place. */
  readonly written: JsonObject;
}

/** How a config is loaded. */
export interface LoadOptions {
  /** Path given on the command line. */
  readonly path?: string | undefined;
  /** Variables. */
  readonly environment: Environment;
  /** Where the file is looked for without a path. @default {SEARCH_PATHS} */
  readonly searchPaths?: readonly string[];
}

/** A tree, where it came from, and where its values stand. */
interface Source {
  readonly name: string;
  readonly path: string | null;
  readonly folder: string;
  readonly tree: unknown;
  positionOf(path: ConfigPath): FilePosition | null;
}

/** The folder of a file. */
function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

/** Reads the file, or makes the built-in config. */
async function readSource(options: LoadOptions): Promise<Source> {
  const { path, environment, searchPaths = SEARCH_PATHS } = options;
  const file = await findConfig(path, environment, searchPaths);
  if (file === null) {
    return {
      name: BUILT_IN,
      path: null,
      folder: ".",
      tree: builtInConfig(environment),
      positionOf: () => null,
    };
  }
  const parsed = parseJsonc(file.text);
  if (parsed.problems.length > 0) {
    throw new ConfigError(file.path, parsed.problems);
  }
  return {
    name: file.path,
    path: file.path,
    folder: folderOf(file.path),
    tree: parsed.tree,
    positionOf: parsed.positionOf,
  };
}

/** Refuses a config, with its problems in the order of the file. */
function refuse(source: Source, problems: readonly PathProblem[]): never {
  const placed = problems.map(({ path, problem, fix }) => ({
    path: formatPath(path),
    problem,
    fix,
    position: source.positionOf(path),
  }));
  const sorted = placed.toSorted((left, right) => {
    const { line = 0, column = 0 } = left.position ?? {};
    const { line: otherLine = 0, column: otherColumn = 0 } = right.position ??
      {};
    return line - otherLine || column - otherColumn;
  });
  throw new ConfigError(source.name, sorted);
}

/**
 * Loads the config from the first place that has one, else the built-in one.
 *
 * @throws {ConfigError} when there is anything wrong with it.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const source = await readSource(options);
  const { environment } = options;
  const compiled = await compileTree(source.tree, {
    environment,
    folder: source.folder,
  });
  if (compiled.config === null) return refuse(source, compiled.problems);
  const config = resolvePaths(compiled.config, source.folder);
  const missing = await checkFiles(config);
  if (missing.length > 0) return refuse(source, missing);
  const { references } = compiled;
  const effective = maskedConfig(config, references);
  return {
    config,
    source: source.name,
    hash: createHash("sha256").update(JSON.stringify(effective)).digest("hex"),
    origins: findOrigins(
      effective,
      source.tree,
      references,
      source.path === null ? BUILT_IN : "file",
    ),
    warnings: [
      ...configWarnings(config),
      ...await fileWarnings(source.path, compiled.files),
    ],
    clientKeys: new ClientKeys(config),
    effective,
    written: source.tree as JsonObject,
  };
}
