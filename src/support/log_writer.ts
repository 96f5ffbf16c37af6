/**
 * The log: lines are encoded into a byte buffer at once, two buffers are
 * swapped, one write is in flight. A reader that has stopped reading costs
 * lines, which are counted, and never time.
 *
 * @module
 */

import {
  type CancelTimer,
  type Clock,
  IsoTime,
  SYSTEM_CLOCK,
} from "./clock.ts";
import { jsonLine, type LogLimits, textLine } from "./log_format.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";

/** Where the bytes of the log go. May write less than it is given. */
export interface LogSink {
  /** Writes and says how many bytes it took. */
  write(bytes: Uint8Array): Promise<number>;
}

/** How a {@linkcode LogWriter} behaves. */
export interface LogWriterOptions extends LogLimits {
  /** Where the bytes go. */
  readonly sink: LogSink;
  /** Least severity that is written. */
  readonly level: LogLevel;
  /** One JSON object a line, or text for people. */
  readonly format: "json" | "text";
  /** Whether text is coloured. @default {false} */
  readonly color?: boolean;
  /** Whether lines start with journald's priority, `<3>` to `<7>`. @default {false} */
  readonly journal?: boolean;
  /** Size of each of the two buffers. @default {262144} */
  readonly bufferBytes?: number;
  /** Longest time a line waits. Errors do not wait. @default {250} */
  readonly flushMs?: number;
  /** Time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
}

const SEVERITY: { readonly [L in LogLevel]: number } = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
};
/** ASCII digit of the priority that syslog and journald give a level. */
const PRIORITY: { readonly [L in LogLevel]: number } = {
  debug: 0x37,
  info: 0x36,
  warn: 0x34,
  error: 0x33,
};
const NEWLINE = 0x0a;
const PREFIX_BYTES = 3;

/** Writes the log of the process. */
export class LogWriter implements Logger, AsyncDisposable {
  /** One JSON object a line, or text for people. */
  readonly format: "json" | "text";
  readonly #options: LogWriterOptions;
  readonly #clock: Clock;
  readonly #time = new IsoTime();
  readonly #encoder = new TextEncoder();
  readonly #counts = { debug: 0, info: 0, warn: 0, error: 0 };
  #active: Uint8Array<ArrayBuffer>;
  #spare: Uint8Array<ArrayBuffer>;
  #position = 0;
  #severity: number;
  #dropped = 0;
  #droppedUnsaid = 0;
  #urgent = false;
  #closed = false;
  #cancelTimer: CancelTimer | null = null;
  #inFlight: Promise<void> | null = null;

  /** Makes a writer; nothing runs while no line waits. */
  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.format = options.format;
    this.#severity = SEVERITY[options.level];
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const bufferBytes = Math.max(
      options.bufferBytes ?? 262144,
      options.maxLineBytes * 2,
    );
    this.#active = new Uint8Array(bufferBytes);
    this.#spare = new Uint8Array(bufferBytes);
  }

  /** Lines by level, those that were dropped included. */
  get counts(): { readonly [L in LogLevel]: number } {
    return this.#counts;
  }

  /** Lines that never reached the sink. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Changes the least severity that is written. */
  setLevel(level: LogLevel): void {
    this.#severity = SEVERITY[level];
  }

  /** Whether lines of this level are written. */
  enabled(level: LogLevel): boolean {
    return SEVERITY[level] >= this.#severity;
  }

  /** The current time as lines show it. */
  timestamp(): string {
    return this.#time.format(this.#clock.wallMs());
  }

  /** Writes one line. */
  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.enabled(level)) return;
    this.append(level, this.#format(level, message, fields));
  }

  /**
   * Writes a line that is formatted already: no line break in it, values
   * escaped and cut. Does not look at the level.
   */
  append(level: LogLevel, line: string): void {
    this.#counts[level]++;
    if (this.#closed || !this.#put(level, line)) return this.#drop(1);
    if (level === "error") this.#urgent = true;
    this.#schedule();
  }

  /** Waits until everything so far is with the sink. `false` if that took longer than `deadlineMs`. */
  async flush(deadlineMs: number): Promise<boolean> {
    const expired = Promise.withResolvers<false>();
    const cancel = this.#clock.setTimer(
      () => expired.resolve(false),
      deadlineMs,
    );
    const done = await Promise.race([this.#drain(), expired.promise]);
    cancel();
    return done;
  }

  /** Flushes as {@linkcode flush} does and takes no more lines. */
  async close(deadlineMs: number): Promise<boolean> {
    const done = await this.flush(deadlineMs);
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    return done;
  }

  /** Closes with a deadline of a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(1000);
  }

  #format(level: LogLevel, message: string, fields: LogFields): string {
    const time = this.timestamp();
    return this.format === "json"
      ? jsonLine(time, level, message, fields, this.#options)
      : textLine(
        time,
        level,
        message,
        fields,
        this.#options,
        this.#options.color ?? false,
      );
  }

  /** Encodes a line into the active buffer, or into the other one if that is free. */
  #put(level: LogLevel, line: string): boolean {
    if (this.#encode(level, line)) return true;
    if (this.#inFlight !== null) return false;
    this.#startWrite();
    return this.#encode(level, line);
  }

  #encode(level: LogLevel, line: string): boolean {
    const buffer = this.#active;
    let at = this.#position;
    if (at + PREFIX_BYTES + line.length + 1 > buffer.length) return false;
    if (this.#options.journal === true) {
      buffer[at++] = 0x3c;
      buffer[at++] = PRIORITY[level];
      buffer[at++] = 0x3e;
    }
    const room = buffer.subarray(at, buffer.length - 1);
    const { read, written } = this.#encoder.encodeInto(line, room);
    if (read < line.length) return false;
    at += written;
    buffer[at++] = NEWLINE;
    this.#position = at;
    return true;
  }

  #drop(lines: number): void {
    this.#dropped += lines;
    this.#droppedUnsaid += lines;
  }

  #schedule(): void {
    if (this.#inFlight !== null || this.#position === 0) return;
    if (this.#urgent || this.#position > this.#active.length >> 1) {
      return this.#startWrite();
    }
    this.#cancelTimer ??= this.#clock.setTimer(
      () => this.#startWrite(),
      this.#options.flushMs ?? 250,
    );
  }

  #startWrite(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#inFlight !== null || this.#position === 0) return;
    const bytes = this.#active.subarray(0, this.#position);
    [this.#active, this.#spare] = [this.#spare, this.#active];
    this.#position = 0;
    this.#urgent = false;
    this.#inFlight = this.#write(bytes).then((done) => {
      this.#inFlight = null;
      // After a failure the note would fail as well, and so on for ever.
      if (done) this.#tellDrops();
      if (!this.#closed) this.#schedule();
    });
  }

  /** Never rejects; says whether everything was taken. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    let offset = 0;
    try {
      while (offset < bytes.length) {
        const taken = await this.#options.sink.write(bytes.subarray(offset));
        if (taken === 0) throw new Error("Cannot write: nothing was taken");
        offset += taken;
      }
      return true;
    } catch {
      // Nobody can be told on the log itself; the counter tells.
      let lines = 0;
      for (let at = offset; at < bytes.length; at++) {
        if (bytes[at] === NEWLINE) lines++;
      }
      this.#drop(lines);
      return false;
    }
  }

  #tellDrops(): void {
    if (this.#droppedUnsaid === 0 || this.#closed) return;
    const fields = { lines: this.#droppedUnsaid };
    if (this.#put("warn", this.#format("warn", "log lines dropped", fields))) {
      this.#counts.warn++;
      this.#droppedUnsaid = 0;
    }
  }

  async #drain(): Promise<true> {
    while (this.#inFlight !== null || this.#position > 0) {
      this.#startWrite();
      await this.#inFlight;
    }
    return true;
  }
}
