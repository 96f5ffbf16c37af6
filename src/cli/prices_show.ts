/** `signalbox prices show`. @module */

import { ageDaysOf, bookOf } from "../accounting/load_prices.ts";
import { splitPriceKey } from "../accounting/model_names.ts";
import type { PriceBook, PriceMatch } from "../accounting/price_book.ts";
import { priceFields } from "../accounting/price_diff.ts";
import type { PriceTable, TableRow } from "../accounting/price_table.ts";
import type { Config } from "../config/schema.ts";
import { didYouMean } from "../support/did_you_mean.ts";
import type { JsonObject } from "../support/json.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatJson, formatTable, type Terminal } from "./output.ts";
import { hostOf, loadPriceContext } from "./price_context.ts";

/** `signalbox prices show`: the entry that a model is priced by, and why. */
export const pricesShowCommand: Command = {
  usage: "MODEL [--provider P] [--config PATH] [--json]",
  flags: [
    {
      name: "provider",
      value: "P",
      summary: "Provider; else MODEL is provider/model, or a bare name",
    },
    CONFIG_FLAG,
    JSON_FLAG,
  ],
  maxOperands: 1,
  run: show,
};

/** More providers than these are not read. */
const MAX_LISTED = 20;

async function show(given: Arguments, terminal: Terminal): Promise<number> {
  const [asked] = given.operands;
  if (asked === undefined) {
    throw new UsageError("Cannot show price: MODEL is missing");
  }
  const { config, prices } = await loadPriceContext(given, terminal);
  const book = bookOf(prices, config.pricing);
  const { provider, model } = targetOf(
    asked,
    given.value("provider"),
    config,
    book,
  );
  const match = book.find({
    provider,
    model,
    host: hostOf(config, provider),
    responseModel: null,
  });
  if (match === null) return explainNone(book, asked, model, given, terminal);
  if (given.has("json")) terminal.out(formatJson(matchJson(match)));
  else terminal.out(matchText(match, terminal));
  return 0;
}

function targetOf(
  asked: string,
  named: string | undefined,
  config: Config,
  book: PriceBook,
): { readonly provider: string; readonly model: string } {
  if (named !== undefined) return { provider: named, model: asked };
  const { provider } = splitPriceKey(
    asked,
    (name) => config.providers.has(name) || book.knowsProvider(name),
  );
  return provider === null
    ? { provider: "", model: asked }
    : { provider, model: asked.slice(provider.length + 1) };
}

function matchJson(match: PriceMatch): JsonObject {
  return {
    key: match.key,
    rule: match.rule,
    provider: match.provider,
    table: match.table,
    source: match.source,
    date: match.date,
    ageDays: ageDaysOf(match, Date.now()),
    prices: Object.fromEntries(priceFields(match.entry)),
    aliases: [...match.entry.aliases],
    history: match.entry.history.map(({ untilMs }) =>
      new Date(untilMs).toISOString().slice(0, 10)
    ),
    notes: [...match.entry.notes],
  };
}

function matchText(match: PriceMatch, terminal: Terminal): string {
  const age = ageDaysOf(match, Date.now());
  const dated = match.date === null
    ? "no date"
    : `as of ${match.date}, ${age} days ago`;
  const from = match.entry.source === null
    ? ""
    : `, from ${match.entry.source}`;
  return [
    `${match.key}: rule ${match.rule}, table ${match.table}${from}, ${dated}`,
    formatTable(
      terminal,
      ["price", "USD or factor"],
      [...priceFields(match.entry)].map(([name, value]) => [name, value]),
    ),
    ...match.entry.notes.map((note) => `note: ${note}`),
  ].join("\n");
}

/** Says who lists the name, or what was probably meant. Likeness is for people, never for bills. */
function explainNone(
  book: PriceBook,
  asked: string,
  model: string,
  given: Arguments,
  terminal: Terminal,
): number {
  const listing = book.tables.flatMap((table) =>
    table.listing(model.toLowerCase())
  );
  const keys = listing.map((row) => row.key).slice(0, MAX_LISTED);
  const meant = keys.length > 0 ? null : meantBy(asked, model, book.tables);
  if (given.has("json")) {
    terminal.out(formatJson({ key: null, listedAt: keys, didYouMean: meant }));
    return 1;
  }
  const hint = keys.length > 0
    ? `its prices differ by provider: ${keys.join(", ")}; give --provider`
    : meant === null
    ? "no table lists it: add it to pricing.models, or import a table"
    : `no table lists it, did you mean ${meant}?`;
  terminal.err(`Cannot price ${asked}: ${hint}`);
  return 1;
}

function meantBy(
  asked: string,
  model: string,
  tables: readonly PriceTable[],
): string | null {
  const rows: readonly TableRow[] = tables.flatMap((table) => table.rows);
  return didYouMean(asked, rows.map((row) => row.key)) ??
    didYouMean(model, rows.map((row) => row.model));
}
