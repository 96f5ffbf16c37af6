/**
 * The one writer of all files of lines: usage, errors, audit. At most two file
 * operations run at once in the whole process.
 *
 * @module
 */

import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { FileStream, type FileStreamOptions } from "./file_stream.ts";
import { OperationSlots } from "./operation_slots.ts";

/** How a {@linkcode FileWriter} behaves. */
export interface FileWriterOptions {
  /** Time. @default {SYSTEM_CLOCK} */
  clock?: Clock;
  /** Most file operations at once. @default {2} */
  maxOperations?: number;
  /** What every file operation takes, instead of slots of its own. */
  slots?: OperationSlots;
  /** Told when a stream begins to fail (a code) and when it works again (`null`). */
  onState?: (stream: string, code: string | null) => void;
}

/** Opens streams of lines and closes them all. */
export class FileWriter implements AsyncDisposable {
  /** The slots that every file operation takes; others who write files take them too. */
  readonly slots: OperationSlots;
  readonly #clock: Clock;
  readonly #onState: (stream: string, code: string | null) => void;
  readonly #streams: FileStream[] = [];

  /** Makes a writer without streams. */
  constructor(options: FileWriterOptions = {}) {
    this.slots = options.slots ??
      new OperationSlots(options.maxOperations ?? 2);
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#onState = options.onState ?? (() => {});
  }

  /** All streams. */
  get streams(): readonly FileStream[] {
    return this.#streams;
  }

  /** Opens a stream; its file is opened with the first line. */
  open(options: FileStreamOptions): FileStream {
    const stream = new FileStream(options, {
      clock: this.#clock,
      slots: this.slots,
      onState: this.#onState,
    });
    this.#streams.push(stream);
    return stream;
  }

  /** Flushes every stream; `false` if one could not within `deadlineMs`. */
  async flush(deadlineMs: number): Promise<boolean> {
    const done = await Promise.all(
      this.#streams.map((stream) => stream.flush(deadlineMs)),
    );
    return done.every(Boolean);
  }

  /** Flushes and closes every stream; `false` if one could not within `deadlineMs`. */
  async close(deadlineMs: number): Promise<boolean> {
    const done = await Promise.all(
      this.#streams.map((stream) => stream.close(deadlineMs)),
    );
    return done.every(Boolean);
  }

  /** Closes with a deadline of five seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(5000);
  }
}
