/** The log of the process: standard error, in the form its reader wants. @module */

import type { LogLevel } from "../support/logger.ts";
import { LogWriter } from "../support/log_writer.ts";

/** The `log` section of the config. */
export interface LogSettings {
  /** Least severity that is written. */
  readonly level: LogLevel;
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: "auto" | "json" | "text";
  /** Most bytes of a line. */
  readonly maxLineBytes: number;
  /** Most bytes of a value. */
  readonly maxFieldBytes: number;
}

/** What the environment says about the log. */
export interface LogEnvironment {
  /** `JOURNAL_STREAM`, "" where it is not set. */
  readonly journalStream: string;
  /** `NO_COLOR`, "" where it is not set. */
  readonly noColor: string;
}

/** Opens the log on standard error. Close it before the process exits. */
export function openLog(
  settings: LogSettings,
  environment: LogEnvironment,
): LogWriter {
  const terminal = Deno.stderr.isTerminal();
  const format = settings.format === "auto"
    ? (terminal ? "text" : "json")
    : settings.format;
  return new LogWriter({
    sink: Deno.stderr,
    level: settings.level,
    format,
    color: terminal && environment.noColor === "",
    journal: environment.journalStream !== "" && !terminal,
    maxLineBytes: settings.maxLineBytes,
    maxFieldBytes: settings.maxFieldBytes,
  });
}
