import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { UsageIndex } from "../../src/accounting/query/usage_index.ts";
import { picoOfUsd, usdText } from "../../src/support/decimal.ts";
import { FAST_SIMULATOR, startGateway, type TestGateway } from "./gateway.ts";
import { linesIn } from "./log_lines.ts";

const CONFIG = {
  providers: {
    dear: { ...FAST_SIMULATOR, models: ["one"] },
    cheap: { ...FAST_SIMULATOR, models: ["two"] },
  },
  models: {
    fast: { selector: "in_order", targets: ["cheap/two", "dear/one"] },
  },
  pricing: {
    models: {
      "dear/one": { inputPer1M: 30, outputPer1M: 60 },
      "cheap/two": { inputPer1M: 1, outputPer1M: 2 },
    },
  },
};

// deno-lint-ignore no-explicit-any -- an answer is read as whoever asks would
type Answer = any;

async function get(
  { url }: TestGateway,
  path: string,
): Promise<readonly [number, Answer]> {
  const answer = await fetch(url + path);
  return [answer.status, await answer.json()];
}

async function ask({ url }: TestGateway, body: unknown): Promise<void> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await answer.text();
}

async function askSome(test: TestGateway): Promise<void> {
  const messages = [{ role: "user", content: "hello" }];
  for (const model of ["fast", "fast", "dear/one", "nope"]) {
    await ask(test, { model, messages });
  }
  await ask(test, { model: "fast", messages, stream: true });
}

for (const index of [false, true]) {
  const how = index ? "with the index" : "from the files";
  Deno.test(`/api/usage/summary equals the sum of the lines, ${how}`, async () => {
    await using test = await startGateway({
      ...CONFIG,
      logging: { usage: { index } },
    });
    await askSome(test);
    const [status, summary] = await get(
      test,
      "/api/usage/summary?groupBy=alias",
    );
    assertEquals(status, 200);
    const lines = linesIn(`${test.folder}/state/usage`);
    assertEquals(lines.length, 5);
    const total = lines.reduce(
      (sum, { cost }) =>
        sum + (cost.totalCost === null ? 0n : picoOfUsd(cost.totalCost) ?? 0n),
      0n,
    );
    assert(total > 0n);
    assertEquals(summary.cost.total, usdText(total));
    assertEquals(summary.requests, { total: 5, successful: 4, failed: 1 });
    assertEquals(
      summary.tokens.input,
      lines.reduce((sum, { usage }) => sum + usage.inputTokens, 0),
    );
    assertEquals(Object.keys(summary.cost.byModel), ["dear/one", "cheap/two"]);
    assertEquals(
      summary.groups.map((group: Answer) => [
        group.alias,
        group.requests.total,
      ]).sort(),
      [["", 2], ["fast", 3]],
    );
    assert(summary.performance.p50TtftMs !== null);
    assertEquals(summary.brokenLines, 0);
    // A request more is in the next answer.
    await askSome(test);
    const [, again] = await get(test, "/api/usage/summary");
    assertEquals(again.requests.total, 10);
  });
}

Deno.test("/api/usage lists the lines, the newest first, by filter and page", async () => {
  await using test = await startGateway(CONFIG);
  await askSome(test);
  const [status, page] = await get(test, "/api/usage?provider=cheap&limit=2");
  assertEquals(status, 200);
  const lines = linesIn(`${test.folder}/state/usage`);
  const cheap = lines.filter(({ actualProvider }) => actualProvider === "cheap")
    .reverse();
  assertEquals(page.items, cheap.slice(0, 2));
  assertEquals([page.hasMore, page.limit, page.offset], [true, 2, 0]);
  const [, failed] = await get(test, "/api/usage?success=false");
  assertEquals(failed.items.map(({ status }: Answer) => status), [404]);
  const [, none] = await get(test, "/api/usage?to=2020-01-01");
  assertEquals(none.items, []);
});

Deno.test("/api/costs/report says what routing saved, from the prices of the decision", async () => {
  await using test = await startGateway(CONFIG);
  await askSome(test);
  const [status, report] = await get(test, "/api/costs/report");
  assertEquals(status, 200);
  const lines = linesIn(`${test.folder}/state/usage`);
  const routed = lines.filter(({ aliasUsed }) => aliasUsed === "fast");
  const saved = routed.reduce(
    (sum, { usage }) =>
      sum + 29_000_000n * BigInt(usage.inputTokens) +
      58_000_000n * BigInt(usage.outputTokens),
    0n,
  );
  assertEquals(report.savings.smartRoutingAmount, usdText(saved));
  assertEquals(report.savings.details.routing.requests, 3);
  assertEquals(report.savings.cachingAmount, "0");
  assertEquals(report.savings.actualCost, report.totalCost);
  assertEquals(Object.keys(report.breakdown.byProvider), ["dear", "cheap"]);
  assertEquals(Object.keys(report.breakdown.byClient), ["local"]);
  // No day is whole yet.
  assertEquals(report.trends, {
    dailyAverage: null,
    weeklyTrend: null,
    monthlyProjection: null,
    wholeDays: 0,
  });
  const advice = report.recommendations.map(({ type }: Answer) => type);
  assertEquals(advice, ["caching", "provider"]);
});

Deno.test("Questions that make no sense are 400 and say why; a log that is off is 409", async () => {
  await using test = await startGateway(CONFIG);
  const refused: [string, string, string][] = [
    ["/api/usage?from=2026-02-30", "from", "is no moment"],
    ["/api/usage/summary?from=2026-11-20&to=2026-11-19", "to", "before from"],
    ["/api/usage/summary?from=2020-01-01", "from", "range too large"],
    ["/api/costs/report?from=2020-01-01", "from", "range too large"],
    ["/api/usage/summary?groupBy=tier", "groupBy", "tier"],
    ["/api/usage?limit=0", "limit", "limit"],
    ["/api/usage?modle=x", "modle", "it is unknown"],
  ];
  for (const [path, param, words] of refused) {
    const [status, { error }] = await get(test, path);
    assertEquals([status, error.param], [400, param], path);
    assertStringIncludes(error.message, words);
  }
  await test.reload({ ...CONFIG, logging: { usage: { enabled: false } } });
  for (
    const path of ["/api/usage", "/api/usage/summary", "/api/costs/report"]
  ) {
    const [status, { error }] = await get(test, path);
    assertEquals([status, error.code], [409, "disabled"], path);
  }
});

Deno.test("A broken index does not keep the log from answering and is made again; a log that cannot be written is told of", async () => {
  await using test = await startGateway({
    ...CONFIG,
    logging: { usage: { index: true } },
  });
  await askSome(test);
  const path = `${test.folder}/state/usage/index.sqlite`;
  await Deno.writeTextFile(path, "no database at all ".repeat(100));
  const [status, summary] = await get(test, "/api/usage/summary");
  assertEquals([status, summary.requests.total], [200, 5]);
  UsageIndex.open(path)[Symbol.dispose]();
  // Its first page is whole, the rest is not.
  const file = await Deno.readFile(path);
  await Deno.writeFile(path, file.fill(0xa5, 4096));
  const [after, again] = await get(test, "/api/usage/summary?groupBy=model");
  assertEquals([after, again.requests.total], [200, 5]);
  await Deno.writeTextFile(`${test.folder}/file`, "");
  await using other = await startGateway({
    ...CONFIG,
    logging: { usage: { storagePath: `${test.folder}/file/usage` } },
  });
  const [refused, { error }] = await get(other, "/api/usage");
  assertEquals([refused, error.code], [409, "disabled"]);
  assertStringIncludes(error.message, "cannot be written");
});
