/** The help texts. @module */

import { NAME } from "../support/version.ts";
import type { Command, CommandEntry } from "./command.ts";

/** Sets names and summaries in two columns. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
    .join("\n");
}

/** The list of commands. */
export function overview(commands: readonly CommandEntry[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return `${NAME}: routes, records, prices and measures LLM requests

Usage: ${NAME} COMMAND [FLAGS]

${columns([...rows, ["help", "Print this, or the help of a command"]])}

${NAME} COMMAND --help tells more of each.
Exit codes: 0 ok, 1 the answer is "no", 2 usage error, 3 could not find out.`;
}

/** The help of one command. */
export function commandHelp(entry: CommandEntry, command: Command): string {
  const flags = [...command.flags, {
    name: "help",
    summary: "Print this",
  }];
  const rows = flags.map((flag) =>
    [
      "value" in flag && flag.value !== undefined
        ? `--${flag.name} ${flag.value}`
        : `--${flag.name}`,
      flag.summary,
    ] as const
  );
  const usage = `Usage: ${NAME} ${entry.name} ${command.usage}`.trimEnd();
  const notes = command.notes === undefined ? "" : `\n\n${command.notes}`;
  return `${entry.summary}\n\n${usage}\n\n${columns(rows)}${notes}`;
}
