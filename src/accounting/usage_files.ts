/** The daily files of the usage log, archived ones included, read in pieces. @module */

import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import { RowReader, type UsageRow } from "./usage_row.ts";

const DAY_MS = 86_400_000;
const FILE_REGEXP = /^(\d{4}-\d\d-\d\d)\.jsonl(\.gz)?$/;
/** A few milliseconds of work: others have their turn between two pieces. */
const PIECE_BYTES = 1 << 17;
const NEWLINE = 0x0a;
/** A line longer than this is no line of ours: it is passed over. */
const MAX_LINE_BYTES = 4 << 20;

/** One day of the log. */
export interface UsageFile {
  /** Its day, `YYYY-MM-DD`, UTC. */
  readonly day: string;
  /** Where it is. */
  readonly path: string;
  /** Size in bytes, as it is stored. */
  readonly bytes: number;
  /** Whether it is compressed. */
  readonly compressed: boolean;
}

/** The UTC day of a moment. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Beginning of a UTC day, ms since the epoch. */
export function startOfDay(day: string): number {
  return Date.parse(`${day}T00:00:00.000Z`);
}

/**
 * Lists the files that can hold requests of `[fromMs, toMs)`, oldest first. A
 * line is filed by the end of its request: the day after counts too.
 */
export async function usageFiles(
  folders: readonly string[],
  fromMs: number,
  toMs: number,
): Promise<UsageFile[]> {
  const first = Number.isFinite(fromMs) ? dayOf(fromMs) : "";
  const last = Number.isFinite(toMs) ? dayOf(toMs + DAY_MS) : "9999-99-99";
  const found = new Map<string, UsageFile>();
  for (const folder of folders) {
    for (const name of await names(folder)) {
      const match = FILE_REGEXP.exec(name);
      const day = match?.[1] ?? "";
      if (match === null || day < first || day > last) continue;
      // While a day is archived both files are there; the plain one is whole.
      if (found.get(day)?.compressed === false) continue;
      const path = `${folder}/${name}`;
      const bytes = await sizeOf(path);
      if (bytes === null) continue;
      found.set(day, { day, path, bytes, compressed: match[2] !== undefined });
    }
  }
  return [...found.values()].sort((left, right) =>
    left.day < right.day ? -1 : 1
  );
}

async function names(folder: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile) found.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    // Archived or removed since it was listed.
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** A line that is looked at; valid until the next one. */
export interface ScannedLine {
  /** What it says. */
  readonly row: UsageRow;
  /** Where it begins in its file. */
  readonly offset: number;
  /** Where the next one begins. */
  readonly next: number;
  /** The line itself, without its line break. */
  text(): string;
}

/** What a scan is told and tells. */
export interface ScanOptions {
  /** Where to begin; a line must begin there. @default {0} */
  readonly offset?: number;
  /** Where to end. @default {Infinity} */
  readonly end?: number;
  /** Bytes between two turns of the event loop: more is quicker and holds others up for longer. @default {131072} */
  readonly pieceBytes?: number;
  /** Called for every usage line; `false` ends the scan. */
  onLine(line: ScannedLine): boolean | void;
  /** Called for every piece with the bytes that were read of the file as it is stored. */
  onProgress?(bytes: number): void;
}

/** What a scan found out beside its lines. */
export interface ScanResult {
  /** Lines that are no usage lines. */
  readonly broken: number;
  /** End of the last whole line. */
  readonly end: number;
  /** Whether `onLine` asked to stop. */
  readonly stopped: boolean;
}

/** Reads the lines of a file in pieces; between two pieces the event loop goes on. */
export async function scanUsageFile(
  file: Pick<UsageFile, "path" | "compressed">,
  options: ScanOptions,
): Promise<ScanResult> {
  const scan = new Scan(options);
  for await (const piece of pieces(file, options)) {
    if (!scan.push(piece)) break;
    // A read of what the system has in memory ends at once: it lets nobody in.
    await turn();
  }
  return scan.result;
}

/** Lets timers, sockets and all else that waits have their turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function* pieces(
  { path, compressed }: Pick<UsageFile, "path" | "compressed">,
  { offset = 0, end = Infinity, pieceBytes = PIECE_BYTES, onProgress }:
    ScanOptions,
): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  if (compressed) {
    const counted = new TransformStream<
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>
    >({
      transform(bytes, controller) {
        onProgress?.(bytes.length);
        controller.enqueue(bytes);
      },
    });
    const plain = readable(file).pipeThrough(counted)
      .pipeThrough(new DecompressionStream("gzip"));
    for await (const piece of plain) yield piece;
    return;
  }
  if (offset > 0) await file.seek(offset, Deno.SeekMode.Start);
  const buffer = new Uint8Array(pieceBytes);
  for (let at = offset; at < end;) {
    const room = buffer.subarray(0, Math.min(pieceBytes, end - at));
    const read = await file.read(room);
    if (read === null) return;
    at += read;
    onProgress?.(read);
    yield buffer.subarray(0, read);
  }
}

/** The file is closed by its owner, also when nobody reads to the end. */
function readable(file: Deno.FsFile): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const buffer = new Uint8Array(PIECE_BYTES / 8);
      const read = await file.read(buffer);
      if (read === null) controller.close();
      else controller.enqueue(buffer.subarray(0, read));
    },
  }, { highWaterMark: 0 });
}

/** Cuts pieces into lines. */
class Scan implements ScannedLine {
  readonly #reader = new RowReader();
  readonly #onLine: (line: ScannedLine) => boolean | void;
  #carry: Buffer = Buffer.alloc(0);
  #skipping = false;
  #base: number;
  #text = "";
  #start = 0;
  #stop = 0;
  #broken = 0;
  #end: number;
  #stopped = false;

  constructor({ offset = 0, onLine }: ScanOptions) {
    this.#base = offset;
    this.#end = offset;
    this.#onLine = onLine;
  }

  get row(): UsageRow {
    return this.#reader.row;
  }

  get offset(): number {
    return this.#base + this.#start;
  }

  get next(): number {
    return this.#base + this.#stop + 1;
  }

  text(): string {
    return Buffer.from(this.#text.slice(this.#start, this.#stop), "latin1")
      .toString("utf8");
  }

  get result(): ScanResult {
    return { broken: this.#broken, end: this.#end, stopped: this.#stopped };
  }

  push(piece: Uint8Array): boolean {
    if (this.#skipping && !piece.includes(NEWLINE)) {
      this.#base += piece.length;
      return true;
    }
    const bytes = this.#carry.length === 0
      ? Buffer.from(piece.buffer, piece.byteOffset, piece.length)
      : Buffer.concat([this.#carry, piece]);
    const text = bytes.toString("latin1");
    let at = 0;
    for (
      let stop = text.indexOf("\n", at);
      stop >= 0;
      stop = text.indexOf("\n", at)
    ) {
      const goOn = this.#line(text, at, stop);
      at = stop + 1;
      this.#end = this.#base + at;
      if (!goOn) {
        this.#stopped = true;
        return false;
      }
    }
    this.#keep(bytes, at);
    return true;
  }

  #line(text: string, start: number, stop: number): boolean {
    if (this.#skipping) {
      this.#skipping = false;
      this.#broken++;
      return true;
    }
    if (stop === start) return true;
    this.#text = text;
    this.#start = start;
    this.#stop = stop;
    if (!this.#reader.read(text, start, stop)) {
      this.#broken++;
      return true;
    }
    return this.#onLine(this) !== false;
  }

  /** Keeps the beginning of a line, a copy: the piece's buffer is used again. */
  #keep(bytes: Buffer, at: number): void {
    const rest = bytes.length - at;
    if (rest > MAX_LINE_BYTES) this.#skipping = true;
    this.#base += this.#skipping ? bytes.length : at;
    this.#carry = this.#skipping
      ? Buffer.alloc(0)
      : Buffer.from(bytes.subarray(at));
  }
}
