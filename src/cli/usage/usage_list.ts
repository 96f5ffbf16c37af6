/** `signalbox usage list`. @module */

import { readCount } from "../../accounting/query/usage_filter.ts";
import {
  MAX_LIMIT,
  MAX_OFFSET,
  readPage,
} from "../../accounting/query/usage_page.ts";
import { emptyRow, fillRow } from "../../accounting/usage_row.ts";
import { csvRow, csvText } from "../../support/csv.ts";
import { isJsonObject } from "../../support/json.ts";
import { type Arguments, type Command, JSON_FLAG } from "../command.ts";
import { formatTable, type Terminal } from "../output.ts";
import { CSV_HEAD, csvLine } from "./usage_csv.ts";
import {
  asked,
  FILTER_FLAGS,
  filterOf,
  LOG_FLAGS,
  openLog,
  tellBroken,
} from "./usage_context.ts";
import { usdOf } from "./usage_text.ts";

/** `signalbox usage list`: requests, the newest first. */
export const usageListCommand: Command = {
  usage:
    "[--from WHEN] [--to WHEN] [--provider P] [--client C] [--limit N] [--offset N] [--json|--csv]",
  flags: [
    ...FILTER_FLAGS,
    { name: "limit", value: "N", summary: "Most requests (50)" },
    { name: "offset", value: "N", summary: "Requests that are passed over" },
    { name: "csv", summary: "Answer in CSV" },
    JSON_FLAG,
    ...LOG_FLAGS,
  ],
  run: list,
};

const HEAD: readonly string[] = [
  "time",
  "client",
  "asked for",
  "answered by",
  "outcome",
  "input",
  "output",
  "USD",
  "ms",
];

async function list(given: Arguments, terminal: Terminal): Promise<number> {
  const filter = filterOf(given);
  const value = (name: string) => given.value(name);
  const limit = asked(() => readCount(value, "limit", 50, [1, MAX_LIMIT]));
  const offset = asked(() => readCount(value, "offset", 0, [0, MAX_OFFSET]));
  using log = await openLog(given, terminal);
  const page = await readPage(log.reader, filter, { limit, offset });
  log[Symbol.dispose]();
  if (given.has("json")) {
    // Lines are JSON already: numbers and names stay as they are.
    const lines = page.lines.map((line) => `    ${line}`).join(",\n");
    terminal.out(
      `{\n  "items": [\n${lines}\n  ],\n  "limit": ${limit},\n  "offset": ${offset},\n  "hasMore": ${page.hasMore},\n  "brokenLines": ${page.brokenLines}\n}`,
    );
    return 0;
  }
  if (given.has("csv")) {
    terminal.out(csvText([csvRow(CSV_HEAD), ...page.lines.map(csvLine)]));
  } else {
    terminal.out(formatTable(terminal, HEAD, page.lines.map(cells)));
    if (page.hasMore) terminal.err(`More with --offset ${offset + limit}`);
  }
  tellBroken(page.brokenLines, terminal);
  return 0;
}

function cells(line: string): string[] {
  const row = emptyRow();
  const value: unknown = JSON.parse(line);
  if (isJsonObject(value)) fillRow(row, value);
  return [
    new Date(row.timestampMs).toISOString(),
    row.client,
    row.requestedModel,
    row.provider === "" ? "-" : `${row.provider}/${row.model}`,
    row.outcome,
    String(row.inputTokens),
    String(row.outputTokens),
    row.costPico === null ? row.costStatus : usdOf(row.costPico),
    row.durationMs.toFixed(0),
  ];
}
