import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  compilePriceFile,
  detectPriceFormat,
  formatPriceFile,
  type PriceFile,
  PriceFileError,
  readPriceFile,
} from "../../src/accounting/price_file.ts";
import type { JsonObject, JsonValue } from "../../src/support/json.ts";

const DATE = "2026-08-01";

function read(file: JsonValue, date: string = DATE): PriceFile {
  return readPriceFile(file, { date });
}

/** The one entry that a file leads to. */
function only(file: JsonValue, key: string): JsonObject | undefined {
  const { entries } = read(file);
  assertEquals([...entries.keys()], [key]);
  return entries.get(key);
}

Deno.test("readPriceFile() litellm: rates, bounds, service tiers and regions", () => {
  assertEquals(
    only({
      sample_spec: { litellm_provider: "x", input_cost_per_token: 0 },
      "gpt-5.6": {
        litellm_provider: "openai",
        mode: "chat",
        input_cost_per_token: 5e-06,
        input_cost_per_token_above_272k_tokens: 1e-05,
        input_cost_per_token_above_272k_tokens_flex: 5e-06,
        input_cost_per_token_batches: 2.5e-06,
        input_cost_per_token_flex: 2.5e-06,
        input_cost_per_token_priority: 1.25e-05,
        output_cost_per_token: 3e-05,
        output_cost_per_token_above_272k_tokens: 4.5e-05,
        output_cost_per_token_above_272k_tokens_flex: 2.25e-05,
        output_cost_per_token_batches: 1.5e-05,
        output_cost_per_token_flex: 1.5e-05,
        output_cost_per_token_priority: 8e-05,
        cache_read_input_token_cost: 5e-07,
        regional_processing_uplift_multiplier_eu: 1.1,
      },
    }, "openai/gpt-5.6"),
    {
      inputPer1M: "5",
      outputPer1M: "30",
      cachedPer1M: "0.5",
      tiers: [{ above: 272000, inputPer1M: "10", outputPer1M: "45" }],
      serviceTiers: {
        flex: { factor: "0.5" },
        // No common factor: the prices; cache reads follow the input. Priority
        // is not sold for long inputs.
        priority: {
          inputPer1M: "12.5",
          outputPer1M: "80",
          cachedPer1M: "1.25",
          shortOnly: true,
        },
        batch: { factor: "0.5" },
      },
      regions: { eu: "1.1" },
      webSearchPer1K: "10",
    },
  );
});

Deno.test("readPriceFile() litellm: a service tier without prices for long inputs has them in proportion", () => {
  const entry = only({
    "vertex_ai/gemini-9": {
      litellm_provider: "vertex_ai",
      mode: "chat",
      input_cost_per_token: 5e-06,
      input_cost_per_token_above_272k_tokens: 1e-05,
      input_cost_per_token_priority: 1.25e-05,
      output_cost_per_token: 3e-05,
      output_cost_per_token_above_272k_tokens: 4.5e-05,
      output_cost_per_token_priority: 8e-05,
    },
  }, "vertex/gemini-9");
  assertEquals(entry?.serviceTiers, {
    priority: {
      inputPer1M: "12.5",
      outputPer1M: "80",
      tiers: [{ above: 272000, inputPer1M: "25", outputPer1M: "120" }],
    },
    batch: { factor: "0.5" },
  });
});

Deno.test("readPriceFile() litellm: what Claude's table leaves out is written in", () => {
  assertEquals(
    only({
      "claude-opus-5": {
        litellm_provider: "anthropic",
        mode: "chat",
        input_cost_per_token: 5e-06,
        output_cost_per_token: 2.5e-05,
        cache_creation_input_token_cost: 6.25e-06,
        cache_read_input_token_cost: 5e-07,
        provider_specific_entry: { us: 1.1, fast: 2.0 },
        search_context_cost_per_query: { search_context_size_medium: 0.01 },
      },
    }, "anthropic/claude-opus-5"),
    {
      inputPer1M: "5",
      outputPer1M: "25",
      cachedPer1M: "0.5",
      cacheWritePer1M: "6.25",
      cacheWrite1hPer1M: "10",
      serviceTiers: { fast: { factor: "2" }, batch: { factor: "0.5" } },
      regions: { us: "1.1" },
      webSearchPer1K: "10",
    },
  );
});

Deno.test("readPriceFile() litellm: ranges, sized fees, and searches by answer", () => {
  const { entries } = read({
    "dashscope/qwen3-coder-flash": {
      litellm_provider: "dashscope",
      mode: "chat",
      tiered_pricing: [
        {
          range: [0, 32000],
          input_cost_per_token: 3e-07,
          output_cost_per_token: 1.5e-06,
        },
        {
          range: [32000, 128000],
          input_cost_per_token: 5e-07,
          output_cost_per_token: 2.5e-06,
        },
      ],
    },
    "perplexity/sonar": {
      litellm_provider: "perplexity",
      mode: "chat",
      input_cost_per_token: 1e-06,
      output_cost_per_token: 1e-06,
      search_context_cost_per_query: {
        search_context_size_low: 0.005,
        search_context_size_medium: 0.008,
        search_context_size_high: 0.012,
      },
    },
    "gemini/gemini-2.5-flash": {
      litellm_provider: "gemini",
      mode: "chat",
      input_cost_per_token: 3e-07,
      output_cost_per_token: 2.5e-06,
      search_context_cost_per_query: { search_context_size_medium: 0.035 },
    },
    "xai/grok-4.5": {
      litellm_provider: "xai",
      mode: "chat",
      input_cost_per_token: 2e-06,
      output_cost_per_token: 6e-06,
      input_cost_per_token_above_200k_tokens: 4e-06,
    },
  });
  assertEquals(entries.get("alibaba/qwen3-coder-flash"), {
    inputPer1M: "0.3",
    outputPer1M: "1.5",
    tiers: [{ above: 32000, inputPer1M: "0.5", outputPer1M: "2.5" }],
  });
  assertEquals(entries.get("perplexity/sonar")?.perRequestBySize, {
    low: "0.005",
    medium: "0.008",
    high: "0.012",
  });
  const gemini = entries.get("google/gemini-2.5-flash");
  assertEquals([gemini?.webSearchPer1K, gemini?.webSearchUnit], [
    "35",
    "request",
  ]);
  assertEquals(entries.get("xai/grok-4.5")?.tiers, [
    { above: 200000, inclusive: true, inputPer1M: "4" },
  ]);
});

Deno.test("readPriceFile() litellm: an output at 0 is unknown, an embedding's is not", () => {
  const row = {
    litellm_provider: "gemini",
    input_cost_per_token: 1e-07,
    output_cost_per_token: 0,
  };
  const { entries, notes } = read({
    "gemini/chatty": { ...row, mode: "chat" },
    "gemini/vectors": { ...row, mode: "embedding" },
  });
  const serviceTiers = { batch: { factor: "0.5" } };
  assertEquals(entries.get("google/chatty"), {
    inputPer1M: "0.1",
    serviceTiers,
  });
  assertEquals(entries.get("google/vectors"), {
    inputPer1M: "0.1",
    outputPer1M: "0",
    serviceTiers,
  });
  assertEquals(notes, ["google/chatty: output price 0 is taken as unknown"]);
});

Deno.test("readPriceFile() models.dev: misspelt keys, zeros and modes", () => {
  const { entries, notes } = read({
    openai: {
      id: "openai",
      models: {
        "gpt-5.5": {
          cost: {
            input: 5,
            output: 30,
            cached_input: 0.5,
            cache_write: 0,
            tiers: [
              { tier: { size: 272000 }, input: 10, output: 45, cache_read: 0 },
            ],
            context_over_200k: { input: 10, output: 45 },
          },
          experimental: {
            modes: {
              fast: {
                cost: { input: 12.5, output: 75 },
                provider: { body: { service_tier: "priority" } },
              },
            },
          },
        },
        "plan-model": { cost: { input: 0, output: 0 } },
        "plan-model:free": { cost: { input: 0, output: 0 } },
      },
    },
  });
  assertEquals(Object.fromEntries(entries), {
    "openai/gpt-5.5": {
      inputPer1M: "5",
      outputPer1M: "30",
      cachedPer1M: "0.5",
      tiers: [{ above: 272000, inputPer1M: "10", outputPer1M: "45" }],
      // Priority is not sold for long inputs, batches cost half everywhere.
      serviceTiers: {
        priority: { factor: "2.5", shortOnly: true },
        batch: { factor: "0.5" },
      },
      webSearchPer1K: "10",
    },
    "openai/plan-model:free": {
      inputPer1M: "0",
      outputPer1M: "0",
      serviceTiers: { batch: { factor: "0.5" } },
    },
  });
  assertEquals(notes, [
    "openai/gpt-5.5: cached_input is read as cachedPer1M",
    "openai/plan-model: price 0 is taken as unknown, left out",
  ]);
});

Deno.test("readPriceFile() pi-ai: bounds, and zeros that mean unknown", () => {
  assertEquals(
    only({
      openai: {
        "openai-responses": {
          "chat:gpt-6-sol": {
            id: "gpt-6-sol",
            type: "chat",
            cost: {
              input: 2,
              output: 10,
              cacheRead: 0,
              cacheWrite: 2.5,
              tiers: [{ inputTokensAbove: 272000, input: 4, cacheRead: 0 }],
            },
          },
        },
      },
    }, "openai/gpt-6-sol"),
    {
      inputPer1M: "2",
      outputPer1M: "10",
      cacheWritePer1M: "2.5",
      tiers: [{ above: 272000, inputPer1M: "4" }],
      serviceTiers: { batch: { factor: "0.5" } },
      webSearchPer1K: "10",
    },
  );
});

Deno.test("readPriceFile() openrouter: dust, routes, slugs, overrides and fees", () => {
  const { entries, notes } = read({
    data: [
      {
        id: "meta/llama",
        canonical_slug: "meta/llama-2026-01-01",
        pricing: {
          prompt: "0.00000100000000000000015",
          completion: "0.000002",
          input_cache_read: "0",
          request: "0.001",
          web_search: "0.004",
          internal_reasoning: "0",
          overrides: [{ min_prompt_tokens: 200000, prompt: "0.000002" }],
        },
      },
      { id: "openrouter/auto", pricing: { prompt: "-1", completion: "-1" } },
      { id: "meta/llama:free", pricing: { prompt: "0", completion: "0" } },
      { id: "stealth/model", pricing: { prompt: "0", completion: "0" } },
    ],
  });
  assertEquals(Object.fromEntries(entries), {
    "openrouter/meta/llama": {
      inputPer1M: "1",
      outputPer1M: "2",
      perRequest: "0.001",
      webSearchPer1K: "4",
      tiers: [{ above: 200000, inclusive: true, inputPer1M: "2" }],
      aliases: ["meta/llama-2026-01-01"],
    },
    "openrouter/meta/llama:free": { inputPer1M: "0", outputPer1M: "0" },
  });
  assertEquals(notes, [
    "openrouter/openrouter/auto: the price depends on the route, left out",
    "openrouter/stealth/model: price 0 is taken as unknown, left out",
  ]);
});

Deno.test("readPriceFile() genai-prices: history, windows, bounds, and nothing of the future", () => {
  const dated = (start: string, input: number) => ({
    constraint: { type: "start_date", start_date: start },
    prices: { input_mtok: input, output_mtok: 2 },
  });
  const file = [{
    id: "deepseek",
    models: [{
      id: "v4",
      match: { or: [{ equals: "v4-chat" }, { contains: "v4" }] },
      prices: [
        {
          prices: {
            input_mtok: { base: 1, tiers: [{ start: 1000, price: 3 }] },
            output_mtok: 2,
            requests_kcount: 12,
          },
        },
        dated("2026-03-01", 4),
        dated("2026-09-01", 5),
        {
          constraint: {
            type: "time_of_date",
            start_time: "01:00:00Z",
            end_time: "04:00:00Z",
          },
          prices: { input_mtok: 8, output_mtok: 4 },
        },
      ],
    }],
  }];
  const { entries, notes } = read(file);
  assertEquals(entries.get("deepseek/v4"), {
    inputPer1M: "4",
    outputPer1M: "2",
    history: [{
      until: "2026-03-01",
      inputPer1M: "1",
      outputPer1M: "2",
      tiers: [{ above: 1000, inputPer1M: "3" }],
    }],
    windows: [{
      tz: "UTC",
      hours: ["01:00-04:00"],
      inputPer1M: "8",
      outputPer1M: "4",
    }],
    aliases: ["v4-chat"],
    match: { or: [{ equals: "v4-chat" }, { contains: "v4" }] },
  });
  assertEquals(notes, [
    "deepseek/v4: prices scheduled for 2026-09-01 are left out",
  ]);
  const later = read(file, "2026-10-01").entries.get("deepseek/v4");
  assertEquals([later?.inputPer1M, (later?.history as unknown[]).length], [
    "5",
    2,
  ]);
});

Deno.test("readPriceFile() says what it cannot read", () => {
  assertThrows(
    () => read({ hello: "world" }),
    PriceFileError,
    "Cannot read price table: its format is none of signalbox, litellm",
  );
  assertThrows(
    () => readPriceFile({ data: [] }, { format: "litellm", date: DATE }),
    PriceFileError,
    "it is not in the format litellm, or lists no price",
  );
  assertEquals(detectPriceFormat([1]), null);
  assertEquals(detectPriceFormat("text"), null);
});

Deno.test("readPriceFile() suspects prices that are negative or infinite, and no other number", () => {
  const file = {
    a: {
      litellm_provider: "openai",
      input_cost_per_token: -1e-6,
      output_cost_per_token: JSON.parse("1e999") as number,
      seed: -1,
    },
    b: { litellm_provider: "openai", input_cost_per_token: 1e-6 },
  };
  assertEquals([...read(file).suspects].sort(), [
    "a/input_cost_per_token: value is -0.000001, not a price",
    "a/output_cost_per_token: value is Infinity, not a price",
  ]);
  const list = {
    data: [
      { id: "m", pricing: { prompt: "-0.5", completion: "1e-6" } },
      { id: "auto", pricing: { prompt: "-1", completion: "-1" } },
    ],
  };
  assertEquals(read(list).suspects, [
    "data/0/pricing/prompt: value is -0.5, not a price",
  ]);
});

Deno.test("formatPriceFile() is read back as it was", () => {
  const file = read({
    "gpt-4o": {
      litellm_provider: "openai",
      mode: "chat",
      input_cost_per_token: 2.5e-06,
      output_cost_per_token: 1e-05,
    },
  });
  const again = read(JSON.parse(formatPriceFile(file)) as JsonValue, "x");
  assertEquals(again.format, "signalbox");
  assertEquals(again.date, DATE);
  assertEquals([...again.entries], [...file.entries]);
});

Deno.test("compilePriceFile() leaves out entries that are half wrong", () => {
  const { table, problems } = compilePriceFile(
    {
      format: "signalbox",
      date: DATE,
      entries: new Map<string, JsonObject>([
        ["openai/good", { inputPer1M: "1" }],
        ["openai/bad", { inputPer1M: "1", outputPer1M: "x" }],
      ]),
      notes: [],
      suspects: [],
    },
    "t",
    "imported",
  );
  assertEquals(table.rows.map(({ key }) => key), ["openai/good"]);
  assertEquals(problems, [
    'openai/bad: outputPer1M: value is "x", not a price of 0 or more',
  ]);
});

const FOLDER = new URL("../../../shared/data/prices/", import.meta.url);

function hasTables(): boolean {
  try {
    Deno.statSync(FOLDER);
    return true;
  } catch {
    return false;
  }
}

const REAL = [
  ["litellm_model_prices.json", "litellm", 2400],
  ["models_dev_api.json", "models.dev", 4000],
  ["genai_prices_npm_0.1.8.json", "genai-prices", 1400],
  ["pi_ai_1.5.2_models.json", "pi-ai", 1500],
] as const;

for (const [name, format, least] of REAL) {
  Deno.test({
    name: `readPriceFile() takes the real ${name} (needs ../shared)`,
    ignore: !hasTables(),
    fn: async () => {
      const text = await Deno.readTextFile(new URL(name, FOLDER));
      const file = read(JSON.parse(text) as JsonValue);
      assertEquals(file.format, format);
      assert(file.entries.size > least, String(file.entries.size));
      const { problems } = compilePriceFile(file, name, "imported");
      assertEquals([problems, file.suspects], [[], []]);
    },
  });
}

Deno.test("readPriceFile() genai-prices: what a provider resells, what it lists itself, and its clouds", () => {
  const model = (id: string, input: number, match: JsonObject) => ({
    id,
    match,
    prices: { input_mtok: input, output_mtok: 2 * input },
  });
  const { entries } = read([
    {
      id: "azure",
      fallback_model_providers: ["openai"],
      models: [model("o3-2025", 2, { or: [{ equals: "o3" }] })],
    },
    {
      id: "openai",
      models: [
        model("o3", 10, { equals: "o3" }),
        model("gpt-9", 5, { starts_with: "gpt-9" }),
      ],
    },
    { id: "google", models: [model("gemini-9", 1, { equals: "gemini-9" })] },
    {
      id: "openrouter",
      models: [{ id: "m:free", match: { equals: "m:free" }, prices: {} }],
    },
  ]);
  assertEquals([...entries.keys()].sort(), [
    "azure-ai/gpt-9",
    "azure-ai/o3-2025",
    "azure/gpt-9",
    "azure/o3-2025",
    "google/gemini-9",
    "openai/gpt-9",
    "openai/o3",
    "openrouter/m:free",
    "vertex/gemini-9",
  ]);
  const resold = entries.get("azure/gpt-9");
  assertEquals([resold?.inputPer1M, resold?.notes, resold?.match], [
    "5",
    ["sold at the price of openai"],
    { starts_with: "gpt-9" },
  ]);
  assertEquals(entries.get("openrouter/m:free"), {
    inputPer1M: "0",
    outputPer1M: "0",
  });
});
