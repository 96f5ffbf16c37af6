import { assertEquals } from "@std/assert";
import { estimateCost } from "../../src/accounting/cost_estimate.ts";
import { calculatorOf } from "./prices.ts";

const FACTS = {
  provider: "openai",
  host: null,
  model: "m",
  inputTokens: 1000,
  outputTokens: 100,
  atMs: Date.parse("2026-09-01T12:00:00Z"),
};

Deno.test("estimateCost() prices input, cache and output, and knows no price for nothing", () => {
  const calculator = calculatorOf({
    "openai/m": { inputPer1M: 2, outputPer1M: 10, cachedPer1M: 0.5 },
  });
  // 1000 x 2 + 100 x 10.
  assertEquals(estimateCost(calculator, FACTS), 3_000_000_000n);
  // 400 x 2 + 600 x 0.5 + 100 x 10.
  assertEquals(
    estimateCost(calculator, { ...FACTS, cachedTokens: 600 }),
    2_100_000_000n,
  );
  assertEquals(
    estimateCost(calculator, { ...FACTS, cachedTokens: 6000 }),
    1_500_000_000n,
  );
  assertEquals(estimateCost(calculator, { ...FACTS, model: "other" }), null);
});
