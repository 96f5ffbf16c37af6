/** `signalbox usage index`. @module */

import { UsageIndex } from "../../accounting/query/usage_index.ts";
import { type Arguments, type Command, JSON_FLAG } from "../command.ts";
import { formatJson, type Terminal } from "../output.ts";
import { LOG_FLAGS, openLog } from "./usage_context.ts";

/** `signalbox usage index`: sums by hour and day, made from the log. */
export const usageIndexCommand: Command = {
  usage: "[--rebuild] [--folder PATH] [--config PATH] [--json]",
  flags: [
    { name: "rebuild", summary: "Throw it away and make it anew" },
    JSON_FLAG,
    ...LOG_FLAGS,
  ],
  notes:
    "Summaries use it with --index, or always with logging.usage.index. The log stays the truth.",
  run: makeIndex,
};

async function makeIndex(
  given: Arguments,
  terminal: Terminal,
): Promise<number> {
  using log = await openLog(given, terminal);
  if (given.has("rebuild")) await UsageIndex.remove(log.indexPath);
  using index = UsageIndex.open(log.indexPath);
  const result = await index.update(log.reader, 0);
  log[Symbol.dispose]();
  if (given.has("json")) {
    terminal.out(formatJson({ path: log.indexPath, ...result }));
  } else {
    terminal.out(
      `${log.indexPath}: ${result.lines} lines of ${result.files} files added, ${result.unchanged} files as known`,
    );
  }
  return 0;
}
