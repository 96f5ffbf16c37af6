/** `signalbox costs quote`. @module */

import { CostCalculator } from "../accounting/cost_calculator.ts";
import {
  bookOf,
  calculatorOf,
  loadPriceFile,
} from "../accounting/load_prices.ts";
import { PriceBook } from "../accounting/price_book.ts";
import {
  compilePriceFile,
  PRICE_FORMATS,
  type PriceFormat,
} from "../accounting/price_file.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatJson, formatTable, type Terminal } from "./output.ts";
import { hostOf, loadPriceContext } from "./price_context.ts";
import { quoteBatch, quoteRecord } from "./quote/quote_batch.ts";
import { protocolNamed, type ProviderFacts } from "./quote/quote_record.ts";
import { systemWords } from "../support/system_words.ts";

/** `signalbox costs quote`: what recorded answers cost. */
export const costsQuoteCommand: Command = {
  usage:
    "--provider P --model M --protocol NAME --usage FILE|- | --batch FILE|-",
  flags: [
    { name: "provider", value: "P", summary: "Provider that answered" },
    { name: "model", value: "M", summary: "Model that was asked" },
    {
      name: "protocol",
      value: "NAME",
      summary: "chat, messages or responses",
    },
    {
      name: "usage",
      value: "FILE",
      summary:
        "Usage object, whole answer or recorded event stream; - is stdin",
    },
    {
      name: "request",
      value: "JSON",
      summary:
        "What is known of the request: serviceTier, batch, region, speed, at, host",
    },
    {
      name: "batch",
      value: "FILE",
      summary:
        "JSON lines {id, provider, model, protocol, usage | events, request}",
    },
    {
      name: "prices",
      value: "FILE",
      summary: "Price by this table alone",
    },
    {
      name: "format",
      value: "NAME",
      summary: `Format of the table: auto, ${PRICE_FORMATS.join(", ")}`,
    },
    CONFIG_FLAG,
    JSON_FLAG,
  ],
  notes: `\
usage is the usage object or the whole answer, events the events of a stream
(JSON, lines of text, or one text). request holds serviceTier, batch, region,
speed, at, host and searchContextSize, or the provider's names of them, such as
service_tier and inference_geo; what the answer says goes before it.

A batch is answered line by line, in its order, whatever is wrong with single
lines: {id, costUsd, status, usageSource, ledger, components, rates, priceKey,
priceSource, reportedUsd, details}, with the reason where status is invalid.`,
  run: quote,
};

/** A calculator and what is known of providers. */
interface Pricing {
  readonly calculator: CostCalculator;
  readonly facts: ProviderFacts;
}

async function quote(given: Arguments, terminal: Terminal): Promise<number> {
  const batch = given.value("batch");
  formatOf(given);
  if (batch === undefined) checkFlags(given);
  const pricing = await pricingOf(given, terminal);
  const options = { ...pricing, nowMs: Date.now() };
  if (batch === undefined) {
    const record = await recordOf(given, terminal);
    const answer = quoteRecord(record, options);
    if (answer.status === "invalid") throw new Error(String(answer.reason));
    const { id: _, ...rest } = answer;
    terminal.out(
      given.has("json") ? formatJson(rest) : formatAnswer(rest, terminal),
    );
    return 0;
  }
  await quoteBatch(await openInput(batch), {
    ...options,
    write: (lines) => terminal.out(lines),
  });
  return 0;
}

function checkFlags(given: Arguments): void {
  for (const name of ["provider", "model", "protocol", "usage"]) {
    if (given.value(name) !== undefined) continue;
    throw new UsageError(
      `Cannot quote: --${name} is missing, give it, or --batch FILE`,
    );
  }
  const name = given.value("protocol") ?? "";
  if (protocolNamed(name) === undefined) {
    throw new UsageError(
      `Cannot quote: --protocol is ${name}, use chat, messages or responses`,
    );
  }
}

/** Reads the format of a price table off its flag. */
export function formatOf(given: Arguments): PriceFormat | "auto" {
  const name = given.value("format") ?? "auto";
  const format = PRICE_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  if (name === "auto") return name;
  throw new UsageError(
    `Cannot read price table: --format is ${name}, use auto, ${
      PRICE_FORMATS.join(", ")
    }`,
  );
}

async function pricingOf(
  given: Arguments,
  terminal: Terminal,
): Promise<Pricing> {
  const path = given.value("prices");
  if (path !== undefined) {
    const file = await loadPriceFile(path, formatOf(given));
    const { table, problems } = compilePriceFile(file, path, "imported");
    for (const problem of problems) terminal.err(`${path}: ${problem}`);
    return {
      calculator: new CostCalculator(new PriceBook([table])),
      facts: {
        isConfigured: () => false,
        hostOf: () => null,
        trusts: () => true,
      },
    };
  }
  const { config, prices } = await loadPriceContext(given, terminal);
  return {
    calculator: calculatorOf(bookOf(prices, config.pricing), config.pricing),
    facts: {
      isConfigured: (provider) => config.providers.has(provider),
      hostOf: (provider) => hostOf(config, provider),
      trusts: (provider) =>
        config.providers.get(provider)?.trustReportedCost ?? true,
    },
  };
}

async function recordOf(
  given: Arguments,
  terminal: Terminal,
): Promise<JsonObject> {
  const path = given.value("usage") ?? "-";
  const text = path === "-"
    ? await terminal.readInput()
    : await readable(path, Deno.readTextFile(path));
  return {
    provider: given.value("provider"),
    model: given.value("model"),
    protocol: given.value("protocol"),
    request: requestOf(given.value("request")),
    ...usageField(text, path),
  };
}

/** JSON goes on as JSON, so that its time of creation is seen; a stream as its text. */
function usageField(text: string, path: string): JsonObject {
  if (text.trim() === "") {
    throw new Error(
      `Cannot quote: ${
        path === "-" ? "standard input" : path
      } is empty, give a usage object, an answer or an event stream`,
    );
  }
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? { usage: value } : { usage: text };
  } catch {
    return { usage: text };
  }
}

function requestOf(text: string | undefined): JsonObject {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw new UsageError(
    `Cannot quote: --request is ${text}, give a JSON object such as {"batch":true}`,
  );
}

async function openInput(path: string): Promise<AsyncIterable<Uint8Array>> {
  if (path === "-") return Deno.stdin.readable;
  const { isDirectory } = await readable(path, Deno.stat(path));
  if (isDirectory) throw new Error(`Cannot read ${path}: it is a folder`);
  return (await readable(path, Deno.open(path))).readable;
}

/** Says which file cannot be read, and why. */
async function readable<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${systemWords(error)}`, {
      cause: error,
    });
  }
}

function formatAnswer(answer: JsonObject, terminal: Terminal): string {
  const ledger = isJsonObject(answer.ledger) ? answer.ledger : {};
  const components = isJsonObject(answer.components) ? answer.components : {};
  const names = new Set([...Object.keys(ledger), ...Object.keys(components)]);
  const rows = [...names]
    .filter((name) => ledger[name] !== 0 || components[name] !== undefined)
    .map((name) => [
      name,
      String(ledger[name] ?? ""),
      String(components[name] ?? ""),
    ]);
  const price = answer.priceKey === null
    ? "no price"
    : `${answer.priceKey} (${answer.priceSource})`;
  const lines = [
    formatTable(terminal, ["bucket", "units", "USD"], rows),
    "",
    `cost    ${answer.costUsd ?? "unknown"} USD, ${answer.status}`,
    `price   ${price}`,
    `usage   ${answer.usageSource}`,
  ];
  if (answer.reportedUsd !== null) {
    lines.push(`billed  ${answer.reportedUsd} USD, says the provider`);
  }
  return lines.join("\n");
}
