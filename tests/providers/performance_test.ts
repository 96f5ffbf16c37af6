/** Rolling windows: what they count, what they forget, how much they keep. @module */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Cost } from "../../src/exchange/cost.ts";
import { Attempt, Exchange } from "../../src/exchange/exchange.ts";
import { failure, type FailureKind } from "../../src/exchange/failure.ts";
import { emptyLedger } from "../../src/exchange/usage.ts";
import { LogHistogram } from "../../src/support/log_histogram.ts";
import { PerformanceWindows } from "../../src/providers/performance.ts";
import type { WindowSample } from "../../src/providers/window.ts";
import { Sfc32 } from "../../src/support/random_source.ts";
import { FakeClock } from "../support/fake_clock.ts";

const SAMPLE: WindowSample = {
  answered: true,
  durationMs: 1000,
  firstContentMs: 200,
  inputTokens: 100,
  outputTokens: 50,
  costPico: 3_000_000n,
};

function makeExchange(stream: boolean): Exchange {
  const exchange = new Exchange({
    id: "x",
    receivedAtMs: 0,
    startedMs: 0,
    endpoint: "/v1/messages",
    protocol: "messages",
    operation: "generate",
    client: { name: "local", tier: "default" },
    clientIp: "127.0.0.1",
    clientRequestId: null,
  });
  exchange.stream = stream;
  return exchange;
}

function endedAttempt(kind: FailureKind | "answered" | "cancelled"): Attempt {
  const target = { id: "up/m", provider: "up", model: "m" };
  const attempt = new Attempt(0, target, "messages", true, 100);
  attempt.firstContentMs = 350;
  attempt.endedMs = 1100;
  attempt.usage = {
    ledger: { ...emptyLedger(), input: 60, cacheRead: 40, output: 50 },
    raw: null,
    source: "reported",
    serviceTier: null,
    model: null,
  };
  attempt.cost = { totalPico: 3_000_000n } as Cost;
  attempt.outcome = kind === "answered" || kind === "cancelled"
    ? { kind }
    : { kind: "failed", failure: failure(kind, "it failed") };
  return attempt;
}

Deno.test("LogHistogram.quantile() is within 5 % of the exact quantile", () => {
  const random = Sfc32.seeded(7);
  const histogram = new LogHistogram();
  const values: number[] = [];
  for (let index = 0; index < 5000; index++) {
    const value = 2 + Math.exp(random.next() * 12);
    values.push(value);
    histogram.add(value);
  }
  values.sort((left, right) => left - right);
  for (const quantile of [0.01, 0.5, 0.95, 1]) {
    const exact = values[Math.ceil(quantile * values.length) - 1] ?? 0;
    const found = histogram.quantile(quantile) ?? 0;
    assert(
      Math.abs(found / exact - 1) < 0.05,
      `${quantile}: ${found} for ${exact}`,
    );
  }
  assertEquals(new LogHistogram().quantile(0.5), null);
});

Deno.test("PerformanceWindows.of() sums up attempts of one target", () => {
  const windows = new PerformanceWindows({ clock: new FakeClock() });
  assertEquals(windows.of("up/m"), null);
  for (let index = 0; index < 9; index++) windows.record("up/m", SAMPLE);
  windows.record("up/m", { ...SAMPLE, answered: false });
  const found = windows.of("up/m");
  assertEquals([found?.requests, found?.answered], [10, 9]);
  assertAlmostEquals(found?.successRate ?? 0, 10 / 11);
  assertAlmostEquals(found?.p50Ms ?? 0, 1000, 50);
  assertAlmostEquals(found?.firstContentP95Ms ?? 0, 200, 10);
  assertAlmostEquals(found?.tokensPerSecond ?? 0, 50);
  assertEquals(found?.tokens, 9 * 150);
  // 3 micro-USD for 150 tokens are 2 cents for a million.
  assertAlmostEquals(found?.costPer1M ?? 0, 0.02);
});

Deno.test("PerformanceWindows.of() forgets what is older than the window, slice by slice", () => {
  const clock = new FakeClock(123_456);
  const windows = new PerformanceWindows({ windowMs: 10_000, clock });
  const ages: number[] = [];
  for (let second = 0; second < 60; second++) {
    windows.record("up/m", SAMPLE);
    const kept = windows.of("up/m")?.requests ?? 0;
    assert(kept <= 10, `${kept} attempts kept after ${second} s`);
    ages.push(kept);
    clock.advance(1000);
  }
  assertEquals(ages.slice(20).every((kept) => kept === 10), true);
  clock.advance(8_000);
  assert((windows.of("up/m")?.requests ?? 0) > 0);
  clock.advance(3_000);
  assertEquals(windows.of("up/m"), null);
  windows.record("up/m", SAMPLE);
  assertEquals(windows.of("up/m")?.requests, 1);
});

Deno.test("PerformanceWindows.of() gives what a list of samples gives, at any time", () => {
  const clock = new FakeClock();
  const random = Sfc32.seeded(3);
  const windows = new PerformanceWindows({ windowMs: 1000, clock });
  const all: { slice: number; sample: WindowSample }[] = [];
  for (let step = 0; step < 2000; step++) {
    clock.advance(Math.floor(random.next() ** 6 * 3000));
    const sample = {
      ...SAMPLE,
      answered: random.next() < 0.8,
      durationMs: Math.floor(random.next() * 5000),
      outputTokens: Math.floor(random.next() * 3),
      costPico: random.next() < 0.5 ? null : BigInt(step),
    };
    windows.record("up/m", sample);
    all.push({ slice: Math.floor(clock.nowMs / 100), sample });
    const now = Math.floor(clock.nowMs / 100);
    const kept = all.filter(({ slice }) => slice > now - 10)
      .map(({ sample }) => sample);
    const answered = kept.filter((one) => one.answered);
    const found = windows.of("up/m");
    assertEquals(found?.requests, kept.length);
    assertEquals(found?.answered, answered.length);
    assertEquals(
      found?.tokens,
      answered.reduce((sum, one) => sum + 100 + one.outputTokens, 0),
    );
  }
});

Deno.test("PerformanceWindows keeps a bounded number of targets, the latest", () => {
  const windows = new PerformanceWindows({
    maxTargets: 10,
    clock: new FakeClock(),
  });
  for (let index = 0; index < 100; index++) {
    windows.record(`up/${index}`, SAMPLE);
  }
  assertEquals(windows.size, 10);
  assertEquals(windows.of("up/99")?.requests, 1);
  assertEquals(windows.of("up/0"), null);
});

Deno.test("PerformanceWindows drops targets that are not called any more", () => {
  const clock = new FakeClock();
  const windows = new PerformanceWindows({ windowMs: 1000, clock });
  for (let index = 0; index < 50; index++) {
    windows.record(`up/${index}`, SAMPLE);
  }
  clock.advance(2500);
  windows.record("up/new", SAMPLE);
  assertEquals(windows.size, 1);
});

Deno.test("PerformanceWindows.update() keeps the windows of an unchanged length", () => {
  const windows = new PerformanceWindows({
    windowMs: 1000,
    clock: new FakeClock(),
  });
  windows.record("up/m", SAMPLE);
  windows.update(1000);
  assertEquals(windows.of("up/m")?.requests, 1);
  windows.update(2000);
  assertEquals(windows.of("up/m"), null);
});

Deno.test("PerformanceWindows.on() leaves out what clients and the gateway brought about", () => {
  const counted = new Map<string, readonly (number | undefined)[]>();
  for (
    const kind of [
      "answered",
      "cancelled",
      "bad_request",
      "context_length",
      "content_filter",
      "untranslatable",
      "deadline",
      "server_error",
      "rate_limited",
      "not_found",
      "stream_broken",
      "auth",
    ] as const
  ) {
    const windows = new PerformanceWindows({ clock: new FakeClock() });
    windows.on({
      type: "attempt-finished",
      exchange: makeExchange(true),
      attempt: endedAttempt(kind),
    });
    const found = windows.of("up/m");
    counted.set(kind, [found?.answered, found?.requests]);
  }
  assertEquals(Object.fromEntries(counted), {
    answered: [1, 1],
    cancelled: [undefined, undefined],
    bad_request: [undefined, undefined],
    context_length: [undefined, undefined],
    content_filter: [undefined, undefined],
    untranslatable: [undefined, undefined],
    deadline: [undefined, undefined],
    server_error: [0, 1],
    rate_limited: [0, 1],
    not_found: [0, 1],
    stream_broken: [0, 1],
    auth: [0, 1],
  });
});

Deno.test("PerformanceWindows.on() takes times and tokens from the attempt, time to first content from streams alone", () => {
  for (const stream of [true, false]) {
    const windows = new PerformanceWindows({ clock: new FakeClock() });
    const exchange = makeExchange(stream);
    const attempt = endedAttempt("answered");
    windows.on({ type: "attempt-finished", exchange, attempt });
    windows.on({ type: "finished", exchange });
    const found = windows.of("up/m");
    assertEquals(found?.requests, 1);
    assertAlmostEquals(found?.p50Ms ?? 0, 1000, 50);
    assertEquals(found?.tokens, 150);
    if (stream) assertAlmostEquals(found?.firstContentP50Ms ?? 0, 250, 13);
    else assertEquals(found?.firstContentP50Ms, null);
  }
});
