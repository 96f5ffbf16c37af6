import { assertEquals } from "@std/assert";
import {
  bookOf,
  calculatorOf,
  loadPrices,
} from "../../src/accounting/load_prices.ts";
import { pricingSchema } from "../../src/config/schema/pricing.ts";
import { requestOf } from "./prices.ts";

/** Cost of a request under a `pricing` section, with source and key. */
async function costOf(
  pricing: unknown,
  ...request: Parameters<typeof requestOf>
): Promise<readonly unknown[]> {
  const section = pricingSchema.parse(pricing);
  const prices = await loadPrices({
    pricing: section,
    providers: new Set(["openai", "edge"]),
    stateDir: "/nonexistent",
  });
  const calculator = calculatorOf(bookOf(prices, section), section);
  const cost = calculator.cost(requestOf(...request));
  return [cost.totalPico, cost.source, cost.priceKey];
}

Deno.test("loadPrices() lays the config's prices over the embedded ones", async () => {
  const pricing = {
    models: { "gpt-4o-mini": { inputPer1M: 1 }, "edge/m": { inputPer1M: 7 } },
  };
  assertEquals(
    await costOf(pricing, { input: 10 }, { model: "gpt-4o-mini" }),
    [10_000_000n, "config", "gpt-4o-mini"],
  );
  assertEquals(
    await costOf(pricing, { input: 10 }, { provider: "edge" }),
    [70_000_000n, "config", "edge/m"],
  );
  assertEquals(
    await costOf({}, { input: 10 }, { model: "gpt-4o-mini" }),
    [1_500_000n, "embedded", "openai/gpt-4o-mini"],
  );
});

Deno.test("loadPrices() takes a price at any provider, and one of a provider that nobody knows", async () => {
  const pricing = {
    models: { "*/star": { inputPer1M: 2 }, "acme/own": { inputPer1M: 3 } },
  };
  const stated = (provider: string, model: string) =>
    costOf(pricing, { input: 10 }, { provider, model, isStatedProvider: true });
  assertEquals(await stated("zzz", "star"), [20_000_000n, "config", "*/star"]);
  assertEquals(await stated("openai", "star"), [
    20_000_000n,
    "config",
    "*/star",
  ]);
  assertEquals(await stated("acme", "own"), [
    30_000_000n,
    "config",
    "acme/own",
  ]);
  assertEquals(await stated("zzz", "own"), [null, null, null]);
});

Deno.test("loadPrices() takes `tiered` with inclusive bounds", async () => {
  const pricing = {
    tiered: {
      big: [
        { maxInputTokens: 200000, inputPer1M: 1.25, outputPer1M: 10 },
        { inputPer1M: 2.5, outputPer1M: 15 },
      ],
    },
  };
  const cost = (input: number) =>
    costOf(pricing, { input, output: 1 }, { model: "big" });
  // 200,000 x 1.25 + 10; 200,001 x 2.5 + 15.
  assertEquals((await cost(200_000))[0], 250_010_000_000n);
  assertEquals((await cost(200_001))[0], 500_017_500_000n);
});

Deno.test("loadPrices() prices what nobody knows by the fallback, and discounts by provider", async () => {
  const pricing = {
    fallback: { inputPer1M: 1, outputPer1M: 3 },
    discounts: { edge: 0.85 },
  };
  assertEquals(
    await costOf(pricing, { input: 100 }, { provider: "edge", model: "x" }),
    [85_000_000n, "estimated", "fallback"],
  );
});
