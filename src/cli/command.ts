/** What a command is. @module */

import type { Terminal } from "./output.ts";

/** A flag of a command. */
export interface Flag {
  /** Name without the dashes. */
  readonly name: string;
  /** What its value is called in the help; absent for a switch. */
  readonly value?: string;
  /** One line for the help. */
  readonly summary: string;
}

/** What was given to a command. */
export interface Arguments {
  /** What stands beside the flags. */
  readonly operands: readonly string[];
  /** Whether a switch was given. */
  has(name: string): boolean;
  /** The value of a flag, `undefined` if it was not given. */
  value(name: string): string | undefined;
}

/** A command. */
export interface Command {
  /** What follows `signalbox NAME` in the usage line, such as `[--json] [PATH]`. */
  readonly usage: string;
  /** Its flags; `--help` is every command's. */
  readonly flags: readonly Flag[];
  /** Most operands. @default {0} */
  readonly maxOperands?: number;
  /** More for the help: lines below the flags. */
  readonly notes?: string;
  /** Does it, and gives the exit code: 0 ok, 1 the answer is "no", 2 usage error, 3 could not find out. */
  run(given: Arguments, terminal: Terminal): Promise<number>;
}

/** A row of the command table. The command itself is imported when it is run. */
export interface CommandEntry {
  /** Name, one or two words. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Imports it. */
  load(): Promise<Command>;
}

/** A mistake in what was typed: exit code 2. */
export class UsageError extends Error {
  /** Tells it from bugs. */
  override name = "UsageError";
}

/** `--json`. */
export const JSON_FLAG: Flag = {
  name: "json",
  summary: "Answer in JSON",
};

/** `--config PATH`. */
export const CONFIG_FLAG: Flag = {
  name: "config",
  value: "PATH",
  summary:
    "Config file; else $SIGNALBOX_CONFIG, ./signalbox.jsonc, /etc/signalbox/signalbox.jsonc",
};
