/**
 * Lets days of a log go: first into a compressed archive where there is one,
 * then for good. Nothing is rewritten; a day is archived whole or not at all.
 *
 * @module
 */

import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";

/** How long the days of one folder are kept. */
export interface RetentionRule {
  /** Folder of `YYYY-MM-DD.jsonl` files. */
  readonly folder: string;
  /** Days kept; 0: for ever. */
  readonly retentionDays: number;
  /** Days kept in the archive afterwards; 0: none. */
  readonly archiveDays: number;
  /** Folder of the archive. */
  readonly archiveFolder: string;
}

/** What a sweep did. */
export interface SweepResult {
  /** Files that were compressed into the archive. */
  archived: number;
  /** Files that were deleted, archived ones included. */
  deleted: number;
  /** What could not be done, one sentence each. */
  readonly problems: string[];
}

const DAY_MS = 86_400_000;
const FILE_REGEXP = /^(\d{4}-\d\d-\d\d)\.jsonl(\.gz|\.torn|\.gz\.tmp)?$/;
/** Longest sleep: a clock that was set is noticed within the hour. */
const LONGEST_SLEEP_MS = 3_600_000;
/** After midnight, so that the last lines of a day are in their file. */
const AFTER_MIDNIGHT_MS = 5_000;

/** Whole days between a file's day and `nowMs`. */
function ageDays(day: string, nowMs: number): number {
  const startMs = Date.parse(`${day}T00:00:00.000Z`);
  return Number.isNaN(startMs) ? 0 : Math.floor((nowMs - startMs) / DAY_MS);
}

/** Applies rules as of `nowMs`. Never throws. */
export async function sweep(
  rules: readonly RetentionRule[],
  nowMs: number,
): Promise<SweepResult> {
  const result: SweepResult = { archived: 0, deleted: 0, problems: [] };
  for (const rule of rules) {
    if (rule.retentionDays === 0) continue;
    await eachFile(rule.folder, result, async (name, day, end) => {
      if (end === ".gz" || ageDays(day, nowMs) <= rule.retentionDays) return;
      const path = `${rule.folder}/${name}`;
      if (end === "" && rule.archiveDays > 0) {
        await archive(path, `${rule.archiveFolder}/${name}.gz`);
        result.archived++;
      } else result.deleted++;
      await Deno.remove(path);
    });
    const longest = rule.retentionDays + rule.archiveDays;
    await eachFile(rule.archiveFolder, result, async (name, day, end) => {
      const isLeftOver = end === ".gz.tmp";
      if (!isLeftOver && end !== ".gz") return;
      if (!isLeftOver && ageDays(day, nowMs) <= longest) return;
      await Deno.remove(`${rule.archiveFolder}/${name}`);
      result.deleted++;
    });
  }
  return result;
}

async function eachFile(
  folder: string,
  result: SweepResult,
  visit: (name: string, day: string, end: string) => Promise<void>,
): Promise<void> {
  try {
    const names: string[] = [];
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile) names.push(name);
    }
    for (const name of names.sort()) {
      const match = FILE_REGEXP.exec(name);
      if (match === null) continue;
      try {
        await visit(name, match[1] ?? "", match[2] ?? "");
      } catch (error) {
        result.problems.push(`${folder}/${name}: ${words(error)}`);
      }
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    result.problems.push(`${folder}: ${words(error)}`);
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Compresses beside, syncs, renames: whoever looks sees no part of a file. */
async function archive(path: string, archivePath: string): Promise<void> {
  const folder = archivePath.slice(0, archivePath.lastIndexOf("/"));
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${archivePath}.tmp`;
  const source = await Deno.open(path);
  using target = await Deno.open(temporary, {
    write: true,
    create: true,
    truncate: true,
    mode: 0o600,
  });
  const compressed = source.readable.pipeThrough(
    new CompressionStream("gzip"),
  );
  for await (const piece of compressed) {
    for (let at = 0; at < piece.length;) {
      at += await target.write(piece.subarray(at));
    }
  }
  await target.syncData();
  await Deno.rename(temporary, archivePath);
}

/** What {@linkcode Retention} needs. */
export interface RetentionOptions {
  /** The rules of the moment. */
  rules(): readonly RetentionRule[];
  /** Hears what a sweep did. */
  onSwept(result: SweepResult): void;
  /** Time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
}

/** Sweeps at start and after every midnight, UTC. */
export class Retention implements AsyncDisposable {
  readonly #options: RetentionOptions;
  readonly #clock: Clock;
  #cancel: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #sweptDay = -1;
  #disposed = false;

  /** Makes it; {@linkcode Retention.start} begins. */
  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Sweeps now, in the background, and from now on. */
  start(): void {
    this.#wake();
  }

  /** Waits for a sweep that runs. */
  async swept(): Promise<void> {
    await this.#running;
  }

  /** Ends it; a sweep that runs comes to its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#cancel?.();
    await this.#running;
  }

  #wake(): void {
    const nowMs = this.#clock.wallMs();
    const day = Math.floor(nowMs / DAY_MS);
    if (day !== this.#sweptDay && this.#running === null) {
      this.#sweptDay = day;
      this.#running = this.#sweep(nowMs).finally(() => this.#running = null);
    }
    if (this.#disposed) return;
    const untilMs = (day + 1) * DAY_MS + AFTER_MIDNIGHT_MS - nowMs;
    this.#cancel = this.#clock.setTimer(
      () => this.#wake(),
      Math.min(LONGEST_SLEEP_MS, untilMs),
    );
  }

  async #sweep(nowMs: number): Promise<void> {
    const result = await sweep(this.#options.rules(), nowMs);
    const { archived, deleted, problems } = result;
    if (archived + deleted + problems.length > 0) this.#options.onSwept(result);
  }
}
