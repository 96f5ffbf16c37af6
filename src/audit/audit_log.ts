/**
 * The audit log: append-only, hash-chained lines that are on the disk before
 * the action they tell of is answered. One file per month: at the first line
 * of a new one the old file is renamed, and the chain goes on.
 *
 * @module
 */

import { dirname } from "node:path";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { endsWithin } from "../support/deadline.ts";
import { LineFile } from "../support/line_file.ts";
import { OperationSlots } from "../support/operation_slots.ts";
import {
  type AuditEntry,
  auditLine,
  CHAIN_START,
  type ChainEnd,
} from "./audit_line.ts";
import { lastRecord, monthFile } from "./audit_files.ts";
import { encodeUtf8 } from "../support/utf8.ts";

/** Why an action must not be done: nobody would know of it. */
export class AuditError extends Error {
  /** Tells it from others. */
  override name = "AuditError";
}

/** What an audit log is made with. */
export interface AuditLogOptions {
  /** Time of the lines and of the deadline. @default {SYSTEM_CLOCK} */
  readonly clock?: Pick<Clock, "wallMs" | "setTimer">;
  /** Bounds file operations, together with other writers. */
  readonly slots?: OperationSlots;
  /** How long a line may take, ms. @default {5000} */
  readonly deadlineMs?: number;
}

interface OpenFile {
  readonly file: LineFile;
  readonly month: string;
}

/** Appends lines, one after the other. */
export class AuditLog implements AsyncDisposable {
  readonly #clock: Pick<Clock, "wallMs" | "setTimer">;
  readonly #slots: OperationSlots;
  readonly #deadlineMs: number;
  #path: string | null;
  #open: OpenFile | null = null;
  #end: ChainEnd = CHAIN_START;
  #tail: Promise<unknown> = Promise.resolve();
  #isStuck = false;
  #written = 0;
  #failed = 0;
  #isFailing = false;

  /** Begins with the file at `path`; `null`: nothing is kept. It is opened with the first line. */
  constructor(path: string | null, options: AuditLogOptions = {}) {
    this.#path = path;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#slots = options.slots ?? new OperationSlots(1);
    this.#deadlineMs = options.deadlineMs ?? 5000;
  }

  /** Whether lines are kept. */
  get enabled(): boolean {
    return this.#path !== null;
  }

  /** Lines that are on the disk. */
  get written(): number {
    return this.#written;
  }

  /** Lines that could not be written. */
  get failed(): number {
    return this.#failed;
  }

  /** Whether the last line could not be written. */
  get failing(): boolean {
    return this.#isFailing;
  }

  /**
   * Looks whether lines can be written, so that it shows before the first
   * action; writes nothing. Gives what is wrong, or `null`.
   */
  async prepare(): Promise<string | null> {
    const path = this.#path;
    if (path === null) return null;
    try {
      const looked = this.#slots.run(() => look(path));
      if (await endsWithin(this.#deadlineMs, looked, this.#clock)) return null;
      throw new Error(
        `Cannot open ${path}: it took longer than ${this.#deadlineMs} ms`,
      );
    } catch (error) {
      this.#isFailing = true;
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Takes over another path; the file at hand is closed. */
  update(path: string | null): void {
    if (path === this.#path) return;
    this.#path = path;
    this.#tail = this.#tail.then(() => this.#close());
  }

  /**
   * Appends a line; when this resolves it is on the disk.
   *
   * @throws {AuditError} when it could not be written in time
   */
  async append(entry: AuditEntry): Promise<void> {
    if (this.#path === null) return;
    if (this.#isStuck) return this.#refuse("a write before it does not end");
    const work = this.#tail.then(() => this.#slots.run(() => this.#add(entry)));
    this.#tail = work.catch(() => {});
    const late = Promise.withResolvers<"late">();
    const cancel = this.#clock.setTimer(
      () => late.resolve("late"),
      this.#deadlineMs,
    );
    try {
      const first = await Promise.race([work, late.promise]);
      if (first === "late") {
        this.#isStuck = true;
        // The line may still come: then it must not stay the last word.
        this.#tail = work.then(() => this.#add(takenBack(entry)))
          .catch(() => {})
          .finally(() => this.#isStuck = false);
        this.#refuse(`it took longer than ${this.#deadlineMs} ms`);
      }
    } catch (error) {
      if (error instanceof AuditError) throw error;
      this.#refuse(error instanceof Error ? error.message : String(error));
    } finally {
      cancel();
    }
    this.#written++;
    this.#isFailing = false;
  }

  /** Closes the file once what is under way has ended; a write that hangs is waited for no longer than any other. */
  async [Symbol.asyncDispose](): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = this.#clock.setTimer(late.resolve, this.#deadlineMs);
    await Promise.race([this.#tail, late.promise]);
    cancel();
    this.#close();
  }

  async #add(entry: AuditEntry): Promise<void> {
    const nowMs = this.#clock.wallMs();
    try {
      const file = await this.#fileFor(nowMs);
      const { line, end } = auditLine(entry, nowMs, this.#end);
      await file.write(encodeUtf8(`${line}\n`));
      await file.sync();
      this.#end = end;
    } catch (error) {
      // Opened anew next time: what stands in the file then decides where the chain is.
      this.#close();
      throw error;
    }
  }

  async #fileFor(nowMs: number): Promise<LineFile> {
    const path = this.#path;
    if (path === null) throw new AuditError("Cannot audit: it is switched off");
    const month = monthOf(nowMs);
    if (this.#open !== null && !await this.#open.file.isInPlace()) {
      this.#close();
    }
    this.#open ??= await this.#openAt(path, month);
    // A clock that was set back keeps the file: months follow each other.
    if (this.#open.month < month) {
      const old = this.#open.month;
      this.#close();
      await Deno.rename(path, await monthFile(path, old));
      this.#open = { file: await LineFile.open(path, true), month };
    }
    return this.#open.file;
  }

  async #openAt(path: string, month: string): Promise<OpenFile> {
    const file = await LineFile.open(path, true);
    try {
      const last = await lastRecord(path);
      if (last === null) return { file, month };
      this.#end = { seq: last.seq, hash: last.hash };
      return { file, month: last.time.slice(0, 7) };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #close(): void {
    try {
      this.#open?.file.close();
    } catch {
      // It is gone either way.
    }
    this.#open = null;
  }

  #refuse(why: string): never {
    this.#failed++;
    this.#isFailing = true;
    throw new AuditError(
      `Cannot write the audit line: ${why}; make ${this.#path} writable`,
    );
  }
}

async function look(path: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    (await Deno.open(path, { append: true })).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await lastRecord(path);
}

function takenBack(entry: AuditEntry): AuditEntry {
  const after = "The line before came too late: the action was refused";
  return { ...entry, before: null, after, outcome: "failed" };
}

function monthOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 7);
}
