/** `signalbox keys hash`. @module */

import { keyDigest } from "../config/client_keys.ts";
import {
  type Arguments,
  type Command,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatJson, type Terminal } from "./output.ts";

/** `signalbox keys hash`: the keySha256 of a key. */
export const keysHashCommand: Command = {
  usage: "[--json] < KEY_FILE",
  flags: [JSON_FLAG],
  notes:
    "The key is read from standard input, so that it is in no process list and no shell history.",
  run: hash,
};

/** Reads the key and prints its digest. */
async function hash(given: Arguments, terminal: Terminal): Promise<number> {
  if (terminal.interactive) {
    terminal.err("Paste the key, then press Enter and Ctrl-D");
  }
  const key = (await terminal.readInput()).replace(/\r?\n$/, "");
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new UsageError(
      key === ""
        ? "Cannot hash the key: standard input is empty, pipe the key into it"
        : "Cannot hash the key: it has spaces, line breaks or characters beyond ASCII",
    );
  }
  const keySha256 = keyDigest(key);
  terminal.out(given.has("json") ? formatJson({ keySha256 }) : keySha256);
  return 0;
}
