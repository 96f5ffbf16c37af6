/** `signalbox prices diff`. @module */

import { embeddedPrices } from "../accounting/embedded_prices.ts";
import { loadPriceFile } from "../accounting/load_prices.ts";
import { diffPrices, type PriceDiff } from "../accounting/price_diff.ts";
import { compilePriceFile } from "../accounting/price_file.ts";
import type { PriceTable } from "../accounting/price_table.ts";
import {
  type Arguments,
  type Command,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatJson, formatTable, type Terminal } from "./output.ts";

/** `signalbox prices diff`: what differs between two price tables. */
export const pricesDiffCommand: Command = {
  usage: "A [B] [--json]",
  flags: [JSON_FLAG],
  maxOperands: 2,
  notes:
    "A and B are files of any known format, or `embedded`, which B is when it is left out. Exit code 1: they differ.",
  run: diff,
};

/** A table and what its file is suspected of. */
interface Side {
  readonly name: string;
  readonly table: PriceTable;
  readonly notes: readonly string[];
}

async function diff(given: Arguments, terminal: Terminal): Promise<number> {
  const [left, right = "embedded"] = given.operands;
  if (left === undefined) {
    throw new UsageError("Cannot compare prices: A is missing");
  }
  const before = await sideOf(left);
  const after = await sideOf(right);
  const found = diffPrices(before.table, after.table);
  const notes = [before, after].flatMap((side) =>
    side.notes.map((note) => `${side.name}: ${note}`)
  );
  if (given.has("json")) terminal.out(formatJson({ ...found, notes }));
  else print(found, notes, terminal);
  const same = found.added.length + found.removed.length +
      found.changed.length === 0;
  return same ? 0 : 1;
}

async function sideOf(name: string): Promise<Side> {
  if (name === "embedded") return { name, table: embeddedPrices(), notes: [] };
  const file = await loadPriceFile(name);
  const { table, problems } = compilePriceFile(file, name, "imported");
  const notes = [...file.notes, ...file.suspects, ...problems];
  return { name, table, notes };
}

function print(
  found: PriceDiff,
  notes: readonly string[],
  terminal: Terminal,
): void {
  if (found.changed.length > 0) {
    terminal.out(formatTable(
      terminal,
      ["model", "price", "from", "to"],
      found.changed.map(({ key, field, from, to }) => [
        key,
        field,
        from ?? "-",
        to ?? "-",
      ]),
    ));
  }
  for (const key of found.removed) terminal.out(`- ${key}`);
  for (const key of found.added) terminal.out(`+ ${key}`);
  for (const note of notes) terminal.err(note);
  terminal.err(
    `${found.shared} models in both, ${found.changed.length} prices differ, ` +
      `${found.added.length} models added, ${found.removed.length} removed`,
  );
}
