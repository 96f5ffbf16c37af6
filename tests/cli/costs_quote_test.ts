import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import { quoteBatch } from "../../src/cli/quote/quote_batch.ts";
import { run } from "../../src/cli/run.ts";
import { scaledDecimal } from "../../src/support/decimal.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { FakeTerminal } from "./fake_terminal.ts";

const TABLE = {
  "gpt-x": {
    litellm_provider: "openai",
    mode: "chat",
    input_cost_per_token: 2e-06,
    output_cost_per_token: 1e-05,
    cache_read_input_token_cost: 5e-07,
    input_cost_per_token_flex: 1e-06,
    output_cost_per_token_flex: 5e-06,
    cache_read_input_token_cost_flex: 2.5e-07,
  },
};

/** Runs in a folder with a price table and these files. */
async function inFolder(
  files: Readonly<Record<string, string>>,
  test: (
    quote: (...words: string[]) => Promise<FakeTerminal>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const all = { "table.json": JSON.stringify(TABLE), ...files };
    for (const [name, text] of Object.entries(all)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await test(async (...words) => {
      const terminal = new FakeTerminal({ input: files["stdin"] ?? "" });
      const code = await run([
        "costs",
        "quote",
        ...words,
        "--prices",
        `${folder}/table.json`,
        "--format",
        "litellm",
      ], terminal);
      assertEquals(code, 0, terminal.errText);
      return terminal;
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const USAGE = JSON.stringify({
  prompt_tokens: 1000,
  completion_tokens: 100,
  prompt_tokens_details: { cached_tokens: 400 },
});

const SELECTED = ["--provider", "openai", "--model", "gpt-x", "--json"];

Deno.test("costs quote prices one usage body, with everything that led to it", () =>
  inFolder({ "usage.json": USAGE, "stdin": USAGE }, async (quote, folder) => {
    // 600 x 2 + 400 x 0.5 + 100 x 10 = 2400.
    for (const usage of [`${folder}/usage.json`, "-"]) {
      const terminal = await quote(
        ...SELECTED,
        "--protocol",
        "chat",
        "--usage",
        usage,
      );
      const { details: _, ...answer } = JSON.parse(terminal.outText);
      assertEquals(answer, {
        costUsd: "0.0024",
        status: "priced",
        usageSource: "reported",
        ledger: {
          input: 600,
          cacheRead: 400,
          cacheWrite5m: 0,
          cacheWrite1h: 0,
          inputAudio: 0,
          cacheReadAudio: 0,
          output: 100,
          reasoning: 0,
          outputAudio: 0,
          outputImage: 0,
          webSearch: 0,
        },
        components: { input: "0.0012", cacheRead: "0.0002", output: "0.001" },
        rates: { inputPer1M: "2", outputPer1M: "10", cachedPer1M: "0.5" },
        priceKey: "openai/gpt-x",
        priceSource: "imported",
        reportedUsd: null,
      });
    }
  }));

Deno.test("costs quote prices a recorded stream and a whole answer", () =>
  inFolder({
    "stream.sse": [
      'data: {"id":"1","model":"gpt-x","choices":[{"delta":{"content":"x"}}]}',
      `data: {"model":"gpt-x","service_tier":"flex","choices":[],"usage":${USAGE}}`,
      "data: [DONE]",
      "",
    ].join("\n\n"),
    "answer.json": `{"model":"gpt-x","choices":[],"usage":${USAGE}}`,
  }, async (quote, folder) => {
    const of = async (file: string) => {
      const terminal = await quote(
        ...SELECTED,
        "--protocol",
        "chat",
        "--usage",
        `${folder}/${file}`,
      );
      return JSON.parse(terminal.outText).costUsd;
    };
    assertEquals(await of("stream.sse"), "0.0012");
    assertEquals(await of("answer.json"), "0.0024");
  }));

Deno.test("costs quote shows a table to people", () =>
  inFolder({ "stdin": USAGE }, async (quote) => {
    const words = [...SELECTED.slice(0, 4), "--protocol", "chat"];
    const { outText } = await quote(...words, "--usage", "-");
    assertStringIncludes(outText, "cacheRead    400  0.0002");
    assertStringIncludes(outText, "cost    0.0024 USD, priced");
  }));

const GOOD = {
  id: "a",
  provider: "openai",
  model: "gpt-x",
  protocol: "chat",
  usage: JSON.parse(USAGE),
};

const BATCH: readonly unknown[] = [
  GOOD,
  { ...GOOD, id: 7, request: { service_tier: "flex" } },
  { ...GOOD, id: "no price", model: "gpt-y" },
  { ...GOOD, id: "none", usage: {} },
  "not json",
  { ...GOOD, id: "no provider", provider: undefined },
  { ...GOOD, id: "protocol", protocol: "grpc" },
  { ...GOOD, id: "negative", usage: { prompt_tokens: -1 } },
  { ...GOOD, id: "text", usage: { prompt_tokens: "12" } },
  { ...GOOD, id: "time", request: { timestamp: "whenever" } },
  { ...GOOD, id: "missing", usage: undefined },
  "[1]",
  {
    ...GOOD,
    id: "billed",
    usage: { ...JSON.parse(USAGE), cost: 0.0123 },
  },
  {
    ...GOOD,
    id: "events",
    usage: undefined,
    events: [
      { choices: [{ delta: { content: "x" } }] },
      { choices: [], usage: JSON.parse(USAGE) },
      "data: [DONE]",
    ],
  },
  {
    ...GOOD,
    id: "model",
    model: undefined,
    usage: {
      model: "gpt-x-2026-01-01",
      choices: [],
      usage: JSON.parse(USAGE),
    },
  },
];

Deno.test("costs quote --batch answers every line in its order, whatever is wrong with some", () =>
  inFolder({
    "batch.jsonl": BATCH.map((line) =>
      typeof line === "string" ? line : JSON.stringify(line)
    ).join("\n\n"),
  }, async (quote, folder) => {
    const { outText } = await quote("--batch", `${folder}/batch.jsonl`);
    const answers = outText.split("\n").map((line) =>
      JSON.parse(line) as JsonObject
    );
    assertEquals(
      answers.map(({ id, status, costUsd }) => [id, status, costUsd]),
      [
        ["a", "priced", "0.0024"],
        [7, "priced", "0.0012"],
        ["no price", "unpriced", null],
        ["none", "no-usage", null],
        [null, "invalid", null],
        ["no provider", "invalid", null],
        ["protocol", "invalid", null],
        ["negative", "invalid", null],
        ["text", "invalid", null],
        ["time", "invalid", null],
        ["missing", "invalid", null],
        [null, "invalid", null],
        ["billed", "reported", "0.0123"],
        ["events", "priced", "0.0024"],
        ["model", "priced", "0.0024"],
      ],
    );
    const reasons = answers.map(({ reason }) => reason).filter(Boolean);
    assertEquals(reasons, [
      "Cannot read line 9: it is not JSON",
      "Cannot price record: provider is absent, give a name",
      'Cannot price record: protocol is "grpc", use chat, messages or responses',
      "Cannot price record: usage.prompt_tokens is -1, give a whole number of 0 or more",
      'Cannot price record: usage.prompt_tokens is "12", give a whole number of 0 or more',
      'Cannot price record: request.at is "whenever", give a time such as 2026-08-21T12:00:00Z',
      "Cannot price record: usage is absent, give an object, or events",
      "Cannot read line 23: it is not a JSON object",
    ]);
    for (const { costUsd, components } of answers) {
      if (typeof costUsd !== "string") continue;
      const parts = Object.values(components as Record<string, string>);
      const sum = parts.reduce(
        (total, part) => total + (scaledDecimal(part, 12)?.value ?? 0n),
        0n,
      );
      assertEquals(sum, scaledDecimal(costUsd, 12)?.value);
    }
  }));

Deno.test("quoteBatch() reads lines however they are cut, marked and ended", async () => {
  const usage = { prompt_tokens: 10, completion_tokens: 1 };
  const record = { provider: "acme", model: "m", protocol: "chat", usage };
  const line = (id: string) => JSON.stringify({ id, ...record });
  const mebibyte = "x".repeat(1024 * 1024);
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  const parts = [
    "\uFEFF",
    line("first").slice(0, 20),
    `${line("first").slice(20)}\r\n\r\n   \r\n`,
    '{"pad":"',
    ...Array<string>(65).fill(mebibyte),
    '"}\n',
    `${line("deep").replace('"usage":{', `"usage":{"x":${deep},`)}\n`,
    `${line("é").slice(0, 9)}`,
    `${line("é").slice(9)}\n${line("last")}`,
  ];
  const bytes = parts.map((part) => new TextEncoder().encode(part));
  const written: string[] = [];
  const counts = await quoteBatch(ReadableStream.from(bytes), {
    calculator: new CostCalculator(new PriceBook([])),
    facts: {
      isConfigured: () => false,
      hostOf: () => null,
      trusts: () => true,
    },
    nowMs: 0,
    write: (lines) => written.push(lines),
  });
  const answers = written.join("\n").split("\n")
    .map((text) => JSON.parse(text) as JsonObject);
  assertEquals(
    answers.map(({ id }) => id),
    ["first", null, "deep", "é", "last"],
  );
  assertEquals(counts, new Map([["unpriced", 3], ["invalid", 2]]));
  assertStringIncludes(String(answers[2]?.reason), "Cannot price line 5");
  assertStringIncludes(String(answers[1]?.reason), "line 4: it is longer");
});

Deno.test("quoteBatch() gives ids back as they are written", async () => {
  const ids = ["12345678901234567890", '"a"', "7", "1.5", '{"a":1}'];
  const rest = '"usage":{"id":99999999999999999999,"prompt_tokens":1}';
  const text = ids.map((id) => `{"id":${id},${rest}}`).join("\n");
  const written: string[] = [];
  await quoteBatch(ReadableStream.from([new TextEncoder().encode(text)]), {
    calculator: new CostCalculator(new PriceBook([])),
    facts: {
      isConfigured: () => false,
      hostOf: () => null,
      trusts: () => true,
    },
    nowMs: 0,
    write: (lines) => written.push(lines),
  });
  const lines = written.join("\n").split("\n");
  for (const [index, id] of ids.entries()) {
    assertStringIncludes(lines[index] ?? "", `{"id":${id},"costUsd":`);
  }
});

Deno.test("costs quote understands providers' own names of request fields", () =>
  inFolder({
    "table.json": JSON.stringify({
      "claude-x": {
        litellm_provider: "anthropic",
        mode: "chat",
        input_cost_per_token: 5e-06,
        output_cost_per_token: 2.5e-05,
        provider_specific_entry: { us: 1.1, fast: 2.0 },
      },
    }),
    "batch.jsonl": [
      {},
      { inference_geo: "us" },
      { speed: "fast", inferenceGeo: "us" },
      { batch: true, timestamp: 1_788_000_000 },
    ].map((request, id) =>
      JSON.stringify({
        id,
        provider: "anthropic",
        model: "claude-x",
        protocol: "messages",
        usage: { input_tokens: 1000, output_tokens: 0 },
        request,
      })
    ).join("\n"),
  }, async (quote, folder) => {
    const { outText } = await quote("--batch", `${folder}/batch.jsonl`);
    const costs = outText.split("\n").map((line) => JSON.parse(line).costUsd);
    assertEquals(costs, ["0.005", "0.0055", "0.011", "0.0025"]);
  }));

Deno.test("costs quote says what is missing", async () => {
  const terminal = new FakeTerminal();
  const words = ["costs", "quote", "--provider", "openai"];
  assertEquals(await run(words, terminal), 2);
  assertStringIncludes(terminal.errText, "Cannot quote: --model is missing");
  const other = new FakeTerminal();
  const flags = ["--model", "m", "--usage", "-", "--protocol", "grpc"];
  assertEquals(await run([...words, ...flags], other), 2);
  assertStringIncludes(other.errText, "--protocol is grpc");
});

const STREAM = new URL(
  "../../../shared/data/transcripts/chat--xai--aisdk-xai-tool-call.sse",
  import.meta.url,
);

function isThere(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name:
    "costs quote computes a real bill of xAI to the last tick (needs ../shared)",
  ignore: !isThere(STREAM),
  fn: async () => {
    const terminal = new FakeTerminal();
    const folder = await Deno.makeTempDir();
    const config = `${folder}/c.jsonc`;
    await Deno.writeTextFile(config, `{"stateDir": "${folder}"}`);
    const code = await run([
      "costs",
      "quote",
      "--provider",
      "xai",
      "--model",
      "grok-3-mini",
      "--protocol",
      "chat",
      "--usage",
      STREAM.pathname,
      "--config",
      config,
      "--json",
    ], terminal);
    await Deno.remove(folder, { recursive: true });
    assertEquals(code, 0, terminal.errText);
    const answer = JSON.parse(terminal.outText);
    assert(answer.reportedUsd !== null);
    assertEquals(answer.details.computedUsd, answer.reportedUsd);
  },
});
