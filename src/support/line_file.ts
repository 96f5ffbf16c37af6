/**
 * One open file of lines: opened with its folder, repaired, appended to until
 * every byte is written, noticed when it is taken away.
 *
 * @module
 */

import { dirname } from "node:path";
import { repairTornTail } from "./torn_tail.ts";

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** A write that did not come to its end. */
export class ShortWriteError extends Error {
  /** Bytes of the chunk that were taken before the failure. */
  readonly written: number;

  /** Wraps what the operating system said. */
  constructor(written: number, cause: unknown) {
    super("Cannot write all bytes: the write failed", { cause });
    this.name = "ShortWriteError";
    this.written = written;
  }
}

/** An open file that lines are appended to. */
export class LineFile {
  /** Where it is. */
  readonly path: string;
  /** Bytes that were cut off a torn last line when it was opened. */
  readonly tornBytes: number;
  readonly #file: Deno.FsFile;
  readonly #inode: number | null;

  private constructor(
    path: string,
    file: Deno.FsFile,
    inode: number | null,
    tornBytes: number,
  ) {
    this.path = path;
    this.#file = file;
    this.#inode = inode;
    this.tornBytes = tornBytes;
  }

  /** Opens a file for appending and makes its folder. `keepTorn`: a torn last line goes into `<path>.torn`. */
  static async open(path: string, keepTorn: boolean): Promise<LineFile> {
    const folder = dirname(path);
    await Deno.mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    const file = await Deno.open(path, {
      read: true,
      append: true,
      create: true,
      mode: FILE_MODE,
    });
    try {
      const torn = await repairTornTail(file, keepTorn ? `${path}.torn` : null);
      const { ino, size } = await file.stat();
      if (size === 0) await syncFolder(folder);
      return new LineFile(path, file, ino, torn);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /**
   * Writes all of `bytes`.
   *
   * @throws {ShortWriteError} when the operating system takes no more; a full
   * disk first takes a part without an error.
   */
  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.length) {
        const taken = await this.#file.write(bytes.subarray(written));
        if (taken === 0) throw new Error("Cannot write: nothing was taken");
        written += taken;
      }
    } catch (error) {
      throw new ShortWriteError(written, error);
    }
  }

  /** Makes what was written survive a loss of power. */
  async sync(): Promise<void> {
    await this.#file.syncData();
  }

  /** Whether the path still leads here: a deleted file takes every write and keeps none. */
  async isInPlace(): Promise<boolean> {
    try {
      return (await Deno.stat(this.path)).ino === this.#inode;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Closes it. */
  close(): void {
    this.#file.close();
  }
}

/** Makes the name of a new file survive a loss of power. Not every file system can. */
async function syncFolder(folder: string): Promise<void> {
  using handle = await Deno.open(folder);
  try {
    await handle.sync();
  } catch (error) {
    if ((error as { code?: string }).code !== "EINVAL") throw error;
  }
}
