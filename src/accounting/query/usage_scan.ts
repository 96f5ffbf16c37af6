/** Goes through the files of a range, line by line, and tells how far it is. @module */

import {
  type ScannedLine,
  scanUsageFile,
  type UsageFile,
  usageFiles,
} from "../usage_files.ts";
import type { TimeRange } from "./time_range.ts";
import { matchesRow, type UsageFilter } from "./usage_filter.ts";

/** Where the log is, and how a query of it is watched and ended. */
export interface UsageLogReader {
  /** Folders of its files, the archive last. */
  readonly folders: readonly string[];
  /** Hears the bytes that are done and those that there are. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Ends the query once it is `true`: whoever asked has gone. */
  readonly stopped?: () => boolean;
}

/** The files that can hold requests of a range, oldest first. */
export function filesOf(
  { folders }: UsageLogReader,
  { fromMs, toMs }: TimeRange,
): Promise<UsageFile[]> {
  return usageFiles(folders, fromMs, toMs);
}

/** Counts bytes over several files for a progress bar. */
export class ScanProgress {
  readonly #reader: UsageLogReader;
  readonly #total: number;
  #done = 0;

  /** Starts at nothing of `files`. */
  constructor(reader: UsageLogReader, files: readonly UsageFile[]) {
    this.#reader = reader;
    this.#total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Counts bytes that were read. */
  readonly add = (bytes: number): void => {
    this.#done = Math.min(this.#total, this.#done + bytes);
    this.#reader.onProgress?.(this.#done, this.#total);
  };
}

/**
 * Calls `onLine` for every line of a range that is meant, oldest file first;
 * `false` ends it. Gives the number of lines that could not be read.
 */
export async function scanLines(
  reader: UsageLogReader,
  filter: UsageFilter,
  onLine: (line: ScannedLine) => boolean | void,
): Promise<number> {
  const files = await filesOf(reader, filter);
  const progress = new ScanProgress(reader, files);
  let broken = 0;
  for (const file of files) {
    const result = await scanExisting(file, {
      onLine: (line) => {
        if (reader.stopped?.()) return false;
        return matchesRow(filter, line.row) ? onLine(line) : true;
      },
      onProgress: progress.add,
    });
    broken += result.broken;
    if (result.stopped) break;
  }
  return broken;
}

/** Scans a file; one that was archived or removed since it was listed holds nothing. */
export async function scanExisting(
  file: UsageFile,
  options: Parameters<typeof scanUsageFile>[1],
): ReturnType<typeof scanUsageFile> {
  try {
    return await scanUsageFile(file, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { broken: 0, end: options.offset ?? 0, stopped: false };
  }
}
