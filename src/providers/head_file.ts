/**
 * `<stateDir>/heads.json`: heads and their leases, so that a restart does not
 * leave their aliases without a target until each has registered again.
 *
 * @module
 */

import { z } from "zod";
import { type Head, HEAD_STATUSES } from "./head.ts";
import { headRegistrationSchema } from "./head_registration.ts";
import { BrokenStateError, readStateFile } from "./state_file.ts";

const timeMs = z.iso.datetime().transform((text) => Date.parse(text));
const fileSchema = z.object({
  version: z.literal(1),
  heads: z.array(z.object({
    registration: headRegistrationSchema,
    status: z.enum(HEAD_STATUSES),
    currentLoad: z.number().min(0).max(100),
    registeredAt: timeMs,
    lastHeartbeatAt: timeMs,
    leaseEndsAt: timeMs,
  })).max(100_000),
});

/** Reads what was kept, in the order in which they came; none if there is no file. @throws {Error} when there is one that cannot be used */
export async function readHeads(path: string): Promise<Head[]> {
  const text = await readStateFile(path);
  if (text === null) return [];
  let kept: z.infer<typeof fileSchema>;
  try {
    kept = fileSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new BrokenStateError(path, "heads must register again", error);
  }
  return kept.heads.map((head) => ({
    ...head.registration,
    status: head.status,
    currentLoad: head.currentLoad,
    registeredAtMs: head.registeredAt,
    lastHeartbeatAtMs: head.lastHeartbeatAt,
    leaseEndsAtMs: head.leaseEndsAt,
  }));
}

/** Spells heads as {@linkcode readHeads} reads them. */
export function spellHeads(heads: readonly Head[]): string {
  const iso = (ms: number) => new Date(ms).toISOString();
  const rows = heads.map((head) => {
    const {
      status,
      currentLoad,
      registeredAtMs,
      lastHeartbeatAtMs,
      leaseEndsAtMs,
      ...registration
    } = head;
    return {
      registration,
      status,
      currentLoad,
      registeredAt: iso(registeredAtMs),
      lastHeartbeatAt: iso(lastHeartbeatAtMs),
      leaseEndsAt: iso(leaseEndsAtMs),
    };
  });
  return `${JSON.stringify({ version: 1, heads: rows }, null, 2)}\n`;
}
