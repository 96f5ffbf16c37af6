/** Lines are put together of remembered texts: for any exchange they must say what an object of it says. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { UsageRecordWriter } from "../../src/accounting/usage_record.ts";
import type { Cost } from "../../src/exchange/cost.ts";
import type { Attempt, Exchange } from "../../src/exchange/exchange.ts";
import { failure, FAILURE_RULES } from "../../src/exchange/failure.ts";
import type { Ledger } from "../../src/exchange/usage.ts";
import { usdText } from "../../src/support/decimal.ts";
import { costOf, endedExchange } from "../metrics/exchanges.ts";

const PRICES = ["0.25", "8"].map((inputPer1M, index) => ({
  key: `up/m${index}`,
  table: 'a "table"',
  asOf: index === 0 ? "2026-11-10" : null,
  rates: { inputPer1M },
}));

const NAME = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("fast", 'say "hi"', "two\nlines", "漢字", "\ud800", ""),
);
const MAYBE = fc.option(NAME);
const PICO = fc.oneof(
  fc.constantFrom(0n, 1n, 10n ** 12n - 1n, 10n ** 12n, 10n ** 12n + 1n),
  fc.bigInt({ min: 0n, max: 10n ** 18n }),
);
const COUNT = fc.oneof(fc.constant(0), fc.nat(2 ** 31 - 1), fc.nat(9e15));
const MS = fc.oneof(
  fc.nat(1e6),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
  fc.constantFrom(0, 0.001, 0.0004, 0.01, 0.1, 1.5, 99.9996),
);
const LEDGER = fc.record({
  input: COUNT,
  cacheRead: COUNT,
  cacheWrite5m: COUNT,
  cacheWrite1h: COUNT,
  inputAudio: COUNT,
  cacheReadAudio: COUNT,
  output: COUNT,
  reasoning: COUNT,
  outputAudio: COUNT,
  outputImage: COUNT,
  webSearch: COUNT,
});
const COST = fc.record({
  status: fc.constantFrom("priced", "estimated", "reported"),
  source: fc.constantFrom("config", "embedded", null),
  totalPico: fc.option(PICO),
  inputPico: PICO,
  cachedPico: PICO,
  outputPico: PICO,
  reasoningPico: PICO,
  otherPico: PICO,
  reportedPico: fc.option(PICO),
  priceKey: MAYBE,
  priceAsOf: fc.constantFrom("2026-11-10", null),
  rateMissing: fc.constantFrom<string[]>([], ["cacheRead", "webSearch"]),
  prices: fc.subarray(PRICES),
  computes: fc.boolean(),
}).map(({ computes, totalPico, ...cost }) =>
  costOf(
    totalPico,
    { ...cost, computedPico: computes ? totalPico : 3n } as Partial<Cost>,
  )
);
const ATTEMPT = fc.record({
  outcome: fc.constantFrom<NonNullable<Attempt["outcome"]>>(
    { kind: "answered" },
    { kind: "cancelled" },
    { kind: "failed", failure: failure("rate_limited", 'no "more"\n') },
  ),
  native: fc.boolean(),
  protocol: fc.constantFrom("chat", "messages", "responses"),
  upstreamStatus: fc.constantFrom(0, 200, 429),
  startedMs: MS,
  tookMs: MS,
  content: fc.option(MS),
  finishReason: MAYBE,
  upstreamRequestId: MAYBE,
  cost: fc.option(COST),
  usage: fc.record({
    ledger: LEDGER,
    raw: fc.oneof(
      fc.jsonValue(),
      fc.constant({ long: "x".repeat(5000) }),
      fc.constant({ prompt_tokens: 1, completion_tokens: 2 }),
    ),
    source: fc.constantFrom("reported", "estimated", "partial", "none"),
    serviceTier: MAYBE,
    model: MAYBE,
  }),
});
const EXCHANGE = fc.record({
  attempts: fc.array(ATTEMPT, { maxLength: 3 }),
  client: fc.record({ name: NAME, tier: NAME }),
  clientRequestId: MAYBE,
  divertedBy: MAYBE,
  endedMs: MS,
  decided: fc.boolean(),
  alias: MAYBE,
  order: fc.array(fc.constantFrom("a/b", "a/c", 'q/"x"/y'), { maxLength: 20 }),
  excluded: fc.array(NAME, { maxLength: 18 }),
  fields: fc.record({
    stream: fc.boolean(),
    status: fc.constantFrom(200, 402, 499, 0),
    outcome: fc.constantFrom("success", "timeout", "client_abort", null),
    error: MAYBE,
    losses: fc.array(NAME, { maxLength: 2 }),
    cacheStatus: fc.constantFrom(null, "hit", "miss", "bypass"),
    requestedModel: NAME,
  }),
});
type Shape = typeof EXCHANGE extends fc.Arbitrary<infer Value> ? Value : never;

const TARGETS = ["openai/gpt-5", 'a/say "b"', "x/y"];

function exchangeOf(shape: Shape): Exchange {
  const exchange = endedExchange({
    targets: shape.attempts.map((_, index) => TARGETS[index] ?? ""),
    client: shape.client,
    fields: shape.fields as Partial<Exchange>,
    ...(shape.clientRequestId === null
      ? {}
      : { clientRequestId: shape.clientRequestId }),
  });
  exchange.endedMs = shape.endedMs;
  exchange.divertedBy = shape.divertedBy;
  for (const [index, fields] of shape.attempts.entries()) {
    const { tookMs, content, ...rest } = fields;
    Object.assign(exchange.attempts[index] ?? {}, {
      ...rest,
      endedMs: rest.startedMs + tookMs,
      firstContentMs: content === null ? -1 : rest.startedMs + content,
    });
  }
  if (shape.decided) {
    exchange.decision = {
      requestedModel: exchange.requestedModel,
      alias: shape.alias,
      resolvedBy: "alias",
      strategy: "latency",
      order: shape.order.map((id, group) => ({
        target: { id, provider: "", model: "" },
        group,
        score: null,
        reason: "",
      })),
      excluded: shape.excluded.map((reason) => ({
        target: { id: "a/b", provider: "a", model: "b" },
        reason,
      })),
      refusal: null,
    };
  }
  return exchange;
}

function money(pico: bigint | null): string | null {
  return pico === null ? null : usdText(pico);
}

function ms(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function used(ledger: Ledger): object {
  return Object.fromEntries(
    Object.entries(ledger).filter(([, count]) => count > 0),
  );
}

/** An attempt of a line, spelled the slow way. */
function plainAttempt(attempt: Attempt): object {
  const { outcome, usage, cost } = attempt;
  const failed = outcome?.kind === "failed" ? outcome.failure : undefined;
  const raw = typeof usage.raw === "object" ? usage.raw : null;
  return {
    provider: attempt.target.provider,
    model: attempt.target.model,
    targetApiType: attempt.protocol,
    native: attempt.native,
    outcome: outcome?.kind,
    status: attempt.upstreamStatus,
    failure: failed?.kind,
    errorType: failed && FAILURE_RULES[failed.kind].errorType,
    errorMessage: failed?.message,
    startedMs: ms(attempt.startedMs),
    durationMs: ms(attempt.endedMs - attempt.startedMs),
    firstContentMs: attempt.firstContentMs < 0
      ? undefined
      : ms(attempt.firstContentMs - attempt.startedMs),
    finishReason: attempt.finishReason ?? undefined,
    upstreamRequestId: attempt.upstreamRequestId ?? undefined,
    servedModel: usage.model ?? undefined,
    serviceTier: usage.serviceTier ?? undefined,
    usageSource: usage.source,
    ledger: used(usage.ledger),
    rawUsage: JSON.stringify(raw).length > 4096 ? null : raw,
    cost: cost === null ? null : {
      totalCost: money(cost.totalPico),
      source: cost.source,
      status: cost.status,
      reportedCost: money(cost.reportedPico) ?? undefined,
      computedCost: cost.computedPico === cost.totalPico
        ? undefined
        : money(cost.computedPico),
      rateMissing: cost.rateMissing.length > 0 ? cost.rateMissing : undefined,
      prices: cost.prices.length > 0 ? cost.prices : undefined,
    },
  };
}

Deno.test("UsageRecordWriter writes what one object of the exchange would say, from memory or not", () => {
  const writer = new UsageRecordWriter({ clientIp: true });
  fc.assert(
    fc.property(EXCHANGE, (shape) => {
      const exchange = exchangeOf(shape);
      const text = writer.line(exchange);
      assert(!text.includes("\n"));
      assertEquals(writer.line(exchange), text);
      const line = JSON.parse(text);
      const { decision } = exchange;
      const last = exchange.lastAttempt;
      const said = JSON.parse(JSON.stringify({
        id: exchange.id,
        client: exchange.client.name,
        tier: exchange.client.tier,
        clientIp: exchange.clientIp,
        clientRequestId: exchange.clientRequestId ?? undefined,
        endpoint: exchange.endpoint,
        apiType: exchange.protocol,
        targetApiType: last?.protocol ?? null,
        native: last?.native ?? null,
        passthrough: last?.native ?? null,
        streaming: exchange.stream,
        requestedModel: exchange.requestedModel,
        aliasUsed: decision?.alias ?? null,
        actualProvider: last?.target.provider ?? null,
        actualModel: last?.target.model ?? null,
        success: exchange.outcome === "success",
        outcome: exchange.outcome,
        status: exchange.status,
        errorMessage: exchange.error,
        decision: decision === null ? null : {
          resolvedBy: decision.resolvedBy,
          strategy: decision.strategy,
          order: decision.order.slice(0, 16).map(({ target }) => target.id),
          excluded: decision.excluded.slice(0, 16).map((
            { target, reason },
          ) => ({ target: target.id, reason })),
          divertedBy: exchange.divertedBy ?? undefined,
        },
        losses: exchange.losses,
        cache: exchange.cacheStatus,
        attempts: exchange.attempts.map(plainAttempt),
      }));
      assertEquals({ ...line, ...said }, line);
      assertEquals(line.metrics.durationMs, ms(exchange.endedMs));
      for (const [bucket, count] of Object.entries(line.ledger)) {
        const sum = exchange.attempts.reduce(
          (total, { usage }) => total + usage.ledger[bucket as keyof Ledger],
          0,
        );
        assertEquals(count, sum);
      }
      const [only, ...more] = exchange.attempts;
      if (only?.cost && more.length === 0) {
        const { cost } = only;
        assertEquals(line.cost, {
          inputCost: money(cost.inputPico),
          outputCost: money(cost.outputPico),
          cachedCost: money(cost.cachedPico),
          reasoningCost: money(cost.reasoningPico),
          otherCost: money(cost.otherPico),
          totalCost: money(cost.totalPico),
          currency: "USD",
          source: cost.source,
          status: cost.status,
          priceKey: cost.priceKey,
          priceAsOf: cost.priceAsOf,
          reportedCost: money(cost.reportedPico),
        });
      }
    }),
    { numRuns: 400 },
  );
});
