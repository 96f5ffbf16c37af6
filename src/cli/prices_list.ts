/** `signalbox prices list`. @module */

import { ageDaysOf, tablesOf } from "../accounting/load_prices.ts";
import type { PriceTable, TableRow } from "../accounting/price_table.ts";
import { canonicalProvider } from "../accounting/provider_names.ts";
import { decimalText } from "../support/decimal.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
} from "./command.ts";
import { formatJson, formatTable, type Terminal } from "./output.ts";
import { loadPriceContext } from "./price_context.ts";

/** `signalbox prices list`: every price that is in force, and the tables they come from. */
export const pricesListCommand: Command = {
  usage:
    "[TEXT] [--provider P] [--table NAME] [--tables] [--config PATH] [--json]",
  flags: [
    { name: "provider", value: "P", summary: "Only this provider" },
    { name: "table", value: "NAME", summary: "Only this table" },
    { name: "tables", summary: "List the tables and their age instead" },
    CONFIG_FLAG,
    JSON_FLAG,
  ],
  maxOperands: 1,
  notes: "TEXT keeps the models whose name contains it.",
  run: list,
};

const RATE_SCALE = 6;
const COLUMNS = [
  "inputPer1M",
  "outputPer1M",
  "cachedPer1M",
  "cacheWritePer1M",
] as const;

/** A price that is in force. */
interface Listed {
  readonly row: TableRow;
  readonly table: PriceTable;
}

async function list(given: Arguments, terminal: Terminal): Promise<number> {
  const { config, prices } = await loadPriceContext(given, terminal);
  const tables = tablesOf(prices);
  if (given.has("tables")) {
    listTables(tables, config.pricing.maxAgeDays, given, terminal);
    return 0;
  }
  const listed = inForce(tables).filter(filterOf(given));
  if (given.has("json")) terminal.out(formatJson(listed.map(listedJson)));
  else if (listed.length === 0) {
    terminal.err(
      "No price in force fits; `signalbox prices list` without arguments lists all",
    );
  } else {
    terminal.out(formatTable(
      terminal,
      ["model", "input", "output", "cached", "write", "table", "date"],
      listed.map(listedCells),
    ));
    terminal.err(`${listed.length} models, USD per million tokens`);
  }
  return 0;
}

/** Entries of earlier tables hide those of later ones. */
function inForce(tables: readonly PriceTable[]): readonly Listed[] {
  const seen = new Map<string, Listed>();
  for (const table of tables) {
    for (const row of table.rows) {
      const place = `${canonicalProvider(row.provider ?? "*")}/${row.model}`;
      if (!seen.has(place)) seen.set(place, { row, table });
    }
  }
  return [...seen.values()].sort((left, right) =>
    left.row.key < right.row.key ? -1 : 1
  );
}

function filterOf(given: Arguments): (listed: Listed) => boolean {
  const text = given.operands[0]?.toLowerCase() ?? "";
  const provider = given.value("provider");
  const table = given.value("table");
  const wanted = provider === undefined ? null : canonicalProvider(provider);
  return ({ row, table: { name } }) =>
    row.key.toLowerCase().includes(text) &&
    (wanted === null || canonicalProvider(row.provider ?? "*") === wanted) &&
    (table === undefined || name === table);
}

function ratesOf(row: TableRow): readonly (string | null)[] {
  return COLUMNS.map((key) => {
    const rate = row.source.entry.rates[key];
    return rate === undefined ? null : decimalText(rate, RATE_SCALE);
  });
}

function listedCells({ row, table }: Listed): readonly string[] {
  return [
    row.key,
    ...ratesOf(row).map((rate) => rate ?? ""),
    table.name,
    row.source.entry.date ?? table.date ?? "",
  ];
}

function listedJson({ row, table }: Listed): object {
  const rates = ratesOf(row);
  return {
    key: row.key,
    ...Object.fromEntries(COLUMNS.map((key, index) => [key, rates[index]])),
    table: table.name,
    source: table.source,
    date: row.source.entry.date ?? table.date,
  };
}

function listTables(
  tables: readonly PriceTable[],
  maxAgeDays: number,
  given: Arguments,
  terminal: Terminal,
): void {
  const nowMs = Date.now();
  const rows = tables.map((table) => {
    const ageDays = ageDaysOf(table, nowMs);
    const stale = maxAgeDays > 0 && (ageDays ?? 0) > maxAgeDays;
    const { name, source, date } = table;
    return { name, source, date, ageDays, stale, models: table.rows.length };
  });
  if (given.has("json")) {
    terminal.out(formatJson(rows));
    return;
  }
  terminal.out(formatTable(
    terminal,
    ["table", "models", "date", "days old", ""],
    rows.map((row) => [
      row.name,
      String(row.models),
      row.date ?? "",
      String(row.ageDays ?? ""),
      row.stale ? "stale" : "",
    ]),
  ));
}
