/**
 * Lines that wait for their file, encoded at once: strings that live for a
 * quarter of a second cost the garbage collector 9 us per request.
 *
 * @module
 */

const NEWLINE = 0x0a;
const CHUNK_BYTES = 65536;

/** Lines of one file, in order. */
export interface LineChunk {
  /** The file they belong to. */
  readonly path: string;
  /** The encoded lines are the first `length` bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes in use. */
  length: number;
  /** Lines not written yet. */
  lines: number;
  /** Bytes that are in the file already. */
  done: number;
}

/** A bounded queue of encoded lines. */
export class LineQueue {
  readonly #maxBytes: number;
  readonly #encoder = new TextEncoder();
  readonly #sealed: LineChunk[] = [];
  #active: LineChunk | null = null;
  #spare: Uint8Array<ArrayBuffer> | null = null;
  #bytes = 0;
  #lines = 0;

  /** Makes an empty queue of at most `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lines that wait. */
  get lines(): number {
    return this.#lines;
  }

  /** Takes a line for `path`; `false` if the queue is full. */
  push(path: string, line: string): boolean {
    // Every UTF-16 unit is a byte at least.
    if (this.#bytes + line.length >= this.#maxBytes) return false;
    if (this.#active !== null && this.#active.path !== path) this.#seal();
    if (this.#active !== null && this.#encode(this.#active, line)) return true;
    this.#seal();
    if (line.length * 3 >= CHUNK_BYTES) return this.#pushLong(path, line);
    const bytes = this.#spare ?? new Uint8Array(CHUNK_BYTES);
    this.#spare = null;
    this.#active = { path, bytes, length: 0, lines: 0, done: 0 };
    return this.#encode(this.#active, line);
  }

  /** The oldest chunk, `null` if nothing waits. It takes no further lines. */
  head(): LineChunk | null {
    if (this.#sealed.length === 0) this.#seal();
    return this.#sealed[0] ?? null;
  }

  /** Takes the oldest chunk out: it is in its file. */
  shift(): void {
    const chunk = this.#sealed.shift();
    if (chunk === undefined) return;
    this.#bytes -= chunk.length - chunk.done;
    this.#lines -= chunk.lines;
    if (chunk.bytes.length === CHUNK_BYTES) this.#spare = chunk.bytes;
  }

  /**
   * Marks whole lines of the oldest chunk as written: as far as the last line
   * break within `reached` bytes.
   *
   * @returns How many lines that were.
   */
  advance(reached: number): number {
    const chunk = this.#sealed[0];
    if (chunk === undefined || reached <= chunk.done) return 0;
    const end = chunk.bytes.lastIndexOf(NEWLINE, reached - 1) + 1;
    let lines = 0;
    for (let at = chunk.done; at < end; at++) {
      if (chunk.bytes[at] === NEWLINE) lines++;
    }
    if (end > chunk.done) this.#bytes -= end - chunk.done;
    chunk.done = Math.max(chunk.done, end);
    chunk.lines -= lines;
    this.#lines -= lines;
    return lines;
  }

  #encode(chunk: LineChunk, line: string): boolean {
    const room = chunk.bytes.length - 1 - chunk.length;
    if (line.length > room) return false;
    const target = chunk.bytes.subarray(chunk.length, chunk.length + room);
    const { read, written } = this.#encoder.encodeInto(line, target);
    if (read < line.length) return false;
    chunk.bytes[chunk.length + written] = NEWLINE;
    this.#count(chunk, written + 1);
    return true;
  }

  #pushLong(path: string, line: string): boolean {
    const bytes = this.#encoder.encode(line + "\n");
    if (this.#bytes + bytes.length > this.#maxBytes) return false;
    const chunk = { path, bytes, length: 0, lines: 0, done: 0 };
    this.#count(chunk, bytes.length);
    this.#sealed.push(chunk);
    return true;
  }

  #count(chunk: LineChunk, bytes: number): void {
    chunk.length += bytes;
    chunk.lines++;
    this.#bytes += bytes;
    this.#lines++;
  }

  #seal(): void {
    if (this.#active !== null && this.#active.length > 0) {
      this.#sealed.push(this.#active);
    }
    this.#active = null;
  }
}
