import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import { noUsage } from "../../src/exchange/usage.ts";
import { usdText } from "../../src/support/decimal.ts";
import {
  calculatorOf,
  entryOf,
  requestOf,
  tableOf,
  usageOf,
} from "./prices.ts";

type Entries = Readonly<Record<string, unknown>>;
type Request = Parameters<typeof requestOf>;

/** The cost in USD, as text. */
function usd(entries: Entries, ...request: Request): string | null {
  const { totalPico } = calculatorOf(entries).cost(requestOf(...request));
  return totalPico === null ? null : usdText(totalPico);
}

const SOL = {
  inputPer1M: 4,
  outputPer1M: 20,
  cachedPer1M: 0.4,
  cacheWritePer1M: 5,
  webSearchPer1K: 10,
  tiers: [{
    above: 272000,
    inputPer1M: 8,
    outputPer1M: 30,
    cachedPer1M: 0.8,
    cacheWritePer1M: 10,
  }],
  serviceTiers: {
    flex: { factor: 0.5 },
    priority: { inputPer1M: 8, outputPer1M: 40 },
    batch: { factor: 0.5 },
  },
  regions: { us: 1.1, eu: 1.1 },
  history: [{ until: "2026-08-21", inputPer1M: 5, outputPer1M: 30 }],
} as const;

Deno.test("cost() row 1: input and output", () => {
  // 1000 x 2 + 500 x 10 = 7000 per million.
  const entries = { "openai/m": { inputPer1M: 2, outputPer1M: 10 } };
  assertEquals(usd(entries, { input: 1000, output: 500 }), "0.007");
  assertEquals(
    usd({ "openai/m": { inputPer1M: 0.15, outputPer1M: 0.6 } }, {
      input: 100,
      output: 50,
    }),
    "0.000045",
  );
});

Deno.test("cost() row 2: cache reads at their own rate, to the last pico-dollar", () => {
  const entries = {
    "openai/m": { inputPer1M: 0.14, outputPer1M: 0.28, cachedPer1M: 0.0028 },
  };
  // 3 x 0.0028e-6.
  assertEquals(usd(entries, { cacheRead: 3 }), "0.0000000084");
  assertEquals(
    usd(entries, { input: 1, cacheRead: 1, output: 1 }),
    "0.0000004228",
  );
});

Deno.test("cost() rows 3 and 4: cache writes of five minutes and an hour", () => {
  const opus = {
    inputPer1M: 5,
    outputPer1M: 25,
    cachedPer1M: 0.5,
    cacheWritePer1M: 6.25,
    cacheWrite1hPer1M: 10,
  };
  // 100 x 5 + 200 x 0.5 + 300 x 6.25 + 400 x 10 + 500 x 25 = 18,975.
  assertEquals(
    usd({ "openai/m": opus }, {
      input: 100,
      cacheRead: 200,
      cacheWrite5m: 300,
      cacheWrite1h: 400,
      output: 500,
    }),
    "0.018975",
  );
});

Deno.test("cost() row 6: hits on explicit caches have their own rate", () => {
  const entries = {
    "alibaba/m": {
      inputPer1M: 1,
      outputPer1M: 4,
      cachedPer1M: 0.2,
      cachedExplicitPer1M: 0.1,
    },
  };
  const of = (raw: { [key: string]: string }) => ({
    provider: "alibaba",
    usage: usageOf({ cacheRead: 1000 }, {
      raw: { prompt_tokens_details: raw },
    }),
  });
  assertEquals(usd(entries, {}, of({ cache_type: "ephemeral" })), "0.0001");
  assertEquals(usd(entries, {}, of({ cache_type: "implicit" })), "0.0002");
  assertEquals(usd(entries, {}, of({})), "0.0002");
});

Deno.test("cost() row 7: reasoning at its own rate, else as output", () => {
  const buckets = { input: 10, output: 20, reasoning: 30 };
  // 10 x 2 + 20 x 8 + 30 x 3 = 270.
  const own = calculatorOf({
    "openai/m": { inputPer1M: 2, outputPer1M: 8, reasoningPer1M: 3 },
  }).cost(requestOf(buckets));
  assertEquals(own.totalPico, 270_000_000n);
  assertEquals(own.reasoningPico, 90_000_000n);
  assertEquals(own.rateMissing, []);
  // 10 x 2 + 50 x 8 = 420; reasoning is booked as output.
  const same = calculatorOf({
    "openai/m": { inputPer1M: 2, outputPer1M: 8 },
  }).cost(requestOf(buckets));
  assertEquals(same.totalPico, 420_000_000n);
  assertEquals([same.outputPico, same.reasoningPico], [400_000_000n, 0n]);
  assertEquals(same.rateMissing, ["reasoning"]);
});

Deno.test("cost() row 8: audio, cached audio and images", () => {
  const entries = {
    "openai/m": {
      inputPer1M: 0.3,
      outputPer1M: 2.5,
      cachedPer1M: 0.03,
      audioInputPer1M: 1,
      audioCachedPer1M: 0.1,
      audioOutputPer1M: 64,
      imageOutputPer1M: 30,
    },
  };
  // 10 x 0.3 + 20 x 1 + 30 x 0.1 + 40 x 64 + 50 x 30 = 4086.
  assertEquals(
    usd(entries, {
      input: 10,
      inputAudio: 20,
      cacheReadAudio: 30,
      outputAudio: 40,
      outputImage: 50,
    }),
    "0.004086",
  );
});

Deno.test("cost() row 9: per request, by search context size", () => {
  const entries = {
    "perplexity/sonar": {
      inputPer1M: 1,
      outputPer1M: 1,
      perRequestBySize: { low: 0.005, medium: 0.008, high: 0.012 },
    },
    "perplexity/flat": { inputPer1M: 1, outputPer1M: 1, perRequest: 0.005 },
    "perplexity/only": { perRequest: "0.01" },
  };
  const of = (
    model: string,
    rest: Partial<Request[1]> = {},
    raw: { [key: string]: string } | null = null,
  ) =>
    usd(entries, {}, {
      provider: "perplexity",
      model,
      usage: usageOf({ input: 10, output: 20 }, { raw }),
      ...rest,
    });
  assertEquals(of("sonar"), "0.00503");
  assertEquals(of("sonar", { searchContextSize: "high" }), "0.01203");
  assertEquals(of("sonar", {}, { search_context_size: "medium" }), "0.00803");
  assertEquals(of("flat"), "0.00503");
  assertEquals(of("only"), "0.01");
});

Deno.test("cost() row 10: searches by query or by request; citations", () => {
  const rates = { inputPer1M: 1, outputPer1M: 1, webSearchPer1K: 14 };
  assertEquals(usd({ "openai/m": rates }, { webSearch: 3 }), "0.042");
  const perRequest = { ...rates, webSearchPer1K: 35, webSearchUnit: "request" };
  assertEquals(usd({ "openai/m": perRequest }, { webSearch: 3 }), "0.035");
  // 10,175 citation tokens x 2 + 48 searches x 0.005 USD.
  const deep = { inputPer1M: 2, citationPer1M: 2, webSearchPer1K: 5 };
  assertEquals(
    usd({ "openai/m": deep }, {}, {
      usage: usageOf({ webSearch: 48 }, { raw: { citation_tokens: 10_175 } }),
    }),
    "0.26035",
  );
});

Deno.test("cost() rows 11 and 12: a tier holds for all tokens and is chosen by the total input", () => {
  const entries = {
    "openai/m": SOL,
    "xai/grok": {
      inputPer1M: 2,
      outputPer1M: 6,
      tiers: [
        { above: 200000, inclusive: true, inputPer1M: 4, outputPer1M: 12 },
      ],
    },
  };
  const long = { input: 2000, cacheRead: 200_000, cacheWrite5m: 70_000 };
  // Exactly 272,000: 2000 x 4 + 200,000 x 0.4 + 70,000 x 5 + 10 x 20 = 438,200.
  assertEquals(usd(entries, { ...long, output: 10 }), "0.4382");
  // One more: 2001 x 8 + 200,000 x 0.8 + 70,000 x 10 + 10 x 30 = 876,308.
  assertEquals(usd(entries, { ...long, input: 2001, output: 10 }), "0.876308");
  const grok = { provider: "xai", model: "grok" };
  assertEquals(usd(entries, { input: 199_999, output: 1 }, grok), "0.400004");
  assertEquals(usd(entries, { input: 200_000, output: 1 }, grok), "0.800012");
});

Deno.test("cost() row 13: the service tier of the answer counts, with long contexts too", () => {
  const entries = { "openai/m": SOL };
  const short = { input: 1000, output: 100 };
  const served = (serviceTier: string | null, buckets = short) =>
    usd(entries, {}, {
      usage: usageOf(buckets, { serviceTier }),
      serviceTier: "priority",
    });
  assertEquals(served("default"), "0.006");
  assertEquals(served("flex"), "0.003");
  assertEquals(served("priority"), "0.012");
  assertEquals(served("fast"), "0.012");
  // The answer is silent: what was asked for counts.
  assertEquals(served(null), "0.012");
  // 300,000 x 8 x 0.5 + 100 x 30 x 0.5.
  assertEquals(served("flex", { input: 300_000, output: 100 }), "1.2015");
  const unknown = calculatorOf(entries).cost(
    requestOf({}, { usage: usageOf(short, { serviceTier: "ultrafast" }) }),
  );
  assertEquals(unknown.totalPico, 6_000_000_000n);
  assertEquals(unknown.rateMissing, ["serviceTier:ultrafast"]);
});

Deno.test("cost() row 14: Anthropic's fast mode is told by `speed` and covers caches", () => {
  const entries = {
    "anthropic/claude-opus-5": {
      inputPer1M: 5,
      outputPer1M: 25,
      cachedPer1M: 0.5,
      serviceTiers: { fast: { factor: 2 } },
    },
  };
  const of = (raw: { [key: string]: string }, rest: Partial<Request[1]> = {}) =>
    usd(entries, {}, {
      provider: "anthropic",
      model: "claude-opus-5",
      usage: usageOf({ input: 100, cacheRead: 1000, output: 10 }, {
        raw,
        serviceTier: "standard",
      }),
      ...rest,
    });
  // 100 x 5 + 1000 x 0.5 + 10 x 25 = 1250.
  assertEquals(of({ speed: "standard" }, { speed: "fast" }), "0.00125");
  assertEquals(of({ speed: "fast" }), "0.0025");
  assertEquals(of({}, { speed: "fast" }), "0.0025");
});

Deno.test("cost() row 15: batches", () => {
  const entries = { "openai/m": SOL };
  assertEquals(
    usd(entries, { input: 1000, output: 100 }, { batch: true }),
    "0.003",
  );
  assertEquals(
    usd(entries, {}, {
      usage: usageOf({ input: 1000, output: 100 }, { serviceTier: "batch" }),
    }),
    "0.003",
  );
});

Deno.test("cost() row 16: regions multiply every token, by answer, request or host", () => {
  const entries = { "openai/m": SOL };
  const buckets = { input: 1000, output: 100 };
  assertEquals(usd(entries, buckets, { region: "EU" }), "0.0066");
  assertEquals(usd(entries, buckets, { host: "eu.api.openai.com" }), "0.0066");
  assertEquals(usd(entries, buckets, { host: "api.openai.com" }), "0.006");
  assertEquals(
    usd(entries, {}, {
      usage: usageOf(buckets, { raw: { inference_geo: "us" } }),
    }),
    "0.0066",
  );
  assertEquals(
    usd(entries, {}, {
      usage: usageOf(buckets, { raw: { inference_geo: "global" } }),
      region: "us",
    }),
    "0.006",
  );
});

Deno.test("cost() row 17: time of day and weekday at the start of the request", () => {
  const entries = {
    "openai/m": {
      inputPer1M: 0.15,
      outputPer1M: 0.6,
      windows: [{
        tz: "UTC",
        days: [1, 2, 3, 4, 5],
        hours: ["01:00-04:00", "06:00-10:00"],
        factor: 2,
      }],
    },
  };
  const at = (time: string) =>
    usd(entries, { input: 1000, output: 1000 }, { atMs: Date.parse(time) });
  // 2026-09-01 is a Tuesday, 2026-09-05 a Saturday.
  assertEquals(at("2026-09-01T00:59:59Z"), "0.00075");
  assertEquals(at("2026-09-01T01:00:00Z"), "0.0015");
  assertEquals(at("2026-09-01T03:59:59Z"), "0.0015");
  assertEquals(at("2026-09-01T04:00:00Z"), "0.00075");
  assertEquals(at("2026-09-05T02:00:00Z"), "0.00075");
});

Deno.test("cost() row 17: a window that replaces rates and passes midnight in its zone", () => {
  const entries = {
    "openai/m": {
      inputPer1M: 2,
      outputPer1M: 8,
      windows: [{
        tz: "Asia/Shanghai",
        days: [5],
        hours: ["22:00-06:00"],
        inputPer1M: 1,
      }],
    },
  };
  const at = (time: string) =>
    usd(entries, { input: 1000, output: 1000 }, { atMs: Date.parse(time) });
  // Friday 22:00 in Shanghai is Friday 14:00 UTC; it ends Saturday 06:00, Friday 22:00 UTC.
  assertEquals(at("2026-09-04T13:59:00Z"), "0.01");
  assertEquals(at("2026-09-04T14:00:00Z"), "0.009");
  assertEquals(at("2026-09-04T21:59:00Z"), "0.009");
  assertEquals(at("2026-09-04T22:00:00Z"), "0.01");
  // Thursday 22:00 in Shanghai is not a Friday's window.
  assertEquals(at("2026-09-03T15:00:00Z"), "0.01");
});

Deno.test("cost() row 18: old requests are priced as of their day", () => {
  const entries = { "openai/m": SOL };
  const buckets = { input: 1000, output: 100 };
  const at = (time: string, more = buckets) =>
    usd(entries, more, { atMs: Date.parse(time) });
  assertEquals(at("2026-08-20T23:59:59Z"), "0.008");
  assertEquals(at("2026-08-21T00:00:00Z"), "0.006");
  // The tier stood in proportion: 300,000 x 10 + 100 x 45.
  assertEquals(
    at("2026-08-01T00:00:00Z", { input: 300_000, output: 100 }),
    "3.0045",
  );
});

Deno.test("cost() row 18: of several pasts the one that was in force counts", () => {
  const entries = {
    "openai/m": {
      inputPer1M: 1,
      outputPer1M: 1,
      history: [
        { until: "2026-06-01", inputPer1M: 3 },
        { until: "2026-03-01", inputPer1M: 4 },
      ],
    },
  };
  const at = (time: string) =>
    usd(entries, { input: 1000 }, { atMs: Date.parse(time) });
  assertEquals(at("2026-01-01T00:00:00Z"), "0.004");
  assertEquals(at("2026-03-01T00:00:00Z"), "0.003");
  assertEquals(at("2026-06-01T00:00:00Z"), "0.001");
});

Deno.test("cost() row 19: a discount is a factor, once per component, half to even", () => {
  const discounts = new Map([["azure-openai", 850_000n]]);
  const calculator = calculatorOf({
    "azure/m": { inputPer1M: 2, outputPer1M: 10, webSearchPer1K: 10 },
  }, discounts);
  const { totalPico } = calculator.cost(
    requestOf({ input: 1000, output: 500, webSearch: 2 }, {
      provider: "azure-openai",
    }),
  );
  // (0.007 + 0.02) x 0.85.
  assertEquals(totalPico, 22_950_000_000n);
  // 1 pUSD x 0.5 and 3 pUSD x 0.5 are ties: 0 and 2.
  const ties = calculatorOf(
    { "openai/m": { inputPer1M: "0.000001", outputPer1M: "0.000003" } },
    new Map([["openai", 500_000n]]),
  ).cost(requestOf({ input: 1, output: 1 }));
  assertEquals([ties.inputPico, ties.outputPico, ties.totalPico], [0n, 2n, 2n]);
});

Deno.test("cost() row 20: the provider's own bill, beside the computed one", () => {
  const entries = { "openai/m": { inputPer1M: 2, outputPer1M: 10 } };
  const calculator = calculatorOf(entries);
  const of = (raw: { [key: string]: unknown }, trust = true) =>
    calculator.cost(requestOf({}, {
      usage: usageOf({ input: 1000, output: 500 }, { raw: raw as never }),
      trustReportedCost: trust,
    }));
  const trusted = of({ cost: 0.0075 });
  assertEquals(trusted.status, "reported");
  assertEquals(trusted.source, "reported");
  assertEquals(trusted.totalPico, 7_500_000_000n);
  assertEquals(trusted.otherPico, 7_500_000_000n);
  assertEquals(trusted.computedPico, 7_000_000_000n);
  const equal = of({ cost: 0.007 });
  assertEquals([equal.inputPico, equal.outputPico, equal.otherPico], [
    2_000_000_000n,
    5_000_000_000n,
    0n,
  ]);
  const doubted = of({ cost: 0.0075 }, false);
  assertEquals(doubted.status, "priced");
  assertEquals(doubted.totalPico, 7_000_000_000n);
  assertEquals(doubted.reportedPico, 7_500_000_000n);
  // Own key: the fee and what the provider behind it takes.
  assertEquals(
    of({
      cost: 0.0001,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.006 },
    }).totalPico,
    6_100_000_000n,
  );
  assertEquals(of({ cost: 0, is_byok: true }).status, "priced");
  assertEquals(of({ cost: 0, is_byok: false }).totalPico, 0n);
  assertEquals(of({ cost: -1 }).status, "priced");
  assertEquals(of({ cost: { total_cost: 0.0051 } }).totalPico, 5_100_000_000n);
});

Deno.test("cost() row 21: each model that took part has its own price and tier", () => {
  const entries = {
    "anthropic/claude-fable-5": { inputPer1M: 10, outputPer1M: 50 },
    "anthropic/claude-opus-4-8": { inputPer1M: 5, outputPer1M: 25 },
  };
  const part = (model: string | null, input: number, output: number) => ({
    model,
    ledger: usageOf({ input, output }).ledger,
  });
  const cost = (passes: ReturnType<typeof part>[], model: string) =>
    calculatorOf(entries).cost(requestOf({}, {
      provider: "anthropic",
      model: "claude-fable-5",
      usage: usageOf({ input: 1, output: 1 }, { passes, model }),
    }));
  // An advisor: (2411 x 10 + 145 x 50) + (2543 x 5 + 18 x 25).
  const advised = cost([
    part(null, 1128, 135),
    part("claude-opus-4-8", 2543, 18),
    part(null, 1283, 10),
  ], "claude-fable-5");
  assertEquals(advised.totalPico, 44_525_000_000n);
  // A fallback: 408 x 10 + 412 x 5 + 264 x 25.
  const fallen = cost([
    part("claude-fable-5", 408, 0),
    part("claude-opus-4-8", 412, 264),
  ], "claude-opus-4-8");
  assertEquals(fallen.totalPico, 12_740_000_000n);
  // A guest without a price is never billed at the host's.
  const unknown = cost([part(null, 1, 1), part("stranger", 1, 1)], "x");
  assertEquals([unknown.status, unknown.totalPico], ["unpriced", null]);
});

Deno.test("cost() row 22: fine-tuned models have their own key or none", () => {
  const entries = {
    "openai/gpt-4o": { inputPer1M: 2.5, outputPer1M: 10 },
    "openai/ft:gpt-4o": { inputPer1M: 3.75, outputPer1M: 15 },
  };
  const of = (model: string) => usd(entries, { input: 1000 }, { model });
  assertEquals(of("ft:gpt-4o-2024-08-06:acme::abc"), "0.00375");
  assertEquals(of("ft:gpt-4o-mini:acme::abc"), null);
});

Deno.test("cost() bills buckets without a rate at a substitute, never at nothing", () => {
  const cost = calculatorOf({ "openai/m": { inputPer1M: 3, outputPer1M: 6 } })
    .cost(requestOf({
      cacheRead: 1,
      cacheWrite5m: 2,
      cacheWrite1h: 4,
      inputAudio: 8,
      cacheReadAudio: 16,
      outputAudio: 32,
      outputImage: 64,
      webSearch: 1,
    }));
  // 31 x 3 + 96 x 6.
  assertEquals(cost.totalPico, 669_000_000n);
  assertEquals(cost.rateMissing, [
    "cacheRead",
    "cacheWrite5m",
    "cacheWrite1h",
    "inputAudio",
    "cacheReadAudio",
    "outputAudio",
    "outputImage",
    "webSearch",
  ]);
  const hour = calculatorOf({
    "openai/m": { inputPer1M: 3, cacheWritePer1M: 5 },
  }).cost(requestOf({ cacheWrite1h: 10 }));
  assertEquals(hour.totalPico, 50_000_000n);
});

Deno.test("cost() says unpriced where no rate is known, never 0", () => {
  const calculator = calculatorOf({ "openai/m": { inputPer1M: 1 } });
  const half = calculator.cost(requestOf({ input: 1, output: 1 }));
  assertEquals([half.status, half.totalPico, half.source], [
    "unpriced",
    null,
    null,
  ]);
  const unknown = calculator.cost(requestOf({ input: 1 }, { model: "other" }));
  assertEquals([unknown.status, unknown.totalPico], ["unpriced", null]);
  const free = calculatorOf({ "openai/m": { inputPer1M: 0, outputPer1M: 0 } })
    .cost(requestOf({ input: 1, output: 1 }));
  assertEquals([free.status, free.totalPico], ["priced", 0n]);
});

Deno.test("cost() marks what is not measured", () => {
  const calculator = calculatorOf({
    "openai/m": { inputPer1M: 1, outputPer1M: 1 },
  });
  const of = (source: "estimated" | "partial" | "reported") =>
    calculator.cost(
      requestOf({}, { usage: usageOf({ input: 1 }, { source }) }),
    ).status;
  assertEquals([of("estimated"), of("partial"), of("reported")], [
    "estimated",
    "estimated",
    "priced",
  ]);
  const none = calculator.cost(requestOf({}, { usage: noUsage() }));
  assertEquals([none.status, none.totalPico], ["no-usage", null]);
  const broken = calculator.cost(requestOf({ input: -1 }));
  assertEquals([broken.status, broken.totalPico], ["invalid", null]);
  assertEquals(calculator.cost(requestOf({ input: 0.5 })).status, "invalid");
});

Deno.test("cost() prices unknown models by the fallback, as estimated", () => {
  const book = new PriceBook(
    [tableOf({ "openai/m": { inputPer1M: 1, outputPer1M: 1 } })],
    entryOf({ inputPer1M: 1, outputPer1M: 3, cachedPer1M: 0.5 }),
  );
  const cost = new CostCalculator(book).cost(
    requestOf({ input: 100, output: 100 }, { model: "unheard-of" }),
  );
  assertEquals([cost.status, cost.source, cost.priceKey, cost.totalPico], [
    "estimated",
    "estimated",
    "fallback",
    400_000_000n,
  ]);
});

Deno.test("cost() components sum to the total, whatever factors apply", () => {
  const rate = fc.integer({ min: 0, max: 99_999_999 }).map((micro) =>
    String(micro / 1e6)
  );
  const count = fc.integer({ min: 0, max: 5_000_000 });
  fc.assert(fc.property(
    fc.tuple(rate, rate, rate, rate, rate),
    fc.tuple(count, count, count, count, count, count, count),
    fc.tuple(
      fc.constantFrom(null, "flex", "priority"),
      fc.constantFrom(null, "us"),
    ),
    fc.integer({ min: 1, max: 10_000_000 }),
    (rates, counts, [serviceTier, region], discount) => {
      const entry = {
        inputPer1M: rates[0],
        outputPer1M: rates[1],
        cachedPer1M: rates[2],
        cacheWritePer1M: rates[3],
        reasoningPer1M: rates[4],
        webSearchPer1K: 10,
        perRequest: 0.001,
        serviceTiers: {
          flex: { factor: 0.333333 },
          priority: { factor: 2.5, inputPer1M: 7 },
        },
        regions: { us: 1.1 },
      };
      const cost = calculatorOf(
        { "openai/m": entry },
        new Map([["openai", BigInt(discount)]]),
      ).cost(requestOf({}, {
        usage: usageOf({
          input: counts[0],
          cacheRead: counts[1],
          cacheWrite1h: counts[2],
          output: counts[3],
          reasoning: counts[4],
          inputAudio: counts[5],
          webSearch: counts[6] % 9,
        }, { serviceTier }),
        region,
      }));
      const parts = cost.components.reduce((sum, { pico }) => sum + pico, 0n);
      assertEquals(cost.totalPico, parts);
      assertEquals(
        cost.totalPico,
        cost.inputPico + cost.cachedPico + cost.outputPico +
          cost.reasoningPico + cost.otherPico,
      );
      assert(cost.components.every(({ pico }) => pico >= 0n));
    },
  ));
});
