/** What the commands about usage have in common: where the log is, which lines are meant. @module */

import { QueryError } from "../../accounting/query/query_error.ts";
import {
  readFilter,
  type UsageFilter,
} from "../../accounting/query/usage_filter.ts";
import { UsageIndex } from "../../accounting/query/usage_index.ts";
import type { UsageLogReader } from "../../accounting/query/usage_scan.ts";
import { loadConfig } from "../../config/load.ts";
import {
  archiveFolder,
  usageFolder,
  usageIndexPath,
} from "../../config/usage_paths.ts";
import {
  type Arguments,
  CONFIG_FLAG,
  type Flag,
  UsageError,
} from "../command.ts";
import type { Terminal } from "../output.ts";
import { ProgressBar } from "../progress_bar.ts";

/** Flags that say where the log is. */
export const LOG_FLAGS: readonly Flag[] = [
  {
    name: "folder",
    value: "PATH",
    summary: "Read the usage files of this folder; no config is needed then",
  },
  CONFIG_FLAG,
];

/** Flags that say which lines are meant. */
export const FILTER_FLAGS: readonly Flag[] = [
  {
    name: "from",
    value: "WHEN",
    summary: "First day or time, UTC: 2026-11-20 or 2026-11-20T08:00:00Z",
  },
  {
    name: "to",
    value: "WHEN",
    summary: "Last day, or the time at which it ends",
  },
  { name: "provider", value: "P", summary: "Only these providers, a,b" },
  { name: "model", value: "M", summary: "Only these models of providers" },
  { name: "alias", value: "A", summary: "Only these aliases" },
  { name: "client", value: "C", summary: "Only these clients" },
  { name: "outcome", value: "O", summary: "Only these outcomes" },
  {
    name: "success",
    value: "true|false",
    summary: "Only what went well, or not",
  },
];

/** The log that a command reads. */
export interface OpenLog extends Disposable {
  /** Its folders, and the progress bar. */
  readonly reader: UsageLogReader;
  /** Path of the index. */
  readonly indexPath: string;
  /** Whether the config asks for the index. */
  readonly wantsIndex: boolean;
}

/** Finds the log. */
export async function openLog(
  given: Arguments,
  terminal: Terminal,
): Promise<OpenLog> {
  const bar = new ProgressBar(terminal);
  const folder = given.value("folder");
  const found = folder === undefined
    ? await configuredFolders(given, terminal)
    : { folders: [folder, `${folder}/archive`], wantsIndex: false };
  const [first = ""] = found.folders;
  await checkFolder(first, terminal);
  return {
    reader: { folders: found.folders, onProgress: bar.update },
    indexPath: usageIndexPath(first),
    wantsIndex: found.wantsIndex,
    [Symbol.dispose]: () => bar[Symbol.dispose](),
  };
}

/** Opens the index where it is wanted, brought up to date. */
export async function openIndex(
  given: Arguments,
  log: OpenLog,
): Promise<UsageIndex | null> {
  if (!given.has("index") && !log.wantsIndex) return null;
  const index = UsageIndex.open(log.indexPath);
  try {
    await index.update(log.reader);
    return index;
  } catch (error) {
    index[Symbol.dispose]();
    throw error;
  }
}

/** Reads the filter's flags. */
export function filterOf(given: Arguments): UsageFilter {
  return asked(() => readFilter((name) => given.value(name)));
}

/** Runs what reads flags; a mistake in them is one of usage. */
export function asked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof QueryError) throw new UsageError(error.message);
    throw error;
  }
}

/** Says on standard error that lines could not be read. */
export function tellBroken(count: number, terminal: Terminal): void {
  if (count > 0) {
    terminal.err(`${count} lines could not be read and are left out`);
  }
}

async function configuredFolders(given: Arguments, terminal: Terminal) {
  const { environment } = terminal;
  const { config } = await loadConfig({
    path: given.value("config"),
    environment,
  });
  return {
    folders: [usageFolder(config), archiveFolder(config)],
    wantsIndex: config.logging.usage.index,
  };
}

async function checkFolder(folder: string, terminal: Terminal): Promise<void> {
  try {
    const { isDirectory } = await Deno.stat(folder);
    if (isDirectory) return;
    throw new Error(`Cannot read the usage log: ${folder} is no folder`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    terminal.err(`There is no usage log in ${folder} yet`);
  }
}
