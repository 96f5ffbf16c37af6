/** `signalbox config schema`. @module */

import { configJsonSchema } from "../config/json_schema.ts";
import type { Command } from "./command.ts";
import { formatJson } from "./output.ts";

/** `signalbox config schema`: the JSON Schema of the config file. */
export const configSchemaCommand: Command = {
  usage: "",
  flags: [],
  notes:
    'Editors check and complete a config file whose "$schema" names a file with this text.',
  run: (_given, terminal) => {
    terminal.out(formatJson(configJsonSchema()));
    return Promise.resolve(0);
  },
};
