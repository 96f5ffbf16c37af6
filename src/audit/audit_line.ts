/** One line of the audit log, and the chain that its hashes make. @module */

import { createHash } from "node:crypto";
import { isJsonObject, type JsonValue } from "../support/json.ts";

/** Who did what to what. */
export interface AuditEntry {
  /** Who: a client's name, `admin`, `anonymous`, or `signal` for SIGHUP. */
  readonly actor: string;
  /** The actor's address, "" where there is none. */
  readonly actorIp: string;
  /** What was done, such as `config.reload` or `head.register`. */
  readonly action: string;
  /** What it was done to. */
  readonly target: string;
  /** What was before; `null` where nothing is to be said. Free of secrets. */
  readonly before: JsonValue;
  /** What is afterwards. Free of secrets. */
  readonly after: JsonValue;
  /** `ok`, `failed` or `refused`. */
  readonly outcome: "ok" | "failed" | "refused";
  /** Our id of the request, "" where there was none. */
  readonly requestId: string;
}

/** An entry in its place. */
export interface AuditRecord extends AuditEntry {
  /** 1 for the first line ever. */
  readonly seq: number;
  /** When, in ISO 8601, UTC. */
  readonly time: string;
  /** Hash of the line before. */
  readonly previousHash: string;
  /** Hash of this line. */
  readonly hash: string;
}

/** Where a chain stands. */
export interface ChainEnd {
  /** Number of the last line. */
  readonly seq: number;
  /** Its hash. */
  readonly hash: string;
}

/** What the first line of all refers to. */
export const CHAIN_START: ChainEnd = { seq: 0, hash: "0".repeat(64) };

const HASH_TAIL_REGEXP = /,"hash":"([0-9a-f]{64})"\}$/;

/** Spells the line that follows `end`. */
export function auditLine(
  entry: AuditEntry,
  timeMs: number,
  end: ChainEnd,
): { readonly line: string; readonly end: ChainEnd } {
  const seq = end.seq + 1;
  const body = JSON.stringify({
    seq,
    time: new Date(timeMs).toISOString(),
    actor: entry.actor,
    actorIp: entry.actorIp,
    action: entry.action,
    target: entry.target,
    before: entry.before,
    after: entry.after,
    outcome: entry.outcome,
    requestId: entry.requestId,
    previousHash: end.hash,
  });
  const hash = sha256(body);
  return {
    line: `${body.slice(0, -1)},"hash":"${hash}"}`,
    end: { seq, hash },
  };
}

/** What a line turned out to be. */
export type ReadLine =
  | { readonly ok: true; readonly record: AuditRecord }
  | { readonly ok: false; readonly problem: string };

/** Reads a line and checks its own hash. The hash is taken over the bytes as they stand. */
export function readAuditLine(line: string): ReadLine {
  const claimed = HASH_TAIL_REGEXP.exec(line);
  if (claimed === null) return broken("it does not end with its hash");
  const body = `${line.slice(0, claimed.index)}}`;
  if (sha256(body) !== claimed[1]) {
    return broken("its hash does not fit: it was changed");
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return broken("it is no JSON");
  }
  return isRecord(value)
    ? { ok: true, record: value }
    : broken("it has not the fields of an audit line");
}

/** Why a line cannot follow `end`, `null` if it does. */
export function linkProblem(record: AuditRecord, end: ChainEnd): string | null {
  if (record.seq !== end.seq + 1) {
    return `its number is ${record.seq}, ${
      end.seq + 1
    } was expected: lines are missing or were moved`;
  }
  return record.previousHash === end.hash
    ? null
    : "it refers to another line before it than the one that is there";
}

function isRecord(value: unknown): value is AuditRecord {
  if (!isJsonObject(value)) return false;
  const { seq } = value;
  const texts = ["time", "actor", "action", "target", "previousHash", "hash"];
  return Number.isSafeInteger(seq) &&
    texts.every((name) => typeof value[name] === "string");
}

function broken(problem: string): ReadLine {
  return { ok: false, problem };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
