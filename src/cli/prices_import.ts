/** `signalbox prices import`. @module */

import { loadPriceFile } from "../accounting/load_prices.ts";
import { PRICE_FORMATS, type PriceFile } from "../accounting/price_file.ts";
import { type ImportResult, PriceStore } from "../accounting/price_store.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatOf } from "./costs_quote.ts";
import { formatJson, type Terminal } from "./output.ts";
import { loadPriceContext } from "./price_context.ts";

/** `signalbox prices import`: a price table from a file, into the state folder. */
export const pricesImportCommand: Command = {
  usage:
    "FILE [--format NAME] [--name NAME] [--accept] [--config PATH] [--json]",
  flags: [
    {
      name: "format",
      value: "NAME",
      summary: `auto, ${PRICE_FORMATS.join(", ")}`,
    },
    {
      name: "name",
      value: "NAME",
      summary: "What it is kept as; a table of that name is updated",
    },
    { name: "date", value: "DAY", summary: "Day as of which it holds" },
    { name: "accept", summary: "Store it whatever speaks against it" },
    CONFIG_FLAG,
    JSON_FLAG,
  ],
  maxOperands: 1,
  notes:
    "Refused without --accept: too many models gone, prices that jump, negative numbers (pricing.guard).",
  run: importFile,
};

async function importFile(
  given: Arguments,
  terminal: Terminal,
): Promise<number> {
  const [path] = given.operands;
  if (path === undefined) {
    throw new UsageError("Cannot import prices: FILE is missing");
  }
  const file = await loadPriceFile(path, formatOf(given));
  return await storeTable(
    file,
    given.value("name") ?? file.format,
    given,
    terminal,
  );
}

/** Stores a table and says what came of it. */
export async function storeTable(
  file: PriceFile,
  name: string,
  given: Arguments,
  terminal: Terminal,
): Promise<number> {
  const day = given.value("date");
  if (day !== undefined && !/^\d{4}-\d\d-\d\d$/.test(day)) {
    throw new UsageError(
      `Cannot import prices: --date is ${day}, give a day such as 2026-08-21`,
    );
  }
  const { config, prices } = await loadPriceContext(given, terminal);
  const dated = day === undefined ? file : { ...file, date: day };
  const result = await new PriceStore(config.stateDir).add(name, dated, {
    limits: config.pricing.guard,
    accept: given.has("accept"),
    baseline: prices.embedded,
  });
  if (given.has("json")) terminal.out(formatJson({ name, ...result }));
  else print(name, result, terminal);
  return result.stored ? 0 : 1;
}

function print(name: string, result: ImportResult, terminal: Terminal): void {
  for (const note of result.notes) terminal.err(note);
  for (const reason of result.refused) terminal.err(reason);
  if (!result.stored) {
    terminal.err(
      `Cannot import prices ${name}: they are implausible, nothing was changed; --accept stores them all the same`,
    );
    return;
  }
  terminal.out(
    `${result.path}: ${result.models} models, ${result.added} new, ` +
      `${result.changed} prices changed, ${result.kept} kept that it no longer lists`,
  );
}
