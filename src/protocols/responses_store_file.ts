/** Keeps a {@linkcode ResponsesStore} over a restart: a snapshot file, written behind. @module */

import type { ResponsesStore } from "./responses_store.ts";

/** The file operations that a snapshot needs. */
export interface SnapshotFiles {
  /** Reads a file, `null` if there is none. */
  read(path: string): Promise<string | null>;
  /** Writes a file, truncating what was there, and makes it durable. */
  write(path: string, pieces: Iterable<string>): Promise<void>;
  /** Renames a file over another one, atomically. */
  rename(from: string, to: string): Promise<void>;
}

/** Lines are written in pieces of about this many characters. */
const PIECE_LENGTH = 1 << 20;

/** Loads a store from its file and writes it back when it has changed. */
export class ResponsesStoreFile {
  readonly #store: ResponsesStore;
  readonly #files: SnapshotFiles;
  readonly #path: string;
  #written: number;
  #running: Promise<boolean> | null = null;

  /** Binds a store to the file `path`. */
  constructor(store: ResponsesStore, files: SnapshotFiles, path: string) {
    this.#store = store;
    this.#files = files;
    this.#path = path;
    this.#written = store.changes;
  }

  /** Takes what the file holds; gives how many exchanges that were. A torn line is left out. */
  async load(): Promise<number> {
    const text = await this.#files.read(this.#path);
    const taken = text === null ? 0 : this.#store.restore(text.split("\n"));
    this.#written = this.#store.changes;
    return taken;
  }

  /**
   * Writes the store if it has changed since the last time, and tells whether
   * it did. One write at a time: a call during a write waits for it and then
   * writes what came after it began.
   */
  async flush(): Promise<boolean> {
    while (this.#running !== null) await this.#running.catch(() => false);
    if (this.#written === this.#store.changes) return false;
    this.#running = this.#write();
    try {
      return await this.#running;
    } finally {
      this.#running = null;
    }
  }

  /** Writes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  async #write(): Promise<boolean> {
    const changes = this.#store.changes;
    const temporary = `${this.#path}.tmp`;
    await this.#files.write(temporary, piecesOf(this.#store.snapshot()));
    // The old snapshot stays whole until the new one is.
    await this.#files.rename(temporary, this.#path);
    this.#written = changes;
    return true;
  }
}

function* piecesOf(lines: readonly string[]): Generator<string> {
  let piece = "";
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}
