import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  askedConditions,
  costCeiling,
} from "../../src/accounting/cost_ceiling.ts";
import { emptyLedger } from "../../src/exchange/usage.ts";
import { calculatorOf, usageOf } from "./prices.ts";

const CALCULATOR = calculatorOf({
  "openai/plain": { inputPer1M: 2, outputPer1M: 10 },
  "openai/rich": {
    inputPer1M: 2,
    outputPer1M: 10,
    cachedPer1M: 0.2,
    reasoningPer1M: 12,
    audioOutputPer1M: 64,
    imageOutputPer1M: 30,
    tiers: [{ above: 1000, inputPer1M: 4, outputPer1M: 15 }],
    serviceTiers: {
      priority: { inputPer1M: 12.5, outputPer1M: 75 },
      flex: { factor: 0.5 },
      fast: { factor: 6 },
    },
    regions: { us: 1.1 },
  },
}, new Map([["openai", 1_100_000n]]));

const FACTS = {
  provider: "openai",
  host: null,
  model: "rich",
  inputTokens: 100,
  outputTokens: 1000,
  atMs: 1_795_212_123_456,
};
const NOTHING = askedConditions({});

Deno.test("costCeiling() takes output for the dearest that it can be, in the dearer of the tiers", () => {
  const usd = (pico: bigint | null) => Number(pico) / 1e12;
  // 100 x 2 + 1000 x 10 per million, times 1.1.
  assertEquals(
    usd(costCeiling(CALCULATOR, { ...FACTS, model: "plain" }, NOTHING)),
    0.01122,
  );
  // All of it audio: 100 x 2 + 1000 x 64.
  assertEquals(usd(costCeiling(CALCULATOR, FACTS, NOTHING)), 0.07062);
  const priority = askedConditions({ service_tier: "Priority" });
  // 100 x 12.5 + 1000 x 75.
  assertEquals(usd(costCeiling(CALCULATOR, FACTS, priority)), 0.083875);
  const fast = askedConditions({ speed: "fast", inference_geo: "us" });
  assertEquals(usd(costCeiling(CALCULATOR, FACTS, fast)), 0.466092);
  // What is cheaper may still be served as usual.
  const flex = askedConditions({ service_tier: "flex" });
  assertEquals(usd(costCeiling(CALCULATOR, FACTS, flex)), 0.07062);
  assertEquals(
    costCeiling(CALCULATOR, { ...FACTS, model: "unknown" }, priority),
    null,
  );
});

Deno.test("costCeiling() is never less than what an answer costs that keeps to the limits", () => {
  const share = fc.nat(100);
  fc.assert(
    fc.property(
      fc.nat(3000),
      fc.nat(5000),
      fc.constantFrom(null, "priority", "flex", "default", "unheard-of"),
      fc.constantFrom(null, "fast", "standard"),
      fc.constantFrom(null, "us", "eu"),
      fc.tuple(share, share, share, share),
      share,
      fc.boolean(),
      fc.constantFrom("plain", "rich"),
      (
        input,
        output,
        serviceTier,
        speed,
        region,
        shares,
        cached,
        obeys,
        model,
      ) => {
        const facts = {
          ...FACTS,
          model,
          inputTokens: input,
          outputTokens: output,
        };
        const asked = { serviceTier, speed, region, searchContextSize: null };
        const ceiling = costCeiling(CALCULATOR, facts, asked);
        const sum = Math.max(1, shares.reduce((left, right) => left + right));
        const [text, reasoning, outputAudio, outputImage] = shares.map((one) =>
          Math.floor(output * one / sum)
        );
        const cacheRead = Math.floor(input * cached / 100);
        const { totalPico } = CALCULATOR.cost({
          ...facts,
          usage: usageOf({
            ...emptyLedger(),
            input: input - cacheRead,
            cacheRead,
            output: text ?? 0,
            reasoning: reasoning ?? 0,
            outputAudio: outputAudio ?? 0,
            outputImage: outputImage ?? 0,
          }),
          ...(obeys ? asked : {}),
        });
        assert(ceiling !== null && totalPico !== null && totalPico <= ceiling);
      },
    ),
    { numRuns: 2000 },
  );
});
