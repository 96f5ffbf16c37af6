/** A small file of state that is kept up to date: written soon after a change, whole or not at all. @module */

import { dirname } from "node:path";
import {
  type CancelTimer,
  type Clock,
  SYSTEM_CLOCK,
} from "../support/clock.ts";
import { endsWithin } from "../support/deadline.ts";
import type { Logger } from "../support/logger.ts";

const WRITE_AFTER_MS = 200;
const RETRY_MS = 5000;
const LAST_WRITE_MS = 2000;

/** What a state file may be told. */
export interface StateFileOptions {
  /** Where it is. */
  readonly path: string;
  /** Gives what is to be kept at the moment of writing. */
  readonly text: () => string;
  /** Hears of the first of several failures; it harms nothing, and it is tried again. */
  readonly onError: (error: unknown) => void;
  /** How long changes are gathered before they are written. @default {200} */
  readonly writeAfterMs?: number;
  /** Starts the timer. @default {SYSTEM_CLOCK} */
  readonly clock?: Pick<Clock, "setTimer">;
}

/** Reads a state file; `null` if there is none. @throws {Error} when there is one that cannot be read */
export async function readStateFile(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** A state file that was read but is not what was written. */
export class BrokenStateError extends Error {
  /** Where it is. */
  readonly path: string;

  /** Says what follows from it. */
  constructor(path: string, consequence: string, cause: unknown) {
    super(`Cannot read ${path}: it is not what was written; ${consequence}`, {
      cause,
    });
    this.name = "BrokenStateError";
    this.path = path;
  }
}

/**
 * Logs that a state file could not be taken up. One that is broken is put
 * aside as `<path>.broken`: it is not written over, and the next start does not
 * stumble over it again.
 */
export async function notRestored(
  log: Logger,
  what: string,
  error: unknown,
): Promise<void> {
  let keptAs: string | undefined;
  if (error instanceof BrokenStateError) {
    keptAs = `${error.path}.broken`;
    try {
      await Deno.rename(error.path, keptAs);
    } catch {
      keptAs = undefined;
    }
  }
  log.log("warn", `${what} not restored`, {
    error: error instanceof Error ? error.message : String(error),
    keptAs,
  });
}

/** Keeps one file up to date. */
export class StateFile implements AsyncDisposable {
  readonly #options: StateFileOptions;
  readonly #clock: Pick<Clock, "setTimer">;
  #cancel: CancelTimer | null = null;
  #writing: Promise<void> = Promise.resolve();
  #failing = false;
  #closed = false;

  /** Writes nothing before the first change. */
  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /** Something has changed: the file is written soon. */
  changed(): void {
    this.#writeAfter(this.#options.writeAfterMs ?? WRITE_AFTER_MS);
  }

  /** Writes what waits, and no more afterwards; a write that hangs is not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#cancel !== null) {
      this.#cancel();
      this.#cancel = null;
      void this.#write();
    }
    await endsWithin(LAST_WRITE_MS, this.#writing, this.#clock);
  }

  #writeAfter(ms: number): void {
    if (this.#closed) return;
    this.#cancel ??= this.#clock.setTimer(() => {
      this.#cancel = null;
      void this.#write();
    }, ms);
  }

  /** Writes after whatever is being written. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const { path, text, onError } = this.#options;
      const part = `${path}.part`;
      try {
        await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await Deno.writeTextFile(part, text(), { mode: 0o600 });
        await Deno.rename(part, path);
        this.#failing = false;
      } catch (error) {
        if (!this.#failing) onError(error);
        this.#failing = true;
        this.#writeAfter(RETRY_MS);
      }
    });
    return this.#writing;
  }
}
