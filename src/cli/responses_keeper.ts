/**
 * The store of Responses conversations with its file in the state folder:
 * loaded when the store is switched on, written behind while it changes.
 *
 * @module
 */

import type { Config } from "../config/schema.ts";
import { ResponsesStore } from "../protocols/responses_store.ts";
import {
  ResponsesStoreFile,
  type SnapshotFiles,
} from "../protocols/responses_store_file.ts";
import { endsWithin } from "../support/deadline.ts";
import type { Logger } from "../support/logger.ts";
import { type Ticker, TickNode } from "../support/ticker.ts";

/** What a crash loses at most. */
const FLUSH_MS = 5000;
const LAST_FLUSH_MS = 2000;

/** Keeps conversations and their file. */
export class ResponsesKeeper extends TickNode implements AsyncDisposable {
  readonly #store: ResponsesStore;
  readonly #file: ResponsesStoreFile;
  readonly #path: string;
  readonly #log: Logger;
  readonly #ticker: Ticker;
  #settings: Config["responses"];
  #loaded = false;
  #failing = false;

  /** Makes an empty store; {@linkcode ResponsesKeeper.update} switches it on. */
  constructor(config: Config, log: Logger, ticker: Ticker) {
    super();
    const { stateDir, server } = config;
    this.#settings = { ...config.responses, store: false };
    this.#log = log;
    this.#ticker = ticker;
    const settings = () => this.#settings;
    this.#store = new ResponsesStore({
      get maxBytes() {
        return settings().maxBytes;
      },
      get ttlMs() {
        return settings().ttlMs;
      },
      now: Date.now,
    });
    // Processes that share a folder keep files of their own.
    const instance = server.instance === "" ? "" : `.${server.instance}`;
    this.#path = `${stateDir}/responses${instance}.jsonl`;
    this.#file = new ResponsesStoreFile(
      this.#store,
      snapshotFiles(stateDir),
      this.#path,
    );
  }

  /** The store, `null` while it is switched off. */
  get store(): ResponsesStore | null {
    return this.#settings.store ? this.#store : null;
  }

  /** Takes over another config. What cannot be read is logged and left behind. */
  async update(settings: Config["responses"]): Promise<void> {
    if (settings.store && !this.#loaded) {
      this.#loaded = true;
      await this.#load(settings);
      this.#ticker.add(this);
      this.wakeAtMs = performance.now() + FLUSH_MS;
    }
    this.#settings = settings;
  }

  /** Writes what has changed. */
  override tick(): void {
    void this.#flush().then(() => {
      this.wakeAtMs = performance.now() + FLUSH_MS;
    });
  }

  /** Writes what is left; a disk that hangs is not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#loaded) return;
    this.#ticker.remove(this);
    if (await endsWithin(LAST_FLUSH_MS, this.#flush())) return;
    this.#log.log("error", "stored responses not written at shutdown", {
      path: this.#path,
      error: "the disk does not answer",
    });
  }

  async #load(settings: Config["responses"]): Promise<void> {
    // The bounds must be known before anything is put in.
    this.#settings = { ...settings, store: false };
    try {
      const taken = await this.#file.load();
      if (taken > 0) {
        this.#log.log("info", "stored responses loaded", { count: taken });
      }
    } catch (error) {
      this.#log.log("warn", "stored responses not loaded", {
        path: this.#path,
        error: messageOf(error),
      });
    }
  }

  async #flush(): Promise<void> {
    try {
      await this.#file.flush();
      this.#failing = false;
    } catch (error) {
      if (this.#failing) return;
      this.#failing = true;
      this.#log.log("warn", "stored responses not written", {
        path: this.#path,
        error: messageOf(error),
      });
    }
  }
}

function snapshotFiles(folder: string): SnapshotFiles {
  return {
    read: async (path) => {
      try {
        return await Deno.readTextFile(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      }
    },
    write: async (path, pieces) => {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      using file = await Deno.open(path, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      const encoder = new TextEncoder();
      for (const piece of pieces) {
        // A full disk takes a part of a piece before it says so.
        for (let rest = encoder.encode(piece); rest.length > 0;) {
          rest = rest.subarray(await file.write(rest));
        }
      }
      await file.syncData();
    },
    rename: (from, to) => Deno.rename(from, to),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
