/**
 * `<stateDir>/cooldowns.json`: open breakers and resting keys, so that a
 * restart does not run into what was known to fail.
 *
 * @module
 */

import { z } from "zod";
import { BrokenStateError, readStateFile } from "./state_file.ts";

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

/** Reads what was kept; nothing if there is no file. @throws {Error} when there is one that cannot be used */
export async function readGuardMemory(path: string): Promise<GuardMemory> {
  const text = await readStateFile(path);
  if (text === null) return NOTHING;
  let parsed: z.infer<typeof memorySchema>;
  try {
    parsed = memorySchema.parse(JSON.parse(text));
  } catch (error) {
    throw new BrokenStateError(path, "breakers begin closed", error);
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

/** Spells what is to be kept. */
export function spellGuardMemory({ targets, keys }: GuardMemory): string {
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
