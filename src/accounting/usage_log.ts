/** The usage log: one line per request, handed to the writer of files at once. @module */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { FileStream } from "../support/file_stream.ts";
import { type UsageRecordOptions, UsageRecordWriter } from "./usage_record.ts";

/** How the usage log is kept. */
export interface UsageLogOptions extends UsageRecordOptions {
  /** Whether lines are written. */
  readonly enabled: boolean;
}

/** Writes a line when an exchange has ended. */
export class UsageLogTap implements Tap {
  /** Shown when it throws. */
  readonly name = "usage-log";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["finished"];
  readonly #stream: FileStream;
  #record: UsageRecordWriter | null = null;

  /** Writes to `stream`, which is one of daily files. */
  constructor(stream: FileStream, options: UsageLogOptions) {
    this.#stream = stream;
    this.update(options);
  }

  /** Writes by other options from now on. */
  update(options: UsageLogOptions): void {
    this.#record = options.enabled ? new UsageRecordWriter(options) : null;
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (event.type !== "finished" || this.#record === null) return;
    this.#stream.append(this.#record.line(event.exchange));
  }
}
