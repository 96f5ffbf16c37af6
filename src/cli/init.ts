/** `signalbox init`. @module */

import { configJsonSchema } from "../config/json_schema.ts";
import type { Arguments, Command } from "./command.ts";
import { formatJson, type Terminal } from "./output.ts";
import { systemWords } from "../support/system_words.ts";

/** The starter that is part of the program. */
const STARTER_URL = new URL("../../config/signalbox.jsonc", import.meta.url);

/** `signalbox init`: writes a config file to start from, with its schema beside it. */
export const initCommand: Command = {
  usage: "[--force] [PATH]",
  flags: [{
    name: "force",
    summary: "Write over files that are there",
  }],
  maxOperands: 1,
  notes:
    "PATH is ./signalbox.jsonc unless given. The schema signalbox.schema.json goes into the same folder.",
  run: init,
};

/** Writes the files. */
async function init(given: Arguments, terminal: Terminal): Promise<number> {
  const path = given.operands[0] ?? "signalbox.jsonc";
  const folder = path.includes("/")
    ? path.slice(0, path.lastIndexOf("/") + 1)
    : "";
  const files = [
    [path, await Deno.readTextFile(STARTER_URL)],
    [
      `${folder}signalbox.schema.json`,
      `${formatJson(configJsonSchema())}\n`,
    ],
  ] as const;
  const force = given.has("force");
  for (const [file] of files) {
    if (force || !(await exists(file))) continue;
    terminal.err(
      `Cannot write ${file}: it is there, give --force to replace it`,
    );
    return 1;
  }
  for (const [file, text] of files) {
    try {
      await Deno.writeTextFile(file, text, { createNew: !force });
    } catch (error) {
      terminal.err(
        `Cannot write ${file}: ${
          systemWords(error)
        }; give a path in a folder that you may write to`,
      );
      return 1;
    }
    terminal.out(`Wrote ${file}`);
  }
  terminal.out(`Next: signalbox check --config ${path}`);
  return 0;
}

/** Whether there is anything at a path. */
async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
