/**
 * Reference cases: what a customer would send to `costs quote --batch`, with
 * the cost worked out by hand from the rows of the price tables beside them.
 * Every pricing dimension, protocol and table format is among them; `why`
 * says what a case is there for.
 */

import { assert, assertEquals } from "@std/assert";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { embeddedPrices } from "../../src/accounting/embedded_prices.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import {
  compilePriceFile,
  readPriceFile,
} from "../../src/accounting/price_file.ts";
import type { PriceTable } from "../../src/accounting/price_table.ts";
import { quoteRecord } from "../../src/cli/quote/quote_batch.ts";
import { scaledDecimal } from "../../src/support/decimal.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../src/support/json.ts";

const FOLDER = new URL("../fixtures/reference_prices/", import.meta.url);

/** One case: the line, and the fields of its answer that are known. */
interface ReferenceCase {
  /** File of the table, `null` for the embedded one. */
  readonly prices: string | null;
  readonly line: JsonObject;
  readonly expect: JsonObject;
  readonly why?: string;
}

const CASES: readonly ReferenceCase[] = (await readText("cases.jsonl"))
  .trim().split("\n").map((line) => JSON.parse(line) as ReferenceCase);

function readText(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, FOLDER));
}

async function tableOf(name: string | null): Promise<PriceTable> {
  if (name === null) return embeddedPrices();
  const json = JSON.parse(await readText(name)) as JsonValue;
  // Recognised by its shape, as of a day after all that it schedules but 2027.
  const file = readPriceFile(json, { date: "2026-11-21" });
  const { table, problems } = compilePriceFile(file, name, "imported");
  assertEquals(problems, []);
  return table;
}

/** What differs from the expectation, `""` if nothing does. */
function difference(answer: JsonObject, expected: JsonObject): string {
  const { ledger, atLeastUsd, ...fields } = expected;
  const wrong = Object.entries(fields)
    .filter(([field, value]) => answer[field] !== value)
    .map(([field, value]) => `${field} ${answer[field]}, not ${value}`);
  const buckets = isJsonObject(answer.ledger) ? answer.ledger : {};
  for (
    const [name, count] of Object.entries(isJsonObject(ledger) ? ledger : {})
  ) {
    if (buckets[name] !== count) {
      wrong.push(`ledger.${name} ${buckets[name]}, not ${count}`);
    }
  }
  if (
    atLeastUsd !== undefined && !(Number(answer.costUsd) >= Number(atLeastUsd))
  ) {
    wrong.push(`costUsd ${answer.costUsd}, less than ${atLeastUsd}`);
  }
  return wrong.join("; ");
}

/** Adds up the components; they must give the cost to the last digit. */
function sumOf(components: JsonValue | undefined): bigint {
  return Object.values(isJsonObject(components) ? components : {})
    .reduce(
      (sum, usd) => sum + (scaledDecimal(String(usd), 12)?.value ?? 0n),
      0n,
    );
}

for (const prices of new Set(CASES.map((known) => known.prices))) {
  const cases = CASES.filter((known) => known.prices === prices);
  Deno.test(`reference cases: ${cases.length} by ${prices ?? "the embedded table"}`, async () => {
    const calculator = new CostCalculator(
      new PriceBook([await tableOf(prices)]),
    );
    const facts = {
      isConfigured: () => false,
      hostOf: () => null,
      trusts: () => true,
    };
    const nowMs = Date.UTC(2026, 10, 21);
    const wrong: string[] = [];
    for (const { line, expect, why } of cases) {
      const answer = quoteRecord(line, { calculator, facts, nowMs });
      const found = difference(answer, expect);
      if (found !== "") wrong.push(`${line.id} (${why ?? "plain"}): ${found}`);
      if (typeof answer.costUsd === "string") {
        assertEquals(
          sumOf(answer.components),
          scaledDecimal(answer.costUsd, 12)?.value,
          String(line.id),
        );
      }
    }
    assertEquals(wrong, []);
    assert(cases.length > 0);
  });
}
