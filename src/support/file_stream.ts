/**
 * Lines on their way to their files. `append` is synchronous and never fails
 * the caller: what cannot be kept is dropped and counted.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { CancelTimer, Clock } from "./clock.ts";
import { LineFile, ShortWriteError } from "./line_file.ts";
import { LineQueue } from "./line_queue.ts";
import type { OperationSlots } from "./operation_slots.ts";

/** Why a line was not kept. */
export type DropReason = "queue_full" | "low_space" | "closed";

/** How one stream of lines is written. */
export interface FileStreamOptions {
  /** Name in metrics and the log, e.g. `usage`. */
  readonly name: string;
  /** The file for a line of this moment (ms since the epoch); see {@linkcode dailyPath}. */
  readonly path: (wallMs: number) => string;
  /** Longest time a line waits. @default {250} */
  readonly flushMs?: number;
  /** Most lines that wait. @default {256} */
  readonly flushLines?: number;
  /** How long written lines may stay unsynced; 0: only {@linkcode FileStream.flush} syncs. @default {1000} */
  readonly fsyncMs?: number;
  /** Free space below which lines are dropped; 0: none. @default {0} */
  readonly minFreeBytes?: number;
  /** Most bytes that wait. @default {8388608} */
  readonly maxQueueBytes?: number;
}

/** What a stream needs of its writer. */
export interface FileStreamHost {
  /** The clocks. */
  readonly clock: Clock;
  /** Shared by all streams of the process. */
  readonly slots: OperationSlots;
  /** Told when writing begins to fail (a code) and when it works again (`null`). */
  readonly onState: (stream: string, code: string | null) => void;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;
/** How often free space and the file's place are looked at while lines come. */
const LOOK_MS = 1000;
/** An operation that takes longer hangs: no error tells of it. */
const HUNG_MS = 5000;
const HUNG = "hung";

/** Gives `<folder>/YYYY-MM-DD.jsonl` by the UTC day. */
export function dailyPath(folder: string): (wallMs: number) => string {
  let day = NaN;
  let path = "";
  return (wallMs) => {
    const now = Math.floor(wallMs / 86_400_000);
    if (now !== day) {
      day = now;
      const date = new Date(now * 86_400_000).toISOString().slice(0, 10);
      path = `${folder}/${date}.jsonl`;
    }
    return path;
  };
}

/** One stream of lines. Made by `FileWriter.open`. */
export class FileStream {
  /** Name in metrics and the log. */
  readonly name: string;
  readonly #options: FileStreamOptions;
  readonly #host: FileStreamHost;
  readonly #queue: LineQueue;
  readonly #dropped: { [R in DropReason]: number } = {
    queue_full: 0,
    low_space: 0,
    closed: 0,
  };
  readonly #errors = new Map<string, number>();
  #openedPath = "";
  #accepted = 0;
  #written = 0;
  #synced = 0;
  #torn = 0;
  #file: LineFile | null = null;
  #work: Promise<boolean> | null = null;
  #cancelFlush: CancelTimer | null = null;
  #cancelSync: CancelTimer | null = null;
  #cancelRetry: CancelTimer | null = null;
  #retryMs = 0;
  #lookedAtMs = -Infinity;
  #lowSpace = false;
  #failing: string | null = null;
  #closed = false;

  /** Makes a stream; nothing is opened before the first line. */
  constructor(options: FileStreamOptions, host: FileStreamHost) {
    this.name = options.name;
    this.#options = options;
    this.#host = host;
    this.#queue = new LineQueue(options.maxQueueBytes ?? 8_388_608);
  }

  /** Lines that are in a file. */
  get written(): number {
    return this.#written;
  }

  /** Lines that were not kept, by reason. */
  get dropped(): { readonly [R in DropReason]: number } {
    return this.#dropped;
  }

  /** Torn last lines that were cut off when a file was opened. */
  get torn(): number {
    return this.#torn;
  }

  /** Failed operations by the operating system's code. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  /** Bytes that wait. */
  get queueBytes(): number {
    return this.#queue.bytes;
  }

  /** The code of the failure that keeps lines waiting, `hung`, `low_space`, or `null` while all is well. */
  get failing(): string | null {
    return this.#failing ?? (this.#lowSpace ? "low_space" : null);
  }

  /** Takes a line without line breaks. `false`: it was dropped. */
  append(line: string): boolean {
    if (this.#closed) return this.#drop("closed");
    if (this.#lowSpace) return this.#drop("low_space");
    const path = this.#options.path(this.#host.clock.wallMs());
    if (!this.#queue.push(path, line)) return this.#drop("queue_full");
    this.#accepted++;
    if (this.#retryMs > 0) return true;
    if (this.#queue.lines >= (this.#options.flushLines ?? 256)) this.#start();
    else this.#scheduleFlush();
    return true;
  }

  /**
   * Waits until every line so far is synced. `false` as soon as an attempt
   * fails, or after `deadlineMs`; the lines are kept and tried again.
   */
  async flush(deadlineMs: number): Promise<boolean> {
    const expired = Promise.withResolvers<false>();
    const { clock } = this.#host;
    const cancel = clock.setTimer(() => expired.resolve(false), deadlineMs);
    const done = await Promise.race([
      this.#settle(this.#accepted),
      expired.promise,
    ]);
    cancel();
    return done;
  }

  /** Flushes and closes; takes no more lines. */
  async close(deadlineMs: number): Promise<boolean> {
    const done = await this.flush(deadlineMs);
    this.#closed = true;
    for (
      const cancel of [this.#cancelFlush, this.#cancelSync, this.#cancelRetry]
    ) cancel?.();
    // A stuck operation still uses the file.
    if (this.#work === null) this.#closeFile();
    return done;
  }

  /** Flushes, closes the file and gives it another name; the next line opens a new one. */
  async rename(path: string, newPath: string): Promise<void> {
    await this.#settle(this.#accepted);
    while (this.#work !== null) await this.#work;
    const renamed = this.#host.slots.run(async () => {
      this.#closeFile();
      await Deno.rename(path, newPath);
    });
    this.#occupy(renamed.then(() => true, () => false));
    await renamed;
  }

  async #settle(target: number): Promise<boolean> {
    while (this.#synced < target) {
      if (!await this.#start(true)) return false;
    }
    return true;
  }

  /** Starts to write what waits, or joins the run that does. */
  #start(sync = false): Promise<boolean> {
    this.#cancelFlush?.();
    this.#cancelFlush = null;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    if (this.#work !== null) return this.#work;
    return this.#occupy(this.#run(sync));
  }

  /** Keeps the file to `work` alone; looks afterwards at what came meanwhile. */
  #occupy(work: Promise<boolean>): Promise<boolean> {
    this.#work = work.finally(() => {
      this.#work = null;
      if (this.#closed) return this.#closeFile();
      if (this.#lowSpace) {
        // Nobody appends while space is low: only this finds out that it is not.
        this.#scheduleRetry(LAST_RETRY_MS);
      } else if (this.#queue.lines > 0 && this.#retryMs === 0) {
        this.#scheduleFlush();
      }
    });
    return this.#work;
  }

  #scheduleFlush(): void {
    this.#cancelFlush ??= this.#host.clock.setTimer(
      () => this.#start(),
      this.#options.flushMs ?? 250,
    );
  }

  /** Never rejects. */
  async #run(sync: boolean): Promise<boolean> {
    try {
      await this.#operate(() => this.#look());
      while (this.#queue.head() !== null) {
        await this.#operate(() => this.#writeHead());
      }
      if (sync) await this.#operate(() => this.#sync());
      else this.#scheduleSync();
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#retryMs = 0;
    if (this.#failing !== null) {
      this.#failing = null;
      this.#host.onState(this.name, null);
    }
    return true;
  }

  /** Waits for a slot and runs `operation`; says so when that takes too long. */
  async #operate(operation: () => Promise<void>): Promise<void> {
    const cancel = this.#host.clock.setTimer(() => {
      if (this.#failing !== null) return;
      this.#failing = HUNG;
      this.#host.onState(this.name, HUNG);
    }, HUNG_MS);
    try {
      await this.#host.slots.run(operation);
    } finally {
      cancel();
    }
  }

  async #writeHead(): Promise<void> {
    const chunk = this.#queue.head();
    if (chunk === null) return;
    const file = await this.#fileFor(chunk.path);
    try {
      await file.write(chunk.bytes.subarray(chunk.done, chunk.length));
    } catch (error) {
      if (error instanceof ShortWriteError) {
        // The line that was cut is written again after the repair.
        this.#written += this.#queue.advance(chunk.done + error.written);
      }
      throw error;
    }
    this.#written += chunk.lines;
    this.#queue.shift();
  }

  async #fileFor(path: string): Promise<LineFile> {
    if (this.#file !== null) {
      if (this.#file.path === path) return this.#file;
      await this.#sync();
      this.#closeFile();
    }
    // What is torn when we open it again is our own and is written again.
    const isFirst = this.#openedPath !== path;
    const file = await LineFile.open(path, isFirst);
    if (isFirst && file.tornBytes > 0) this.#torn++;
    this.#file = file;
    this.#openedPath = path;
    return file;
  }

  async #sync(): Promise<void> {
    this.#cancelSync?.();
    this.#cancelSync = null;
    if (this.#synced === this.#written) return;
    const written = this.#written;
    // After a failure the file is closed; syncing it through a new handle is as good.
    const file = this.#file ?? await this.#fileFor(this.#openedPath);
    await file.sync();
    this.#synced = written;
  }

  #scheduleSync(): void {
    const delayMs = this.#options.fsyncMs ?? 1000;
    if (delayMs === 0 || this.#synced === this.#written || this.#closed) return;
    this.#cancelSync ??= this.#host.clock.setTimer(() => {
      this.#cancelSync = null;
      this.#start(true);
    }, delayMs);
  }

  /** Looks, once a second, whether there is room and whether the file is still there. */
  async #look(): Promise<void> {
    const nowMs = this.#host.clock.monotonicMs();
    if (nowMs - this.#lookedAtMs < LOOK_MS) return;
    this.#lookedAtMs = nowMs;
    if (this.#file !== null && !await this.#file.isInPlace()) this.#closeFile();
    const minFreeBytes = this.#options.minFreeBytes ?? 0;
    if (minFreeBytes === 0) return;
    const path = this.#options.path(this.#host.clock.wallMs());
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(dirname(path));
    const low = bavail * bsize < minFreeBytes;
    if (low !== this.#lowSpace) {
      this.#lowSpace = low;
      this.#host.onState(this.name, low ? "low_space" : null);
    }
  }

  #fail(error: unknown): void {
    const cause = error instanceof ShortWriteError ? error.cause : error;
    const code = errorCode(cause);
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    this.#closeFile();
    this.#lookedAtMs = -Infinity;
    this.#retryMs = Math.min(
      LAST_RETRY_MS,
      Math.max(FIRST_RETRY_MS, this.#retryMs * 2),
    );
    if (!this.#closed) this.#scheduleRetry(this.#retryMs);
    if (this.#failing === null) this.#host.onState(this.name, code);
    this.#failing = code;
  }

  #scheduleRetry(delayMs: number): void {
    if (this.#closed) return;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#host.clock.setTimer(() => this.#start(), delayMs);
  }

  #closeFile(): void {
    try {
      this.#file?.close();
    } catch {
      // It is gone either way.
    }
    this.#file = null;
  }

  #drop(reason: DropReason): false {
    this.#dropped[reason]++;
    return false;
  }
}

function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string" && /^E[A-Z0-9]{2,20}$/.test(code)) return code;
  return error instanceof Error ? error.name : "unknown";
}
