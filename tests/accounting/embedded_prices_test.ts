import { assert, assertEquals } from "@std/assert";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { embeddedPrices } from "../../src/accounting/embedded_prices.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import {
  compilePriceFile,
  readPriceFile,
} from "../../src/accounting/price_file.ts";
import { usdText } from "../../src/support/decimal.ts";
import type { JsonValue } from "../../src/support/json.ts";
import { requestOf, usageOf } from "./prices.ts";

const FILE = new URL("../../config/prices.json", import.meta.url);

Deno.test("config/prices.json is right in every entry, dated, sourced, and small", async () => {
  const text = await Deno.readTextFile(FILE);
  assert(text.length < 400 * 1024, `${text.length} bytes`);
  const file = readPriceFile(JSON.parse(text) as JsonValue, { date: "" });
  assertEquals(file.suspects, []);
  const { table, problems } = compilePriceFile(file, "embedded", "embedded");
  assertEquals(problems, []);
  for (const { key, provider, source: { entry } } of table.rows) {
    assert(provider !== null, key);
    assert(entry.source !== null && entry.date !== null, key);
    // Zero is how tables spell unknown: no entry says that all is free.
    const { inputPer1M, outputPer1M } = entry.rates;
    assert(inputPer1M !== 0n || outputPer1M !== 0n, key);
    assert(inputPer1M !== undefined || entry.perRequestPico !== null, key);
  }
});

Deno.test("embeddedPrices() lists current models at their current prices", () => {
  const calculator = new CostCalculator(new PriceBook([embeddedPrices()]));
  const at = Date.parse("2026-11-18T12:00:00Z");
  const price = (
    provider: string,
    model: string,
    serviceTier: string | null = null,
    atMs: number = at,
  ) => {
    const { totalPico } = calculator.cost(requestOf({}, {
      provider,
      model,
      atMs,
      usage: usageOf({ input: 1000, output: 1000 }, { serviceTier }),
    }));
    return totalPico === null ? null : usdText(totalPico);
  };
  assertEquals(price("openai", "gpt-6-sol"), "0.012");
  assertEquals(price("openai", "gpt-4o-mini"), "0.00075");
  assertEquals(price("anthropic", "claude-opus-5-5"), "0.024");
  // Known errors of the sources, corrected.
  assertEquals(price("openai", "gpt-5.5", "priority"), "0.0875");
  assertEquals(price("deepseek", "deepseek-flash"), "0.00075");
  const peak = Date.parse("2026-11-18T02:00:00Z");
  assertEquals(price("deepseek", "deepseek-flash", null, peak), "0.0015");
  const weekend = Date.parse("2026-11-21T02:00:00Z");
  assertEquals(price("deepseek", "deepseek-flash", null, weekend), "0.00075");
  // The past: 5 and 30 until 2026-08-21.
  const july = Date.parse("2026-07-01T00:00:00Z");
  assertEquals(price("openai", "gpt-5.6-sol", null, july), "0.035");
  assertEquals(price("openai", "gpt-5.6-sol"), "0.024");
  // A rise that is only scheduled is not believed.
  const newYear = Date.parse("2027-01-02T00:00:00Z");
  assertEquals(price("google", "gemini-3.6-flash", null, newYear), "0.0045");
});
