/** A page of lines of the usage log, the newest first, in bounded memory. @module */

import type { UsageFile } from "../usage_files.ts";
import { matchesRow, type UsageFilter } from "./usage_filter.ts";
import {
  filesOf,
  scanExisting,
  ScanProgress,
  type UsageLogReader,
} from "./usage_scan.ts";

/** Which part of the lines is wanted. */
export interface PageRequest {
  /** Most lines. */
  readonly limit: number;
  /** Lines that are passed over. */
  readonly offset: number;
}

/** A part of the lines. */
export interface UsagePage {
  /** The lines as they stand in the log, the newest first. */
  readonly lines: readonly string[];
  /** Whether there are more. */
  readonly hasMore: boolean;
  /** Lines of the files that were read that could not be read. */
  readonly brokenLines: number;
}

/** Longest page. */
export const MAX_LIMIT = 1000;
/** Deepest page: the places of so many lines are held in memory. */
export const MAX_OFFSET = 1_000_000;

/** Reads a page: files from the newest on, each no further than it must. */
export async function readPage(
  reader: UsageLogReader,
  filter: UsageFilter,
  { limit, offset }: PageRequest,
): Promise<UsagePage> {
  const files = (await filesOf(reader, filter)).reverse();
  const progress = new ScanProgress(reader, files);
  const lines: string[] = [];
  let skip = offset;
  let brokenLines = 0;
  for (const file of files) {
    const wanted = new LastPlaces(skip + limit - lines.length + 1);
    const { broken, stopped } = await scanExisting(file, {
      onLine: ({ row, offset: at }) => {
        if (reader.stopped?.()) return false;
        if (matchesRow(filter, row)) wanted.push(at);
        return true;
      },
      onProgress: progress.add,
    });
    brokenLines += broken;
    if (stopped) break;
    const places = wanted.newestFirst();
    const here = places.slice(skip, skip + limit - lines.length);
    lines.push(...await textsAt(file, here));
    if (places.length > skip + here.length) {
      return { lines, hasMore: true, brokenLines };
    }
    skip = Math.max(0, skip - places.length);
  }
  return { lines, hasMore: false, brokenLines };
}

/** Reads the lines at places that descend. */
async function textsAt(
  file: UsageFile,
  places: readonly number[],
): Promise<string[]> {
  const last = places[0];
  const first = places.at(-1);
  if (last === undefined || first === undefined) return [];
  const wanted = new Set(places);
  const texts: string[] = [];
  await scanExisting(file, {
    // What is compressed is read from its beginning.
    offset: file.compressed ? 0 : first,
    onLine: (line) => {
      if (wanted.has(line.offset)) texts.push(line.text());
      return line.offset < last;
    },
  });
  return texts.reverse();
}

/** Remembers the last `most` numbers. */
class LastPlaces {
  readonly #most: number;
  readonly #places: number[] = [];
  #next = 0;

  constructor(most: number) {
    this.#most = most;
  }

  push(place: number): void {
    if (this.#places.length < this.#most) this.#places.push(place);
    else {
      this.#places[this.#next] = place;
      this.#next = (this.#next + 1) % this.#most;
    }
  }

  newestFirst(): number[] {
    return [
      ...this.#places.slice(this.#next),
      ...this.#places.slice(0, this.#next),
    ].reverse();
  }
}
