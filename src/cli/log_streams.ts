/**
 * The files of lines that a gateway keeps of its requests, through one writer:
 * where they are, whether they can be written, who is told when not.
 *
 * @module
 */

import {
  Retention,
  type RetentionRule,
  type SweepResult,
} from "../accounting/retention.ts";
import { statePath } from "../config/paths.ts";
import type { Config } from "../config/schema.ts";
import { archiveFolder } from "../config/usage_paths.ts";
import {
  type CancelTimer,
  type Clock,
  SYSTEM_CLOCK,
} from "../support/clock.ts";
import { endsWithin } from "../support/deadline.ts";
import {
  dailyPath,
  type FileStream,
  type FileStreamOptions,
} from "../support/file_stream.ts";
import { FileWriter } from "../support/file_writer.ts";
import type { Logger } from "../support/logger.ts";

/** How a stream is, as `/health` says it. */
export type StreamHealth = "ok" | "disabled" | "failing";

/** How often drops are told of. */
const DROPS_MS = 60_000;
/** How long the last lines, and a sweep that runs, may take at the end. */
const CLOSE_MS = 5000;
const SWEEP_END_MS = 2000;

const SPENDING_PATH = "budgets/spending";
/** A month and the week that it begins in. */
const SPENDING_DAYS = 45;

/** The settings that all streams of lines have in common. */
export interface LineLogSettings {
  /** Whether it is kept. */
  readonly enabled: boolean;
  /** Folder, relative to stateDir. */
  readonly storagePath: string;
  /** Longest time a line waits. */
  readonly flushMs?: number;
  /** Most lines that wait. */
  readonly flushLines?: number;
  /** Longest time until a sync. */
  readonly fsyncMs?: number;
  /** Free space below which nothing is written. */
  readonly minFreeBytes?: number;
}

/** A log of daily files whose settings may change while it is written. */
export class DailyLog implements FileStreamOptions {
  /** Name in metrics, the log and `/health`. */
  readonly name: string;
  /** The stream. */
  readonly stream: FileStream;
  readonly #pick: (config: Config) => LineLogSettings;
  #settings: LineLogSettings;
  #folder = "";
  #path: (wallMs: number) => string = () => "";
  /** Why the folder could not be used at start, `null` once something was written. */
  #startProblem: string | null = null;

  /** Opens the stream; its file is opened with the first line. */
  constructor(
    name: string,
    writer: FileWriter,
    config: Config,
    pick: (config: Config) => LineLogSettings,
  ) {
    this.name = name;
    this.#pick = pick;
    this.#settings = pick(config);
    this.update(config);
    this.stream = writer.open(this);
  }

  /** Takes over another config. */
  update(config: Config): void {
    this.#settings = this.#pick(config);
    const folder = statePath(config, this.#settings.storagePath);
    if (folder === this.#folder) return;
    this.#folder = folder;
    this.#path = dailyPath(folder);
  }

  /** Makes the folder, so that what is wrong with it shows before the first request. */
  async prepare(): Promise<string | null> {
    if (!this.enabled) return null;
    try {
      await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await Deno.stat(`${this.#folder}/.`);
      this.#startProblem = null;
    } catch (error) {
      this.#startProblem = error instanceof Error ? error.message : "unknown";
    }
    return this.#startProblem;
  }

  /** Whether lines are kept at all. */
  get enabled(): boolean {
    return this.#settings.enabled;
  }

  /** The folder of the files. */
  get folder(): string {
    return this.#folder;
  }

  /** Why its lines do not reach their files, `null` while they do. */
  get problem(): string | null {
    const { failing, written } = this.stream;
    if (failing !== null) return failing;
    return written === 0 ? this.#startProblem : null;
  }

  /** How it is. */
  get health(): StreamHealth {
    if (!this.enabled) return "disabled";
    return this.problem === null ? "ok" : "failing";
  }

  /** The file of a moment. */
  readonly path = (wallMs: number): string => this.#path(wallMs);

  /** Longest time a line waits. */
  get flushMs(): number {
    return this.#settings.flushMs ?? 250;
  }

  /** Most lines that wait. */
  get flushLines(): number {
    return this.#settings.flushLines ?? 256;
  }

  /** Longest time until a sync. */
  get fsyncMs(): number {
    return this.#settings.fsyncMs ?? 1000;
  }

  /** Free space below which nothing is written. */
  get minFreeBytes(): number {
    return this.#settings.minFreeBytes ?? 0;
  }
}

/** The writer of a gateway's files; tells the log when one cannot be written. */
export class LogStreams implements AsyncDisposable {
  /** The one writer. */
  readonly writer: FileWriter;
  /** One line per request. */
  readonly usage: DailyLog;
  /** One line per failure. */
  readonly errors: DailyLog;
  /** What budgets are summed from while the usage log is switched off. */
  readonly spending: DailyLog;
  readonly #retention: Retention;
  #config: Config;
  readonly #log: Logger;
  readonly #clock: Clock;
  #cancelTimer: CancelTimer = () => {};
  readonly #told = new Map<string, number>();

  /** Opens the streams. */
  constructor(config: Config, log: Logger, clock: Clock = SYSTEM_CLOCK) {
    this.#log = log;
    this.#config = config;
    this.#clock = clock;
    this.writer = new FileWriter({
      clock,
      onState: (stream, code) => this.#state(stream, code),
    });
    this.usage = new DailyLog(
      "usage",
      this.writer,
      config,
      ({ logging }) => logging.usage,
    );
    this.errors = new DailyLog(
      "errors",
      this.writer,
      config,
      ({ logging }) => ({
        ...logging.errors,
        minFreeBytes: logging.usage.minFreeBytes,
      }),
    );
    this.spending = new DailyLog(
      "spending",
      this.writer,
      config,
      ({ logging }) => ({
        enabled: !logging.usage.enabled,
        storagePath: SPENDING_PATH,
      }),
    );
    this.#watchDrops();
    this.#retention = new Retention({
      clock,
      rules: () => this.#rules(),
      onSwept: (result) => this.#tellSweep(result),
    });
  }

  /** Folders of usage files, the archive last. */
  get usageFolders(): readonly string[] {
    return [this.usage.folder, archiveFolder(this.#config)];
  }

  /** Looks whether the folders can be used, and begins to let old days go. */
  async prepare(): Promise<void> {
    for (const daily of [this.usage, this.errors]) {
      const problem = await daily.prepare();
      if (problem === null) continue;
      this.#log.log("error", "log folder not usable", {
        stream: daily.name,
        folder: daily.folder,
        error: problem,
      });
    }
    this.#retention.start();
  }

  /** Takes over another config. */
  update(config: Config): void {
    this.#config = config;
    this.usage.update(config);
    this.errors.update(config);
    this.spending.update(config);
  }

  /** Writes what waits and closes the files. `false`: a disk did not take them in time. */
  async close(): Promise<boolean> {
    this.#cancelTimer();
    const clock = this.#clock;
    const swept = this.#retention[Symbol.asyncDispose]();
    const hasEnded = await endsWithin(SWEEP_END_MS, swept, clock);
    const isWritten = await this.writer.close(CLOSE_MS);
    if (!isWritten) {
      this.#log.log("error", "lines lost at shutdown", {
        streams: this.writer.streams.filter((stream) => stream.queueBytes > 0)
          .map(({ name, failing }) => `${name}(${failing ?? "too slow"})`)
          .join(" "),
      });
    }
    this.#tellDrops();
    return isWritten && hasEnded;
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #rules(): RetentionRule[] {
    const { usage, errors } = this.#config.logging;
    return [
      {
        folder: this.usage.folder,
        retentionDays: usage.retentionDays,
        archiveDays: usage.archiveDays,
        archiveFolder: archiveFolder(this.#config),
      },
      {
        folder: this.errors.folder,
        retentionDays: errors.retentionDays,
        archiveDays: 0,
        archiveFolder: `${this.errors.folder}/archive`,
      },
      {
        folder: this.spending.folder,
        retentionDays: SPENDING_DAYS,
        archiveDays: 0,
        archiveFolder: `${this.spending.folder}/archive`,
      },
    ];
  }

  #tellSweep({ archived, deleted, problems }: SweepResult): void {
    if (archived + deleted > 0) {
      this.#log.log("info", "old log files removed", { archived, deleted });
    }
    for (const problem of problems) {
      this.#log.log("error", "old log file not removed", { problem });
    }
  }

  #state(stream: string, code: string | null): void {
    if (code === null) this.#log.log("info", "file written again", { stream });
    else {
      this.#log.log("error", "file not written, lines wait or are dropped", {
        stream,
        code,
      });
    }
  }

  #watchDrops(): void {
    this.#cancelTimer = this.#clock.setTimer(() => {
      this.#tellDrops();
      this.#watchDrops();
    }, DROPS_MS);
  }

  #tellDrops(): void {
    for (const { name, dropped } of this.writer.streams) {
      const count = Object.values(dropped).reduce((sum, one) => sum + one, 0);
      const before = this.#told.get(name) ?? 0;
      if (count === before) continue;
      this.#told.set(name, count);
      this.#log.log("warn", "lines dropped", {
        stream: name,
        lines: count - before,
      });
    }
  }
}
