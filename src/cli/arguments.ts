/** Reads the flags of a command; a flag that it does not have is a mistake. @module */

import { parseArgs } from "@std/cli/parse-args";
import { didYouMean } from "../support/did_you_mean.ts";
import { type Arguments, type Command, UsageError } from "./command.ts";

/** Refuses a flag that the command does not have. */
function refuseUnknown(flag: string, names: readonly string[]): never {
  const meant = didYouMean(flag.replace(/^-+/, ""), names);
  throw new UsageError(
    `Cannot use flag ${flag}: it is unknown` +
      (meant === null
        ? `, known are ${names.map((name) => `--${name}`).join(", ")}`
        : `, did you mean --${meant}?`),
  );
}

/** `--flag -` means standard input; the parser takes a lone dash for a flag of its own. */
function joinDashes(
  words: readonly string[],
  valued: ReadonlySet<string>,
): readonly string[] {
  const joined: string[] = [];
  for (const word of words) {
    const before = joined.at(-1) ?? "";
    if (word === "-" && valued.has(before)) joined.splice(-1, 1, `${before}=-`);
    else joined.push(word);
  }
  return joined;
}

/** Reads what was given to a command. `--help` and `-h` are always known. */
export function readArguments(
  command: Command,
  words: readonly string[],
): Arguments {
  const switches = command.flags.filter((flag) => flag.value === undefined);
  const valued = command.flags.filter((flag) => flag.value !== undefined);
  const names = [...command.flags.map((flag) => flag.name), "help"];
  const dashed = new Set(valued.map(({ name }) => `--${name}`));
  const parsed = parseArgs(joinDashes(words, dashed), {
    boolean: ["help", ...switches.map((flag) => flag.name)],
    string: ["_", ...valued.map((flag) => flag.name)],
    alias: { help: "h" },
    unknown: (word, key) => {
      if (key === undefined) return true;
      return refuseUnknown(word.split("=")[0] ?? word, names);
    },
  });
  for (const { name, value } of valued) {
    if (parsed[name] === "") {
      throw new UsageError(
        `Cannot use flag --${name}: its value is missing, give --${name} ${value}`,
      );
    }
  }
  const operands = parsed._.map(String);
  const extra = operands[command.maxOperands ?? 0];
  if (extra !== undefined && parsed.help !== true) {
    throw new UsageError(`Cannot use ${JSON.stringify(extra)}: it is too much`);
  }
  return {
    operands,
    has: (name) => parsed[name] === true,
    value: (name) => {
      const value = parsed[name];
      return typeof value === "string" ? value : undefined;
    },
  };
}
