/** `signalbox version`. @module */

import { buildRevision } from "../support/revision.ts";
import { NAME, VERSION } from "../support/version.ts";
import { type Command, JSON_FLAG } from "./command.ts";
import { formatJson } from "./output.ts";

/** `signalbox version`. */
export const versionCommand: Command = {
  usage: "[--json | --revision]",
  flags: [JSON_FLAG, {
    name: "revision",
    summary: "Print the commit of the build alone",
  }],
  run: (given, terminal) => {
    const { deno, v8 } = Deno.version;
    const revision = buildRevision();
    if (given.has("revision")) terminal.out(revision);
    else if (given.has("json")) {
      terminal.out(
        formatJson({ name: NAME, version: VERSION, revision, deno, v8 }),
      );
    } else {
      terminal.out(
        `${NAME} ${VERSION} (revision ${revision}, deno ${deno}, v8 ${v8})`,
      );
    }
    return Promise.resolve(0);
  },
};
