/** `signalbox keys new`. @module */

import { randomBytes } from "node:crypto";
import { keyDigest } from "../config/client_keys.ts";
import { type Command, JSON_FLAG } from "./command.ts";
import { formatJson } from "./output.ts";

/** `signalbox keys new`: a key for a client, shown once, with what goes into the config. */
export const keysNewCommand: Command = {
  usage: "[--json]",
  flags: [JSON_FLAG],
  notes:
    "The key is kept nowhere: give it to the client, and its keySha256 to clients.NAME in the config.",
  run: (given, terminal) => {
    const key = `sbx_${randomBytes(32).toString("base64url")}`;
    const keySha256 = keyDigest(key);
    if (given.has("json")) {
      terminal.out(formatJson({ key, keySha256 }));
    } else {
      terminal.out(`key        ${key}`);
      terminal.out(`keySha256  ${keySha256}`);
      terminal.err("The key is not shown again");
    }
    return Promise.resolve(0);
  },
};
