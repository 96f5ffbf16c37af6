/** `signalbox prices sync`. @module */

import { dayOf } from "../accounting/load_prices.ts";
import { readPriceFile } from "../accounting/price_file.ts";
import { parseTable } from "../accounting/price_store.ts";
import { download } from "../upstream/download.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
} from "./command.ts";
import { formatOf } from "./costs_quote.ts";
import type { Terminal } from "./output.ts";
import { loadPriceContext } from "./price_context.ts";
import { storeTable } from "./prices_import.ts";

/** Longer than any known price list by far. */
const MAX_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** `signalbox prices sync`: a price table from the network, into the state folder. */
export const pricesSyncCommand: Command = {
  usage:
    "[URL] [--format NAME] [--name NAME] [--accept] [--config PATH] [--json]",
  flags: [
    { name: "format", value: "NAME", summary: "Format; else by its shape" },
    { name: "name", value: "NAME", summary: "What it is kept as" },
    { name: "date", value: "DAY", summary: "Day as of which it holds" },
    { name: "accept", summary: "Store it whatever speaks against it" },
    CONFIG_FLAG,
    JSON_FLAG,
  ],
  maxOperands: 1,
  notes:
    "Without URL: pricing.openrouter.url of the config. Redirects are not followed.",
  run: sync,
};

async function sync(given: Arguments, terminal: Terminal): Promise<number> {
  const { config } = await loadPriceContext(given, terminal);
  const url = given.operands[0] ?? config.pricing.openrouter.url;
  const text = await download(url, {
    maxBytes: MAX_BYTES,
    timeoutMs: TIMEOUT_MS,
  });
  const file = readPriceFile(parseTable(text, url), {
    format: formatOf(given),
    date: dayOf(Date.now()),
  });
  const name = given.value("name") ?? file.format;
  return await storeTable(file, name, given, terminal);
}
