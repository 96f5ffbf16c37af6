/** The files of the audit log: the current one, and one for each month before. @module */

import { basename, dirname, extname, join } from "node:path";
import { TextLineStream } from "@std/streams/text-line-stream";
import { type AuditRecord, readAuditLine } from "./audit_line.ts";
import { systemWords } from "../support/system_words.ts";
import { decodeUtf8 } from "../support/utf8.ts";

const TAIL_BYTES = 1_048_576;

interface MonthFile {
  readonly month: string;
  readonly copy: number;
  readonly path: string;
}

/**
 * Gives the name under which the file of a month is kept:
 * `routing_audit.2026-11.log`, or `.2026-11.2.log` if there is one. It comes
 * after all that are there: the clock may have been ahead when those were kept.
 */
export async function monthFile(path: string, ended: string): Promise<string> {
  const latest = (await monthFiles(path)).at(-1)?.month ?? "";
  const month = latest > ended ? latest : ended;
  for (let copy = 1; copy < 1000; copy++) {
    const suffix = copy === 1 ? month : `${month}.${copy}`;
    const ending = extname(path);
    const name = `${basename(path, ending)}.${suffix}${ending}`;
    const candidate = join(dirname(path), name);
    if (!await exists(candidate)) return candidate;
  }
  throw new Error(
    `Cannot rename ${path}: too many files of ${month} are there`,
  );
}

/** Lists the files of the log at `path` that exist, the oldest first, the current one last. */
export async function auditFiles(path: string): Promise<string[]> {
  const files = (await monthFiles(path)).map((file) => file.path);
  if (await exists(path)) files.push(path);
  return files;
}

async function monthFiles(path: string): Promise<MonthFile[]> {
  const ending = extname(path);
  const stem = `${basename(path, ending)}.`;
  const folder = dirname(path);
  const months: MonthFile[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile || !name.startsWith(stem) || !name.endsWith(ending)) continue;
      const middle = name.slice(stem.length, name.length - ending.length);
      const [, month, copy] = /^(\d{4}-\d{2})(?:\.(\d+))?$/.exec(middle) ?? [];
      if (month === undefined) continue;
      months.push({
        month,
        copy: Number(copy ?? 1),
        path: join(folder, name),
      });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return months.sort((one, other) =>
    one.month === other.month
      ? one.copy - other.copy
      : one.month < other.month
      ? -1
      : 1
  );
}

/**
 * Reads the last line of a log: of the file, or of the months before it if the
 * file is empty. `null` where nothing was ever written.
 *
 * @throws {Error} when the last line is no audit line: the chain cannot go on unnoticed
 */
export async function lastRecord(path: string): Promise<AuditRecord | null> {
  for (const file of (await auditFiles(path)).reverse()) {
    const line = await lastLine(file);
    if (line === null) continue;
    const read = readAuditLine(line);
    if (read.ok) return read.record;
    throw new Error(
      `Cannot go on with ${file}: its last line is broken: ${read.problem}; ` +
        "look at it with `signalbox audit verify`, then move the file away",
    );
  }
  return null;
}

/** Reads a file's lines, without line breaks. @throws {Error} that names a file that cannot be read */
export async function* auditLines(path: string): AsyncGenerator<string> {
  const file = await opened(path);
  const lines = file.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  for await (const line of lines) yield line;
}

async function opened(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${systemWords(error)}`, {
      cause: error,
    });
  }
}

async function lastLine(path: string): Promise<string | null> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  if (size === 0) return null;
  const start = Math.max(0, size - TAIL_BYTES);
  await file.seek(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(size - start);
  let filled = 0;
  while (filled < bytes.length) {
    const read = await file.read(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  const text = decodeUtf8(bytes.subarray(0, filled)).trimEnd();
  return text.slice(text.lastIndexOf("\n") + 1);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
