import { assertEquals } from "@std/assert";
import { compileEntry } from "../../src/accounting/compile_entry.ts";
import { pricingSchema } from "../../src/config/schema/pricing.ts";
import { calculatorOf, entryOf, requestOf } from "./prices.ts";

Deno.test("compileEntry() takes numbers and decimal text alike, exactly", () => {
  const { rates } = entryOf({
    inputPer1M: 1.1,
    outputPer1M: "0.000001",
    cachedPer1M: 0,
  });
  assertEquals(rates, {
    inputPer1M: 1_100_000n,
    outputPer1M: 1n,
    cachedPer1M: 0n,
  });
});

Deno.test("compileEntry() rounds what is finer than 1e-12 USD and notes it", () => {
  const { rates, notes } = entryOf({ inputPer1M: "0.00000150000000001" });
  assertEquals(rates.inputPer1M, 2n);
  assertEquals(notes, [
    "inputPer1M: 0.00000150000000001 is rounded to 1e-12 USD",
  ]);
});

Deno.test("compileEntry() names everything that is wrong", () => {
  const { problems } = compileEntry({
    inputPer1M: -1,
    outputPer1M: "much",
    cached_input: 1,
    tiers: [{ inputPer1M: 1 }],
    serviceTiers: { flex: { factor: 0 } },
    windows: [{ tz: "Mars/Base", hours: ["01:00-02:00"] }, { hours: ["1-2"] }],
    history: [{ until: "soon" }],
  });
  assertEquals(problems, [
    "cached_input: the key is unknown",
    "inputPer1M: value is -1, not a price of 0 or more",
    'outputPer1M: value is "much", not a price of 0 or more',
    "tiers[0].above: value is undefined, not a count of tokens",
    "serviceTiers.flex.factor: value is 0, not a factor above 0",
    "windows[0]: use a known time zone and hours such as 01:00-04:00",
    "windows[1]: use a known time zone and hours such as 01:00-04:00",
    'history[0].until: value is "soon", not a date such as 2026-08-21',
  ]);
});

Deno.test("compileEntry() takes entries as the config schema gives them", () => {
  const { models } = pricingSchema.parse({
    models: {
      "openai/m": {
        inputPer1M: 4,
        outputPer1M: "20",
        perRequestBySize: { low: 0.005 },
        cachedExplicitPer1M: 0.1,
        serviceTiers: { flex: { factor: 0.5 } },
        regions: { us: 1.1 },
        windows: [{ days: [7], hours: ["22:00-24:00"], factor: 2 }],
        history: [{ until: "2026-08-21", inputPer1M: 5 }],
        tiers: [{ above: 100, inclusive: true, inputPer1M: 8 }],
      },
    },
  });
  const entry = entryOf(models.get("openai/m"));
  assertEquals(entry.rates.inputPer1M, 4_000_000n);
  assertEquals(entry.serviceTiers.get("flex")?.factorPpm, 500_000n);
  assertEquals(entry.windows[0]?.days, [0]);
  assertEquals(entry.history.length, 1);
  assertEquals(entry.perRequestBySizePico.get("low"), 5_000_000_000n);
  const cost = calculatorOf({ "openai/m": models.get("openai/m") }).cost(
    requestOf({ input: 100 }, { region: "us" }),
  );
  // 100 x 8 x 1.1 and 0.005 per request is not asked for (medium).
  assertEquals(cost.totalPico, 880_000_000n);
});
