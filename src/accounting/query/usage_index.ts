/**
 * The index of the usage log: sums by hour and by day in one SQLite file. It
 * holds nothing that the log does not say, and is made again from it.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { scanUsageFile, type UsageFile } from "../usage_files.ts";
import { cellsOf, type Rollup } from "./usage_rollup.ts";
import { readCell, writeCell } from "./usage_rollup_row.ts";
import { DAY_MS, HOUR_MS, type TimeRange } from "./time_range.ts";
import { matchesDimensions, type UsageFilter } from "./usage_filter.ts";
import { filesOf, ScanProgress, type UsageLogReader } from "./usage_scan.ts";
import type { UsageSummary } from "./usage_summary.ts";

/** Counts up with the shape of the tables; another one is thrown away. */
const SHAPE = 1;
const BUSY_MS = 2000;
/** A file that grows is indexed again once so much is new; until then its end is read. */
const LEAST_NEW_BYTES = 1 << 20;

const TABLES = `
CREATE TABLE IF NOT EXISTS part (
  id INTEGER PRIMARY KEY, day TEXT NOT NULL, compressed INTEGER NOT NULL,
  bytes INTEGER NOT NULL, modified INTEGER NOT NULL, start INTEGER NOT NULL,
  stop INTEGER NOT NULL, broken INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS part_day ON part (day);
CREATE TABLE IF NOT EXISTS cell (
  part INTEGER NOT NULL, span INTEGER NOT NULL, start INTEGER NOT NULL,
  provider TEXT NOT NULL, model TEXT NOT NULL, alias TEXT NOT NULL,
  client TEXT NOT NULL, outcome TEXT NOT NULL,
  requests INTEGER NOT NULL, unpriced INTEGER NOT NULL,
  input INTEGER NOT NULL, output INTEGER NOT NULL, cached INTEGER NOT NULL,
  reasoning INTEGER NOT NULL, pico TEXT NOT NULL,
  durationMicros INTEGER NOT NULL, ttftMicros INTEGER NOT NULL,
  durations BLOB NOT NULL, ttfts BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS cell_time ON cell (part, span, start);
`;

/** What the index knows of a file. */
export interface KnownFile {
  /** Its parts. */
  readonly parts: readonly number[];
  /** Where in the plain text of the file that ends. */
  readonly end: number;
  /** Size of the plain text as far as it is known. */
  readonly plainBytes: number;
  /** Lines that could not be read up to there. */
  readonly broken: number;
}

/** What an update did. */
export interface IndexUpdate {
  /** Files of which something was read. */
  readonly files: number;
  /** Files that were as the index knew them. */
  readonly unchanged: number;
  /** Lines that were added. */
  readonly lines: number;
  /** Lines that could not be read. */
  readonly brokenLines: number;
}

/** An index whose file is no database any more. */
export class BrokenIndexError extends Error {
  /** Tells it from others. */
  override name = "BrokenIndexError";
}

/** What SQLite says of a file that is damaged, or none of its own; not every call gives the code too. */
const BROKEN_REGEXP = /not a database|malformed/;

/** Whether an error tells that the index must be made anew: by {@linkcode UsageIndex.remove}, then `open`. */
export function isBrokenIndex(error: unknown): boolean {
  return error instanceof BrokenIndexError ||
    error instanceof Error &&
      Reflect.get(error, "code") === "ERR_SQLITE_ERROR" &&
      BROKEN_REGEXP.test(error.message);
}

/** An open index. */
export class UsageIndex implements Disposable {
  readonly #database: DatabaseSync;
  readonly #cells: StatementSync;
  readonly #insertCell: StatementSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#cells = database.prepare(
      "SELECT * FROM cell WHERE part = ? AND span = ? AND start >= ? AND start < ?",
    );
    this.#insertCell = database.prepare(
      `INSERT INTO cell VALUES (${new Array(19).fill("?").join(", ")})`,
    );
  }

  /** Removes the index at `path`, also one that cannot be opened. */
  static async remove(path: string): Promise<void> {
    for (const end of ["", "-wal", "-shm"]) {
      await Deno.remove(path + end).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }

  /**
   * Opens the index at `path` and makes what is not there, or has another
   * shape, anew.
   *
   * @throws {Error} that names the file and the fix; {@linkcode BrokenIndexError} for one that is broken
   */
  static open(path: string): UsageIndex {
    // Made first: the database would be readable for all.
    Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
    const database = new DatabaseSync(path);
    try {
      // What a power cut takes is made again from the log: no commit waits for the disk.
      database.exec(
        `PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL`,
      );
      const shape = database.prepare("PRAGMA user_version").get();
      if (Number(shape?.user_version) !== SHAPE) {
        database.exec(
          "DROP TABLE IF EXISTS part; DROP TABLE IF EXISTS cell;" + TABLES +
            `PRAGMA user_version = ${SHAPE}`,
        );
      }
      return new UsageIndex(database);
    } catch (error) {
      database.close();
      const why = error instanceof Error ? error.message : "unknown error";
      const Kind = isBrokenIndex(error) ? BrokenIndexError : Error;
      throw new Kind(
        `Cannot use the index ${path}: ${why}, make it again by \`signalbox usage index --rebuild\``,
      );
    }
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** What is known of a file, `null` where that does not hold any more. */
  async known(file: UsageFile): Promise<KnownFile | null> {
    const rows = this.#database.prepare(
      "SELECT * FROM part WHERE day = ? AND compressed = ? ORDER BY start",
    ).all(file.day, file.compressed ? 1 : 0);
    const last = rows.at(-1);
    if (last === undefined) return null;
    const end = Number(last.stop);
    const isSame = Number(last.bytes) === file.bytes &&
      Number(last.modified) === await modifiedMs(file);
    // A log only grows; what is compressed does not even that.
    if (!isSame && (file.compressed || file.bytes <= Number(last.bytes))) {
      return null;
    }
    return {
      parts: rows.map(({ id }) => Number(id)),
      end,
      plainBytes: isSame ? end : file.bytes,
      broken: rows.reduce((sum, { broken }) => sum + Number(broken), 0),
    };
  }

  /** Adds to a summary what is known of a file: whole days where they will do, hours else. */
  addTo(
    summary: UsageSummary,
    filter: UsageFilter,
    { parts }: KnownFile,
    hours: TimeRange,
    days: TimeRange | null,
  ): void {
    const add = (span: number, { fromMs, toMs }: TimeRange) => {
      if (toMs <= fromMs) return;
      for (const part of parts) {
        const rows = this.#cells.iterate(part, span, low(fromMs), high(toMs));
        for (const row of rows) {
          const { dimensions, startMs, totals } = readCell(row);
          if (!matchesDimensions(filter, dimensions)) continue;
          summary.addTotals(dimensions, startMs, totals);
        }
      }
    };
    if (days === null || days.toMs <= days.fromMs) return add(HOUR_MS, hours);
    add(HOUR_MS, { fromMs: hours.fromMs, toMs: days.fromMs });
    add(DAY_MS, days);
    add(HOUR_MS, { fromMs: days.toMs, toMs: hours.toMs });
  }

  /** Reads what is new in the log. Files that are gone are forgotten. */
  async update(
    reader: UsageLogReader,
    leastNewBytes = LEAST_NEW_BYTES,
  ): Promise<IndexUpdate> {
    const files = await filesOf(reader, { fromMs: -Infinity, toMs: Infinity });
    this.#forget(files);
    const progress = new ScanProgress(reader, files);
    const result = { files: 0, unchanged: 0, lines: 0, brokenLines: 0 };
    for (const file of files) {
      const known = await this.known(file);
      const news = known === null ? file.bytes : known.plainBytes - known.end;
      if (known !== null && news < Math.max(1, leastNewBytes)) {
        result.unchanged++;
        progress.add(file.bytes);
        continue;
      }
      const added = await this.#read(file, known, progress);
      if (added === null) continue;
      result.files++;
      result.lines += added.lines;
      result.brokenLines += added.broken;
      if (reader.stopped?.()) break;
    }
    return result;
  }

  async #read(
    file: UsageFile,
    known: KnownFile | null,
    progress: ScanProgress,
  ): Promise<{ lines: number; broken: number } | null> {
    const modified = await modifiedMs(file);
    if (modified === null) return null;
    const start = known?.end ?? 0;
    const rollup = cellsOf();
    const { broken, end } = await scanUsageFile(file, {
      offset: start,
      end: file.compressed ? Infinity : file.bytes,
      onLine: ({ row }) => rollup.add(row),
      onProgress: progress.add,
    });
    this.#transaction(() => {
      if (known === null) this.#forgetDay(file.day);
      this.#store(file, { start, end, broken, modified }, rollup);
    });
    return { lines: rollup.lines, broken };
  }

  #store(
    file: UsageFile,
    part: { start: number; end: number; broken: number; modified: number },
    rollup: Rollup,
  ): void {
    const { lastInsertRowid } = this.#database.prepare(
      "INSERT INTO part (day, compressed, bytes, modified, start, stop, broken) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ).run(
      file.day,
      file.compressed ? 1 : 0,
      file.bytes,
      part.modified,
      part.start,
      part.end,
      part.broken,
    );
    for (const cell of rollup.cells()) {
      this.#insertCell.run(Number(lastInsertRowid), ...writeCell(cell));
    }
  }

  #forget(files: readonly UsageFile[]): void {
    const days = new Set(files.map(({ day }) => day));
    const rows = this.#database.prepare("SELECT DISTINCT day FROM part").all();
    const gone = rows.map(({ day }) => String(day))
      .filter((day) => !days.has(day));
    if (gone.length === 0) return;
    this.#transaction(() => {
      for (const day of gone) this.#forgetDay(day);
    });
  }

  #forgetDay(day: string): void {
    this.#database.prepare(
      "DELETE FROM cell WHERE part IN (SELECT id FROM part WHERE day = ?)",
    ).run(day);
    this.#database.prepare("DELETE FROM part WHERE day = ?").run(day);
  }

  #transaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

async function modifiedMs({ path }: UsageFile): Promise<number | null> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function low(ms: number): number {
  return Number.isFinite(ms) ? ms : Number.MIN_SAFE_INTEGER;
}

function high(ms: number): number {
  return Number.isFinite(ms) ? ms : Number.MAX_SAFE_INTEGER;
}
