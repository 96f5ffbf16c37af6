/** `signalbox version`. @module */

import { NAME, VERSION } from "../support/version.ts";
import { type Command, JSON_FLAG } from "./command.ts";
import { formatJson } from "./output.ts";

/** `signalbox version`. */
export const versionCommand: Command = {
  usage: "[--json]",
  flags: [JSON_FLAG],
  run: (given, terminal) => {
    const { deno, v8 } = Deno.version;
    terminal.out(
      given.has("json")
        ? formatJson({ name: NAME, version: VERSION, deno, v8 })
        : `${NAME} ${VERSION} (deno ${deno}, v8 ${v8})`,
    );
    return Promise.resolve(0);
  },
};
