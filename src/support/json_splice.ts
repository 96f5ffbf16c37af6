/**
 * Changes a JSON body at byte offsets, so that everything else stays as it came.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { JsonScan } from "./json_scan.ts";

/** A replacement of bytes `start` to `end`; equal offsets insert. */
export interface JsonEdit {
  /** First byte replaced. */
  readonly start: number;
  /** First byte kept again. */
  readonly end: number;
  /** What comes in. */
  readonly text: string;
}

/** The edit that adds a member, given as `"name":value`, in front of all others. */
export function insertMember(scan: JsonScan, member: string): JsonEdit {
  return {
    start: scan.memberOffset,
    end: scan.memberOffset,
    text: scan.empty ? member : `${member},`,
  };
}

/** Applies edits that do not overlap to a copy of the bytes. */
export function spliceJson(
  bytes: Uint8Array,
  edits: readonly JsonEdit[],
): Uint8Array<ArrayBuffer> {
  const ordered = [...edits].sort((a, b) => a.start - b.start);
  let length = bytes.length;
  let from = 0;
  for (const edit of ordered) {
    if (edit.start < from || edit.end < edit.start) {
      throw new RangeError(
        `Cannot splice JSON: the edit at byte ${edit.start} overlaps the one before it, which ends at ${from}`,
      );
    }
    length += Buffer.byteLength(edit.text) - (edit.end - edit.start);
    from = edit.end;
  }
  // From the pool: a backing store of its own costs the collector more than the copy.
  const result = Buffer.allocUnsafe(length);
  let to = 0;
  from = 0;
  for (const edit of ordered) {
    result.set(bytes.subarray(from, edit.start), to);
    to += edit.start - from;
    to += result.write(edit.text, to);
    from = edit.end;
  }
  result.set(bytes.subarray(from), to);
  return result;
}
