/** `signalbox usage export`. @module */

import { scanLines } from "../../accounting/query/usage_scan.ts";
import { csvRow, csvText } from "../../support/csv.ts";
import { type Arguments, type Command, UsageError } from "../command.ts";
import type { Terminal } from "../output.ts";
import { CSV_HEAD, csvLine } from "./usage_csv.ts";
import {
  FILTER_FLAGS,
  filterOf,
  LOG_FLAGS,
  openLog,
  tellBroken,
} from "./usage_context.ts";

/** `signalbox usage export`: lines as they stand in the log, the oldest first. */
export const usageExportCommand: Command = {
  usage: "[--from WHEN] [--to WHEN] [--client C] [--json|--csv]",
  flags: [
    ...FILTER_FLAGS,
    { name: "csv", summary: "Rows of CSV (RFC 4180)" },
    { name: "json", summary: "JSON lines as they were logged (the default)" },
    ...LOG_FLAGS,
  ],
  run: exportLines,
};

/** Lines that are written at once. */
const BATCH = 500;

async function exportLines(
  given: Arguments,
  terminal: Terminal,
): Promise<number> {
  const isCsv = given.has("csv");
  if (isCsv && given.has("json")) {
    throw new UsageError(
      "Cannot export: --csv and --json are given, choose one",
    );
  }
  const filter = filterOf(given);
  using log = await openLog(given, terminal);
  let batch: string[] = [];
  const write = () => {
    if (batch.length > 0) {
      terminal.out(isCsv ? csvText(batch) : batch.join("\n"));
    }
    batch = [];
  };
  if (isCsv) batch.push(csvRow(CSV_HEAD));
  const broken = await scanLines(log.reader, filter, (line) => {
    const text = line.text();
    batch.push(isCsv ? csvLine(text) : text);
    if (batch.length >= BATCH) write();
  });
  write();
  log[Symbol.dispose]();
  tellBroken(broken, terminal);
  return 0;
}
