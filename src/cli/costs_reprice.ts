/** `signalbox costs reprice`. @module */

import type { Pricing } from "../accounting/attempt_pricer.ts";
import { calculatorOf, loadPriceFile } from "../accounting/load_prices.ts";
import { PriceBook } from "../accounting/price_book.ts";
import { compilePriceFile, PRICE_FORMATS } from "../accounting/price_file.ts";
import type { LoggedAttempt } from "../accounting/report/logged_line.ts";
import { reprice, type Repriced } from "../accounting/report/reprice.ts";
import { loadConfig } from "../config/load.ts";
import type { Usage } from "../exchange/usage.ts";
import { usageOfBody } from "../protocols/recorded_usage.ts";
import { isJsonObject } from "../support/json.ts";
import { formatOf } from "./costs_quote.ts";
import { type Arguments, type Command, JSON_FLAG } from "./command.ts";
import { LivePricing } from "./live_pricing.ts";
import { formatJson, formatTable, type Terminal } from "./output.ts";
import { protocolNamed } from "./quote/quote_record.ts";
import {
  FILTER_FLAGS,
  filterOf,
  LOG_FLAGS,
  openLog,
  tellBroken,
} from "./usage/usage_context.ts";

/** `signalbox costs reprice`: what logged requests would have cost at other prices. */
export const costsRepriceCommand: Command = {
  usage:
    "[--from WHEN] [--to WHEN] [--prices FILE [--format NAME]] [--check] [--json]",
  flags: [
    ...FILTER_FLAGS,
    {
      name: "prices",
      value: "FILE",
      summary: "Price by this table alone, and the config's discounts",
    },
    {
      name: "format",
      value: "NAME",
      summary: `Format of the table: auto, ${PRICE_FORMATS.join(", ")}`,
    },
    { name: "check", summary: "Exit with 1 when any cost differs" },
    JSON_FLAG,
    ...LOG_FLAGS,
  ],
  notes:
    "Without --prices, the prices of the config as they are now. The log is not changed. Bills of providers that are believed stay as they are. The difference is over what has a price in both.",
  run: repriceRange,
};

async function repriceRange(
  given: Arguments,
  terminal: Terminal,
): Promise<number> {
  const filter = filterOf(given);
  const pricing = await pricingOf(given, terminal);
  using log = await openLog(given, terminal);
  const answer = await reprice(log.reader, filter, {
    pricing,
    usageOf: usageAgain,
  });
  log[Symbol.dispose]();
  if (given.has("json")) terminal.out(formatJson(answer));
  else {
    terminal.out(textOf(answer, terminal));
    tellBroken(answer.brokenLines, terminal);
  }
  return given.has("check") && answer.changed > 0 ? 1 : 0;
}

async function pricingOf(
  given: Arguments,
  terminal: Terminal,
): Promise<Pricing> {
  const { config } = await loadConfig({
    path: given.value("config"),
    environment: terminal.environment,
  });
  const live = await LivePricing.load(config);
  const path = given.value("prices");
  if (path === undefined) {
    for (const warning of live.warnings) terminal.err(warning);
    return live;
  }
  const file = await loadPriceFile(path, formatOf(given));
  const { table, problems } = compilePriceFile(file, path, "imported");
  for (const problem of problems) terminal.err(`${path}: ${problem}`);
  const calculator = calculatorOf(new PriceBook([table]), config.pricing);
  return {
    cost: (request) => calculator.cost(request),
    provider: (id) => live.provider(id),
  };
}

/** The ledger as it was logged; the shares of models that took part are told by the provider's own words alone. */
function usageAgain({ protocol, usage }: LoggedAttempt): Usage {
  const codec = protocolNamed(protocol);
  if (codec === undefined || !isJsonObject(usage.raw)) return usage;
  const { passes, ledger } = usageOfBody(codec, usage.raw);
  if (passes === undefined) return usage;
  const isSame = JSON.stringify(ledger) === JSON.stringify(usage.ledger);
  return isSame ? { ...usage, passes } : usage;
}

function textOf(answer: Repriced, terminal: Terminal): string {
  const { period } = answer;
  const rows = [...answer.byModel, { model: "total", ...answer }].map((
    sums,
  ) => [
    sums.model,
    String(sums.attempts),
    String(sums.changed),
    sums.logged,
    sums.repriced,
    sums.difference,
    String(sums.loggedUnpriced),
    String(sums.repricedUnpriced),
  ]);
  return [
    `${period.from ?? "the beginning"} to ${period.to ?? "now"}`,
    "",
    formatTable(terminal, [
      "model",
      "attempts",
      "changed",
      "logged USD",
      "repriced USD",
      "difference",
      "no cost logged",
      "no price",
    ], rows),
  ].join("\n");
}
