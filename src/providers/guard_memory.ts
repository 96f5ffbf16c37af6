/**
 * `<stateDir>/cooldowns.json`: open breakers and resting keys, so that a
 * restart does not run into what was known to fail. Written soon after a
 * change, whole or not at all.
 *
 * @module
 */

import { z } from "zod";
import {
  type CancelTimer,
  type Clock,
  SYSTEM_CLOCK,
} from "../support/clock.ts";

const timeMs = z.iso.datetime().transform((text) => Date.parse(text));
const memorySchema = z.object({
  version: z.literal(1),
  targets: z.array(z.object({
    id: z.string().min(3).max(512),
    openedAt: timeMs,
    retryAt: timeMs,
    openings: z.number().int().min(0).max(1000),
    rest: z.boolean(),
    reason: z.string().max(64),
  })).max(10_000),
  keys: z.array(z.object({
    provider: z.string().min(1).max(64),
    key: z.string().max(64),
    model: z.string().max(512).nullable(),
    since: timeMs,
    until: timeMs,
    times: z.number().int().min(1).max(1000),
    reason: z.string().max(64),
  })).max(10_000),
});

/** What survives a restart. Times are ms since the epoch. */
export interface GuardMemory {
  /** Breakers that are not closed. */
  readonly targets: readonly {
    readonly id: string;
    readonly openedAtMs: number;
    readonly retryAtMs: number;
    readonly openings: number;
    readonly rest: boolean;
    readonly reason: string;
  }[];
  /** Keys that rest. */
  readonly keys: readonly {
    readonly provider: string;
    readonly key: string;
    readonly model: string | null;
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly times: number;
    readonly reason: string;
  }[];
}

const NOTHING: GuardMemory = { targets: [], keys: [] };
const WRITE_AFTER_MS = 200;

/** Reads what was kept; nothing if there is no file. @throws {Error} when there is one that cannot be used */
export async function readGuardMemory(path: string): Promise<GuardMemory> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return NOTHING;
    throw error;
  }
  let parsed: z.infer<typeof memorySchema>;
  try {
    parsed = memorySchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(
      `Cannot read ${path}: it is not what was written; breakers begin closed`,
      { cause: error },
    );
  }
  return {
    targets: parsed.targets.map(({ openedAt, retryAt, ...rest }) => ({
      ...rest,
      openedAtMs: openedAt,
      retryAtMs: retryAt,
    })),
    keys: parsed.keys.map(({ since, until, ...rest }) => ({
      ...rest,
      sinceMs: since,
      untilMs: until,
    })),
  };
}

/** Keeps the file up to date. */
export class GuardFile implements AsyncDisposable {
  readonly #path: string;
  readonly #memory: () => GuardMemory;
  readonly #onError: (error: unknown) => void;
  readonly #clock: Pick<Clock, "setTimer">;
  #cancel: CancelTimer | null = null;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  /** Writes what `memory` gives to `path`; a failure goes to `onError` and harms nothing. */
  constructor(
    path: string,
    memory: () => GuardMemory,
    onError: (error: unknown) => void,
    clock: Pick<Clock, "setTimer"> = SYSTEM_CLOCK,
  ) {
    this.#path = path;
    this.#memory = memory;
    this.#onError = onError;
    this.#clock = clock;
  }

  /** Something has changed: the file is written soon. */
  changed(): void {
    if (this.#closed) return;
    this.#cancel ??= this.#clock.setTimer(() => {
      this.#cancel = null;
      void this.write();
    }, WRITE_AFTER_MS);
  }

  /** Writes now, after whatever is being written. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Writes what waits, and no more afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    if (this.#cancel !== null) {
      this.#cancel();
      this.#cancel = null;
      void this.write();
    }
    await this.#writing;
  }

  async #write(): Promise<void> {
    const part = `${this.#path}.part`;
    try {
      await Deno.writeTextFile(part, spell(this.#memory()), { mode: 0o600 });
      await Deno.rename(part, this.#path);
    } catch (error) {
      this.#onError(error);
    }
  }
}

function spell({ targets, keys }: GuardMemory): string {
  const iso = (ms: number) => new Date(ms).toISOString();
  const body = {
    version: 1,
    targets: targets.map(({ openedAtMs, retryAtMs, ...rest }) => ({
      ...rest,
      openedAt: iso(openedAtMs),
      retryAt: iso(retryAtMs),
    })),
    keys: keys.map(({ sinceMs, untilMs, ...rest }) => ({
      ...rest,
      since: iso(sinceMs),
      until: iso(untilMs),
    })),
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}
