/** Finds the command that was asked for and runs it. @module */

import { ConfigError } from "../config/problem.ts";
import { didYouMean } from "../support/did_you_mean.ts";
import { readArguments } from "./arguments.ts";
import { type CommandEntry, UsageError } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { printConfigError } from "./config_error.ts";
import { commandHelp, overview } from "./help.ts";
import { processTerminal, type Terminal } from "./output.ts";

/** The command whose name the words begin with, and the words after it. */
function findCommand(
  words: readonly string[],
): readonly [CommandEntry, readonly string[]] | null {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const entry = COMMANDS.find((command) => command.name === name);
    if (entry) return [entry, words.slice(length)];
  }
  return null;
}

/** Says that there is no such command, or lists those that begin with the word. */
function refuseCommand(words: readonly string[], terminal: Terminal): number {
  const first = words[0] ?? "";
  const family = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (family.length > 0) {
    const asked = words.includes("--help") || words.includes("-h");
    if (asked) terminal.out(overview(family));
    else terminal.err(overview(family));
    return asked ? 0 : 2;
  }
  const typed = words.slice(0, 2).join(" ");
  const names = COMMANDS.map(({ name }) => name);
  const meant = didYouMean(typed, names) ?? didYouMean(first, names);
  terminal.err(
    `Cannot run ${JSON.stringify(first)}: it is no command, ` +
      (meant === null
        ? "`signalbox help` lists them"
        : `did you mean \`signalbox ${meant}\`?`),
  );
  return 2;
}

/** Runs one command, or prints its help. */
async function runCommand(
  entry: CommandEntry,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const command = await entry.load();
  try {
    const given = readArguments(command, words);
    if (given.has("help")) {
      terminal.out(commandHelp(entry, command));
      return 0;
    }
    return await command.run(given, terminal);
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.err(error.message);
      terminal.err(`Usage: signalbox ${entry.name} ${command.usage}`.trimEnd());
      return 2;
    }
    if (error instanceof ConfigError) {
      printConfigError(error, terminal);
      return 1;
    }
    // A bug or a failing machine: the message alone, a stack helps no user.
    terminal.err(error instanceof Error ? error.message : String(error));
    return 3;
  }
}

/**
 * Runs the command line.
 *
 * @returns The exit code: 0 ok, 1 the answer is "no", 2 usage error, 3 could not find out.
 */
export async function run(
  words: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const [first, ...rest] = words;
  if (first === undefined) {
    terminal.err(overview(COMMANDS));
    return 2;
  }
  if (first === "--version" || first === "-V") {
    return await run(["version"], terminal);
  }
  const isHelp = first === "help" || first === "--help" || first === "-h";
  if (isHelp && rest.length === 0) {
    terminal.out(overview(COMMANDS));
    return 0;
  }
  const asked = isHelp ? [...rest, "--help"] : words;
  const found = findCommand(asked);
  return found === null
    ? refuseCommand(asked, terminal)
    : await runCommand(found[0], found[1], terminal);
}
