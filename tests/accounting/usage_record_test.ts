import { assertEquals, assertMatch } from "@std/assert";
import { UsageRecordWriter } from "../../src/accounting/usage_record.ts";
import type { Cost } from "../../src/exchange/cost.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import { failure } from "../../src/exchange/failure.ts";
import { picoOfUsd } from "../../src/support/decimal.ts";
import type { UsageLine } from "../e2e/log_lines.ts";
import { costOf, endedExchange } from "../metrics/exchanges.ts";

function priced(usd: string, fields: Partial<Cost> = {}): Cost {
  return costOf(picoOfUsd(usd) ?? 0n, {
    priceKey: "openai/gpt-5-mini",
    ...fields,
  });
}

function record(exchange: Exchange, clientIp = true): UsageLine {
  return JSON.parse(new UsageRecordWriter({ clientIp }).line(exchange));
}

Deno.test("UsageRecordWriter names who asked, what was asked for and who answered", () => {
  const exchange = endedExchange({ fields: { stream: true } });
  exchange.decision = {
    requestedModel: "fast",
    alias: "fast",
    resolvedBy: "alias",
    strategy: "latency",
    order: [],
    excluded: [{
      target: { id: "a/b", provider: "a", model: "b" },
      reason: 'says "no"',
    }],
    refusal: null,
  };
  const line = record(exchange);
  assertEquals(
    {
      id: line.id,
      timestamp: line.timestamp,
      client: line.client,
      tier: line.tier,
      clientIp: line.clientIp,
      aliasUsed: line.aliasUsed,
      requestedModel: line.requestedModel,
      actualProvider: line.actualProvider,
      actualModel: line.actualModel,
      apiType: line.apiType,
      targetApiType: line.targetApiType,
      native: line.native,
      passthrough: line.passthrough,
      streaming: line.streaming,
      success: line.success,
      outcome: line.outcome,
      status: line.status,
      errorType: line.errorType,
      errorMessage: line.errorMessage,
    },
    {
      id: "01kafx9p3r8d7zq2m4n6v8w0yt",
      timestamp: "2026-11-20T22:02:03.456Z",
      client: "ci",
      tier: "internal",
      clientIp: "127.0.0.1",
      aliasUsed: "fast",
      requestedModel: "fast",
      actualProvider: "openai",
      actualModel: "gpt-5-mini",
      apiType: "messages",
      targetApiType: "chat",
      native: false,
      passthrough: false,
      streaming: true,
      success: true,
      outcome: "success",
      status: 200,
      errorType: null,
      errorMessage: null,
    },
  );
  assertEquals(line.decision?.excluded[0]?.reason, 'says "no"');
  assertEquals(line.usage, {
    inputTokens: 150,
    outputTokens: 11,
    cachedTokens: 50,
    reasoningTokens: 3,
    totalTokens: 161,
  });
  assertEquals(line.metrics, {
    durationMs: 105,
    ttftMs: 42,
    tokensPerSecond: 110,
  });
  assertEquals("clientIp" in record(exchange, false), false);
});

Deno.test("UsageRecordWriter sums the attempts and keeps each", () => {
  const exchange = endedExchange({
    targets: ["openai/gpt-5-mini", "anthropic/claude-haiku-4-5"],
    outcomes: [
      { kind: "failed", failure: failure("server_error", "it broke") },
      { kind: "answered" },
    ],
  });
  const [first, second] = exchange.attempts;
  if (first === undefined || second === undefined) throw new Error("two");
  first.usage.source = "partial";
  first.usage.ledger.input = 7;
  first.cost = priced("0.000000000003");
  second.cost = priced("1.25", { status: "reported", source: "reported" });
  const line = record(exchange);
  assertEquals(line.ledger.input, 107);
  assertEquals(line.usageSource, "partial");
  assertEquals(line.cost.totalCost, "1.250000000003");
  assertEquals(line.cost.status, "reported");
  assertEquals(line.cost.currency, "USD");
  assertEquals(line.attempts.length, 2);
  assertEquals(line.attempts[0]?.failure, "server_error");
  assertEquals(line.attempts[0]?.ledger, { input: 7 });
  assertEquals(line.attempts[0]?.cost.totalCost, "0.000000000003");
  assertEquals(line.attempts[1]?.provider, "anthropic");
});

Deno.test("UsageRecordWriter leaves an unknown cost null", () => {
  const exchange = endedExchange({ targets: ["a/b", "c/d"] });
  const [first, second] = exchange.attempts;
  if (first === undefined || second === undefined) throw new Error("two");
  first.cost = priced("0", { status: "unpriced", totalPico: null });
  second.cost = priced("0.5");
  const { cost } = record(exchange);
  assertEquals([cost.status, cost.totalCost], ["unpriced", null]);
});

Deno.test("UsageRecordWriter says why a request failed", () => {
  const exchange = endedExchange({
    outcomes: [{
      kind: "failed",
      failure: failure("rate_limited", "slow\ndown", { upstreamStatus: 429 }),
    }],
    fields: {
      status: 429,
      outcome: "rate_limited",
      error: "rate_limited: slow\ndown",
    },
  });
  const text = new UsageRecordWriter({ clientIp: true }).line(exchange);
  assertMatch(text, /^[^\n]+$/);
  const line = JSON.parse(text);
  assertEquals(line.success, false);
  assertEquals(line.errorType, "rate_limited");
  assertEquals(line.errorMessage, "rate_limited: slow\ndown");
  assertEquals(line.usageSource, "none");
  assertEquals(line.cost.totalCost, null);
});

Deno.test("UsageRecordWriter says by which prices an attempt was priced, of which day they are and what they do not say", () => {
  const price = {
    key: "openai/gpt-5-mini",
    table: "embedded",
    asOf: "2026-11-10",
    rates: { inputPer1M: "0.25" },
  };
  const writer = new UsageRecordWriter({ clientIp: true });
  const say = (cost: Cost) => {
    const exchange = endedExchange();
    for (const attempt of exchange.attempts) attempt.cost = cost;
    const line = JSON.parse(writer.line(exchange));
    return [line.cost, line.attempts[0]?.cost];
  };
  const plain = priced("0.5", {
    source: "embedded",
    priceAsOf: "2026-11-10",
    prices: [price],
  });
  const expected = {
    totalCost: "0.5",
    source: "embedded",
    status: "priced",
    prices: [price],
  };
  // The second line comes from memory, and so would one that must differ.
  for (let turn = 0; turn < 2; turn++) {
    const [cost, attempt] = say(plain);
    assertEquals([cost.priceKey, cost.priceAsOf], [price.key, price.asOf]);
    assertEquals(attempt, expected);
  }
  assertEquals(say({ ...plain, status: "estimated" })[1], {
    ...expected,
    status: "estimated",
  });
  const [billed, attempt] = say({
    ...plain,
    status: "reported",
    source: "reported",
    reportedPico: picoOfUsd("0.5"),
    computedPico: picoOfUsd("0.75"),
    rateMissing: ["cacheRead"],
  });
  assertEquals([billed.status, billed.reportedCost], ["reported", "0.5"]);
  assertEquals(attempt, {
    ...expected,
    status: "reported",
    source: "reported",
    reportedCost: "0.5",
    computedCost: "0.75",
    rateMissing: ["cacheRead"],
  });
});
