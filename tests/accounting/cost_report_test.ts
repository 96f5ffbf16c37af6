import { assertEquals } from "@std/assert";
import type { Pricing } from "../../src/accounting/attempt_pricer.ts";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import { readFilter } from "../../src/accounting/query/usage_filter.ts";
import { costReport } from "../../src/accounting/report/cost_report.ts";
import { reprice } from "../../src/accounting/report/reprice.ts";
import { trendsOf } from "../../src/accounting/report/trends.ts";
import { userPrices } from "../../src/accounting/user_prices.ts";
import { configSchema } from "../../src/config/schema.ts";
import { usageLine, writeDay } from "./usage_lines.ts";
import { inFolder } from "../temp_folder.ts";

/** Prices in USD per million: dear/one 10 in, 1 cached, 20 out; cheap/two a tenth of that. */
function pricing(factor = 1): Pricing {
  const { pricing } = configSchema.parse({
    pricing: {
      models: {
        "dear/one": {
          inputPer1M: 10 * factor,
          cachedPer1M: factor,
          cacheWritePer1M: 12.5 * factor,
          outputPer1M: 20 * factor,
        },
        "cheap/two": {
          inputPer1M: factor,
          cachedPer1M: 0.1 * factor,
          outputPer1M: 2 * factor,
        },
      },
    },
  });
  const calculator = new CostCalculator(
    new PriceBook([userPrices(pricing, new Set(["dear", "cheap"]))]),
  );
  return {
    cost: (request) => calculator.cost(request),
    provider: () => undefined,
  };
}

const NOW_MS = Date.parse("2026-11-20T12:00:00Z");

function reportOf(folder: string, given: Record<string, string> = {}) {
  return costReport(
    { folders: [folder] },
    readFilter((name) => given[name]),
    { pricing: pricing(), nowMs: NOW_MS },
  );
}

Deno.test("costReport() computes savings by caches from what was read and written", () =>
  inFolder(async (folder) => {
    await writeDay(folder, "2026-11-20", [
      // 1,000 read: 10 - 1 USD per million. 400 written: 12.5 - 10.
      usageLine(1, {
        provider: "dear",
        model: "one",
        input: 2000,
        cached: 1000,
        cacheWrite: 400,
        cost: "0.02",
      }),
      // Nobody knows its price.
      usageLine(2, { provider: "other", model: "x", cached: 50, cost: null }),
      usageLine(3, { alias: "q", cache: "miss", cost: "0.004" }),
      usageLine(4, { alias: "q", cache: "miss", cost: "0.002" }),
      usageLine(5, {
        alias: "q",
        cache: "hit",
        provider: null,
        model: null,
        cost: "0",
        costStatus: "priced",
      }),
      usageLine(6, {
        alias: "r",
        cache: "hit",
        provider: null,
        model: null,
        cost: "0",
        costStatus: "priced",
      }),
    ]);
    const { savings, ...report } = await reportOf(folder);
    const { providerCache, responseCache, routing } = savings.details;
    assertEquals(providerCache.amount, "0.009");
    assertEquals(providerCache.writePremium, "0.001");
    assertEquals([providerCache.requests, providerCache.notEstimable], [1, 1]);
    assertEquals(responseCache.amount, "0.003");
    assertEquals([responseCache.hits, responseCache.notEstimable], [2, 1]);
    assertEquals([routing.amount, routing.requests], ["0", 0]);
    assertEquals(savings.cachingAmount, "0.012");
    assertEquals(report.totalCost, "0.026");
    assertEquals(report.unpricedRequests, 1);
    assertEquals(savings.totalPotentialCost, "0.038");
    assertEquals(savings.savingsPercentage, 31.5);
  }));

Deno.test("costReport() holds the choice against the dearest target, advice against the cheapest", () =>
  inFolder(async (folder) => {
    const order = ["dear/one", "cheap/two"];
    // 100 in and 10 out: 0.0012 USD at dear/one, 0.00012 at cheap/two.
    await writeDay(folder, "2026-11-20", [
      usageLine(1, { provider: "dear", model: "one", cost: "0.0012", order }),
      usageLine(2, {
        provider: "cheap",
        model: "two",
        cost: "0.00012",
        order: ["cheap/two", "dear/one"],
      }),
      usageLine(3, {
        provider: "cheap",
        model: "two",
        cost: "0.00012",
        order: ["cheap/two", "other/x"],
      }),
    ]);
    const { savings, recommendations } = await reportOf(folder);
    assertEquals(savings.smartRoutingAmount, "0.00108");
    const { requests, notEstimable } = savings.details.routing;
    assertEquals([requests, notEstimable], [2, 1]);
    const [caching, provider, ...rest] = recommendations;
    assertEquals(caching?.type, "caching");
    assertEquals(caching?.potentialSavings, null);
    assertEquals(provider?.type, "provider");
    assertEquals(provider?.numbers.percent, 83.3);
    assertEquals(provider?.potentialSavings, "0.00108");
    assertEquals(rest, []);
  }));

Deno.test("costReport() of one provider does not tell to use others", () =>
  inFolder(async (folder) => {
    await writeDay(folder, "2026-11-20", [usageLine(1)]);
    const { recommendations } = await reportOf(folder);
    assertEquals(recommendations.map(({ type }) => type), ["caching"]);
  }));

Deno.test("costReport() names hours that cost more than twice the mean", () =>
  inFolder(async (folder) => {
    const lines = Array.from({ length: 24 }, (_, hour) =>
      usageLine(hour, {
        timestamp: `2026-11-19T${String(hour).padStart(2, "0")}:30:00.000Z`,
        cost: hour === 9 ? "0.5" : "0.01",
      }));
    await writeDay(folder, "2026-11-19", lines);
    const { recommendations, trends } = await reportOf(folder);
    const peak = recommendations.find(({ type }) => type === "peak");
    assertEquals(peak?.numbers.hours, "09");
    assertEquals(peak?.numbers.peakCost, "0.5");
    assertEquals(trends.dailyAverage, "0.73");
    assertEquals(trends.monthlyProjection, "21.9");
  }));

Deno.test("costReport() of nothing has no numbers that are none", () =>
  inFolder(async (folder) => {
    const report = await reportOf(folder);
    assertEquals(JSON.stringify(report).includes("NaN"), false);
    assertEquals(report.savings.savingsPercentage, 0);
    assertEquals(report.savings.actualCost, "0");
    assertEquals(report.recommendations, []);
  }));

Deno.test("trendsOf() compares whole weeks and leaves the day that runs out", () => {
  const days = new Map<string, bigint>();
  for (let day = 1; day <= 20; day++) {
    const name = `2026-11-${String(day).padStart(2, "0")}`;
    days.set(name, day <= 12 ? 10n ** 12n : 2n * 10n ** 12n);
  }
  // The twentieth has begun: it would spoil everything.
  days.set("2026-11-20", 900n * 10n ** 12n);
  const all = { fromMs: -Infinity, toMs: Infinity };
  assertEquals(trendsOf(days, all, NOW_MS), {
    // 12 days of 1 USD, 7 of 2.
    dailyAverage: "1.368421052632",
    weeklyTrend: 100,
    monthlyProjection: "41.052631578947",
    wholeDays: 19,
  });
  const free = new Map([...days.keys()].map((day) => [day, 0n]));
  assertEquals(trendsOf(free, all, NOW_MS).weeklyTrend, null);
  assertEquals(trendsOf(new Map(), all, NOW_MS).dailyAverage, null);
});

Deno.test("reprice() shows the difference by model, and what has no price", () =>
  inFolder(async (folder) => {
    await writeDay(folder, "2026-11-20", [
      usageLine(1, { provider: "dear", model: "one", cost: "0.0012" }),
      usageLine(2, { provider: "cheap", model: "two", cost: "0.00012" }),
      usageLine(3, { provider: "other", model: "x", cost: "0.5" }),
      usageLine(4, { provider: "cheap", model: "two", cost: null }),
    ]);
    const again = (factor: number) =>
      reprice({ folders: [folder] }, readFilter(() => undefined), {
        pricing: pricing(factor),
        usageOf: ({ usage }) => usage,
      });
    const same = await again(1);
    assertEquals([same.attempts, same.changed], [4, 2]);
    const double = await again(2);
    assertEquals(
      double.byModel.map(({ model, difference, changed }) => [
        model,
        difference,
        changed,
      ]),
      // A model that lost its price, and a line that had none, save nothing.
      [["dear/one", "0.0012", 1], ["cheap/two", "0.00012", 2], [
        "other/x",
        "0",
        1,
      ]],
    );
    assertEquals([double.logged, double.repriced], ["0.50132", "0.00288"]);
    assertEquals([double.loggedUnpriced, double.repricedUnpriced], [1, 1]);
    assertEquals(double.difference, "0.00132");
  }));
