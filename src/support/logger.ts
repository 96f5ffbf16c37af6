/** The log as everything but `cli/` sees it. @module */

/** Severity, least first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What is logged beside the message. Values are cut and escaped by the writer. */
export type LogFields = {
  readonly [name: string]: string | number | boolean | null | undefined;
};

/** Writes log lines. Never blocks and never throws; lines that do not fit are dropped and counted. */
export interface Logger {
  /** Whether lines of this level are written: test before building costly fields. */
  enabled(level: LogLevel): boolean;
  /** Writes one line. `message` is a constant phrase, the values go into `fields`. */
  log(level: LogLevel, message: string, fields?: LogFields): void;
}

/** A logger that writes nothing. */
export const SILENT_LOGGER: Logger = {
  enabled: () => false,
  log: () => {},
};
