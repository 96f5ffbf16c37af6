/** Walks through an audit log and finds the first link that is broken. @module */

import { auditLines } from "./audit_files.ts";
import {
  CHAIN_START,
  type ChainEnd,
  linkProblem,
  readAuditLine,
} from "./audit_line.ts";

/** What a walk found. */
export type Verification =
  | {
    readonly ok: true;
    /** Lines that were read. */
    readonly lines: number;
    /** Where the chain ends. */
    readonly end: ChainEnd;
  }
  | {
    readonly ok: false;
    /** Whole lines before it. */
    readonly lines: number;
    /** The file of the broken line. */
    readonly file: string;
    /** Its number in the file, 1 for the first. */
    readonly line: number;
    /** What is wrong. */
    readonly problem: string;
  };

/**
 * Verifies files in order as one chain. The first line may refer to a file
 * that is not among them, unless it is the first line of all.
 */
export async function verifyAudit(
  files: readonly string[],
): Promise<Verification> {
  let end: ChainEnd | null = null;
  let lines = 0;
  for (const file of files) {
    let line = 0;
    for await (const text of auditLines(file)) {
      line++;
      const read = readAuditLine(text);
      const problem: string | null = read.ok
        ? linkProblem(read.record, end ?? beforeFirst(read.record))
        : read.problem;
      if (problem !== null || !read.ok) {
        return { ok: false, lines, file, line, problem: problem ?? "" };
      }
      lines++;
      end = { seq: read.record.seq, hash: read.record.hash };
    }
  }
  return { ok: true, lines, end: end ?? CHAIN_START };
}

function beforeFirst(
  record: { readonly seq: number; readonly previousHash: string },
): ChainEnd {
  return record.seq === 1
    ? CHAIN_START
    : { seq: record.seq - 1, hash: record.previousHash };
}
