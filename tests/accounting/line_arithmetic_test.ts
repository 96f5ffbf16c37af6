/** A line of the usage log holds all that its cost was worked out from: whoever has it can check the bill. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { BUCKET_RULES } from "../../src/accounting/ledger_rates.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import { UsageRecordWriter } from "../../src/accounting/usage_record.ts";
import { userPrices } from "../../src/accounting/user_prices.ts";
import { configSchema } from "../../src/config/schema.ts";
import { noUsage } from "../../src/exchange/usage.ts";
import { usdText } from "../../src/support/decimal.ts";
import { endedExchange } from "../metrics/exchanges.ts";

const { pricing } = configSchema.parse({
  pricing: {
    models: {
      "openai/gpt-5-mini": {
        inputPer1M: 0.25,
        outputPer1M: 2,
        cachedPer1M: 0.025,
        reasoningPer1M: 3.3,
        webSearchPer1K: 10,
        tiers: [{ above: 272000, inputPer1M: 0.5, outputPer1M: 3 }],
        serviceTiers: {
          flex: { factor: 0.333333 },
          priority: { inputPer1M: 1.7, outputPer1M: 7.1 },
        },
        regions: { eu: 1.1 },
        windows: [{
          tz: "UTC",
          days: [0, 1, 2, 3, 4, 5, 6],
          hours: ["01:00-04:00"],
          factor: 1.7,
        }],
        history: [{ until: "2026-08-21", inputPer1M: 0.3, outputPer1M: 2.5 }],
      },
    },
  },
});
const BOOK = new PriceBook([userPrices(pricing, new Set(["openai"]))]);

/** A decimal text as an integer and how many of its digits stand behind the point. */
function parsed(text: string): { digits: bigint; scale: number } {
  const [whole = "", fraction = ""] = text.split(".");
  return { digits: BigInt(whole + fraction), scale: fraction.length };
}

/** Units times a rate in USD per `per` units times a discount, in 1e-12 USD, half to even. */
function pico(
  units: number,
  rate: string,
  per: bigint,
  discount: string,
): bigint {
  const [left, right] = [parsed(rate), parsed(discount)];
  const dividend = BigInt(units) * left.digits * right.digits * 10n ** 12n;
  const divisor = per * 10n ** BigInt(left.scale + right.scale);
  const quotient = dividend / divisor;
  const twice = 2n * (dividend % divisor);
  const up = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

/** What a bill needs of an attempt in a line. */
interface LoggedAttempt {
  readonly ledger: Readonly<Record<string, number>>;
  readonly cost: { readonly prices: readonly LoggedPrice[] };
}

interface LoggedPrice {
  readonly rates: Readonly<Record<string, string>>;
  readonly discount?: string;
}

function named(rate: string | undefined): string {
  if (rate === undefined) throw new TypeError("The line names no rate");
  return rate;
}

function billOf(attempt: LoggedAttempt): bigint {
  const [price] = attempt.cost.prices;
  if (price === undefined) throw new TypeError("The line names no price");
  const discount = price.discount ?? "1";
  let total = 0n;
  for (const { bucket, keys } of BUCKET_RULES) {
    const units = attempt.ledger[bucket] ?? 0;
    const rate = keys.map((key) => price.rates[key]).find(Boolean);
    if (units > 0) total += pico(units, named(rate), 1_000_000n, discount);
  }
  const searches = attempt.ledger.webSearch ?? 0;
  const perSearch = named(price.rates["webSearchPer1K"]);
  return total + pico(searches, perSearch, 1000n, discount);
}

const TOKENS = fc.oneof(fc.constant(0), fc.nat(5000), fc.nat(400_000));

Deno.test("a line of the usage log alone gives its cost again, under every condition of a price", () => {
  const writer = new UsageRecordWriter({ clientIp: false });
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      fc.record({
        input: TOKENS,
        cacheRead: TOKENS,
        cacheWrite5m: TOKENS,
        inputAudio: TOKENS,
        output: TOKENS,
        reasoning: TOKENS,
        webSearch: fc.nat(5),
      }),
      fc.constantFrom(null, "flex", "priority", "default", "unheard-of"),
      fc.constantFrom(null, "eu", "moon"),
      fc.constantFrom(null, 850_000n, 1_050_001n),
      fc.constantFrom(
        "2026-07-01T12:00Z",
        "2026-11-20T12:00Z",
        "2026-11-20T02:00Z",
      ),
      (buckets, serviceTier, region, discountPpm, at) => {
        const exchange = endedExchange();
        const [attempt] = exchange.attempts;
        assert(attempt);
        attempt.usage = { ...noUsage(), source: "reported", serviceTier };
        Object.assign(attempt.usage.ledger, buckets);
        const discounts = new Map<string, bigint>();
        if (discountPpm !== null) discounts.set("openai", discountPpm);
        attempt.cost = new CostCalculator(BOOK, discounts).cost({
          provider: "openai",
          host: null,
          model: "gpt-5-mini",
          usage: attempt.usage,
          atMs: Date.parse(at),
          region,
        });
        const line = JSON.parse(writer.line(exchange));
        const [logged] = line.attempts;
        assertEquals(usdText(billOf(logged)), logged.cost.totalCost);
        assertEquals(line.cost.totalCost, logged.cost.totalCost);
        const { cost } = line;
        const parts = [
          cost.inputCost,
          cost.cachedCost,
          cost.outputCost,
          cost.reasoningCost,
          cost.otherCost,
        ].map((text) => pico(1, text, 1n, "1"));
        assertEquals(
          usdText(parts.reduce((left, right) => left + right)),
          cost.totalCost,
        );
        for (const [name] of Object.entries(logged.cost.prices[0])) {
          seen.add(name);
        }
      },
    ),
    { numRuns: 500 },
  );
  assertEquals([...seen].sort(), [
    "asOf",
    "discount",
    "inWindow",
    "key",
    "rates",
    "region",
    "serviceTier",
    "table",
    "tierAbove",
    "until",
  ]);
});
