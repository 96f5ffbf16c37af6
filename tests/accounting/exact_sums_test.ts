/** Money adds up: a million requests, their groups, the parts of each and the attempts in any order. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { embeddedPrices } from "../../src/accounting/embedded_prices.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import {
  totalsView,
  UsageTotals,
} from "../../src/accounting/query/usage_totals.ts";
import {
  requestCost,
  requestLedger,
  requestUsageSource,
} from "../../src/accounting/request_cost.ts";
import { emptyRow, RowReader } from "../../src/accounting/usage_row.ts";
import { UsageRecordWriter } from "../../src/accounting/usage_record.ts";
import { noUsage, totalInput, totalOutput } from "../../src/exchange/usage.ts";
import { picoOfUsd, usdText } from "../../src/support/decimal.ts";
import { costOf, endedExchange } from "../metrics/exchanges.ts";

const REQUESTS = 1_000_000;
const TARGETS = [
  "openai/gpt-5-mini",
  "openai/gpt-5.6-sol",
  "openai/gpt-4o",
  "anthropic/claude-opus-5",
  "anthropic/claude-haiku-4-5",
  "deepseek/deepseek-v4-flash",
  "google/gemini-2.5-flash",
  "xai/grok-4.5",
].map((id) => {
  const slash = id.indexOf("/");
  return { provider: id.slice(0, slash), model: id.slice(slash + 1) };
});
const CLIENTS = ["ci", "laptop", "batch"];

/** A small generator: a million draws of a library's would take a minute. */
function randoms(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("the sum of a million requests is the sum of their groups and of their parts, to the last digit", () => {
  const random = randoms(20_261_121);
  const calculator = new CostCalculator(
    new PriceBook([embeddedPrices()]),
    new Map([["openai", 850_001n], ["xai", 1_055_000n]]),
  );
  const all = new UsageTotals();
  const groups = new Map<string, UsageTotals>();
  const parts = { input: 0n, cached: 0n, output: 0n, reasoning: 0n, other: 0n };
  let pico = 0n;
  const usage = { ...noUsage(), source: "reported" as const };
  const { ledger } = usage;
  const row = { ...emptyRow(), outcome: "success" };
  for (let request = 0; request < REQUESTS; request++) {
    const target = TARGETS[random(TARGETS.length)] ??
      { provider: "", model: "" };
    // Long prompts reach the tiers, short ones the digits behind the rounding.
    ledger.input = random(request % 50 === 0 ? 400_000 : 3000);
    ledger.cacheRead = request % 3 === 0 ? random(2000) : 0;
    ledger.cacheWrite5m = request % 7 === 0 ? random(900) : 0;
    ledger.output = random(700);
    ledger.reasoning = request % 5 === 0 ? random(300) : 0;
    ledger.webSearch = request % 1000 === 0 ? random(3) : 0;
    const cost = calculator.cost({
      ...target,
      host: null,
      usage,
      atMs: 1_795_212_123_456,
    });
    assert(cost.totalPico !== null, target.model);
    pico += cost.totalPico;
    parts.input += cost.inputPico;
    parts.cached += cost.cachedPico;
    parts.output += cost.outputPico;
    parts.reasoning += cost.reasoningPico;
    parts.other += cost.otherPico;
    row.inputTokens = totalInput(ledger);
    row.outputTokens = totalOutput(ledger);
    row.cachedTokens = ledger.cacheRead;
    row.reasoningTokens = ledger.reasoning;
    // Queries count small amounts as numbers, large ones as big integers.
    row.costPico = request % 9 === 0 ? cost.totalPico : Number(cost.totalPico);
    row.durationMs = random(60_000_000) / 1000;
    all.add(row);
    const group = `${target.provider} ${target.model} ${
      CLIENTS[random(CLIENTS.length)]
    } ${random(2)}`;
    let totals = groups.get(group);
    if (totals === undefined) groups.set(group, totals = new UsageTotals());
    totals.add(row);
  }
  assertEquals(groups.size, TARGETS.length * CLIENTS.length * 2);
  const merged = new UsageTotals();
  for (const totals of [...groups.values()].reverse()) merged.merge(totals);
  assertEquals(totalsView(merged), totalsView(all));
  assertEquals(all.requests, REQUESTS);
  assertEquals(all.cost.pico, pico);
  assertEquals(picoOfUsd(totalsView(all).cost.total), pico);
  assertEquals(
    parts.input + parts.cached + parts.output + parts.reasoning + parts.other,
    pico,
  );
});

Deno.test("a sum of logged lines is the sum of what was priced", () => {
  const random = randoms(7);
  const writer = new UsageRecordWriter({ clientIp: false });
  const reader = new RowReader();
  const totals = new UsageTotals();
  let pico = 0n;
  for (let request = 0; request < 20_000; request++) {
    const exchange = endedExchange();
    const [attempt] = exchange.attempts;
    const cost = BigInt(random(2 ** 31)) ** (request % 100 === 0 ? 2n : 1n);
    if (attempt !== undefined) attempt.cost = costOf(cost);
    pico += cost;
    const line = writer.line(exchange);
    assert(reader.read(line, 0, line.length));
    totals.add(reader.row);
  }
  assertEquals(totals.cost.pico, pico);
  assertEquals(totals.cost.text, usdText(pico));
});

Deno.test("a request costs the same in whatever order its attempts come", () => {
  const count = fc.nat(1_000_000);
  const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });
  const attempt = fc.record({
    status: fc.constantFrom(
      "priced",
      "estimated",
      "reported",
      "unpriced",
      "no-usage",
      "invalid",
    ),
    source: fc.constantFrom("reported", "estimated", "partial", "none"),
    parts: fc.tuple(amount, amount, amount, amount, amount),
    reported: fc.option(amount),
    ledger: fc.record({ input: count, cacheRead: count, output: count }),
  });
  type Shape = typeof attempt extends fc.Arbitrary<infer Value> ? Value : never;
  const sumsOf = (shapes: readonly Shape[]) => {
    const exchange = endedExchange({ targets: shapes.map(() => "a/b") });
    for (const [index, shape] of shapes.entries()) {
      const { usage } = exchange.attempts[index] ?? {};
      assert(usage);
      Object.assign(usage.ledger, shape.ledger);
      usage.source = shape.source as typeof usage.source;
      const [input, cached, output, reasoning, other] = shape.parts;
      const isKnown = ["priced", "estimated", "reported"]
        .includes(shape.status);
      const total = input + cached + output + reasoning + other;
      Object.assign(exchange.attempts[index] ?? {}, {
        cost: costOf(isKnown ? total : null, {
          status: shape.status as "priced",
          source: isKnown ? "embedded" : null,
          inputPico: isKnown ? input : 0n,
          cachedPico: isKnown ? cached : 0n,
          outputPico: isKnown ? output : 0n,
          reasoningPico: isKnown ? reasoning : 0n,
          otherPico: isKnown ? other : 0n,
          reportedPico: shape.reported,
        }),
      });
    }
    const cost = requestCost(exchange);
    if (cost.totalPico !== null) {
      assertEquals(
        cost.inputPico + cost.cachedPico + cost.outputPico +
          cost.reasoningPico + cost.otherPico,
        cost.totalPico,
      );
    }
    return {
      total: cost.totalPico,
      parts: [cost.inputPico, cost.cachedPico, cost.outputPico],
      more: [cost.reasoningPico, cost.otherPico, cost.reportedPico],
      status: cost.status,
      source: requestUsageSource(exchange),
      ledger: requestLedger(exchange),
    };
  };
  const shuffled = fc.array(attempt, { minLength: 1, maxLength: 5 }).chain(
    (shapes) =>
      fc.tuple(
        fc.constant(shapes),
        fc.shuffledSubarray(shapes, { minLength: shapes.length }),
      ),
  );
  fc.assert(
    fc.property(shuffled, ([shapes, other]) => {
      assertEquals(sumsOf(other), sumsOf(shapes));
    }),
    { numRuns: 500 },
  );
});
