// What pricing costs: one answer on the request path, and a log of 100,000
// lines: deno bench --allow-all --no-check tests/bench/quote.ts

import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { embeddedPrices } from "../../src/accounting/embedded_prices.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import { quoteBatch } from "../../src/cli/quote/quote_batch.ts";
import { emptyLedger } from "../../src/exchange/usage.ts";
import { estimateTokens } from "../../src/support/token_estimate.ts";

const LINES = 100_000;
const NOW_MS = Date.parse("2026-11-20T12:00:00Z");

const calculator = new CostCalculator(new PriceBook([embeddedPrices()]));

const REQUEST = {
  provider: "openai",
  host: "api.openai.com",
  model: "gpt-5.6-sol",
  atMs: NOW_MS,
  usage: {
    ledger: {
      ...emptyLedger(),
      input: 1200,
      cacheRead: 30_000,
      output: 400,
      reasoning: 90,
    },
    raw: null,
    source: "reported",
    serviceTier: "flex",
    model: "gpt-5.6-sol-2026-07-09",
  },
} as const;

Deno.bench("price one answer, flex tier, cache and reasoning", () => {
  calculator.cost(REQUEST);
});

const RECORDS = [
  {
    provider: "openai",
    model: "gpt-5.6-sol",
    protocol: "chat",
    usage: {
      prompt_tokens: 5000,
      completion_tokens: 300,
      prompt_tokens_details: { cached_tokens: 4000 },
      completion_tokens_details: { reasoning_tokens: 120 },
    },
    request: { service_tier: "flex", timestamp: "2026-09-01T00:00:00Z" },
  },
  {
    provider: "anthropic",
    model: "claude-opus-5",
    protocol: "messages",
    usage: {
      input_tokens: 700,
      cache_read_input_tokens: 500,
      cache_creation_input_tokens: 100,
      output_tokens: 200,
    },
  },
  {
    provider: "deepseek",
    model: "deepseek-v4-flash",
    protocol: "chat",
    usage: { prompt_tokens: 90, completion_tokens: 5 },
  },
];

const log = new TextEncoder().encode(
  Array.from(
    { length: LINES },
    (_, id) => JSON.stringify({ id, ...RECORDS[id % RECORDS.length] }),
  ).join("\n"),
);

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < log.length; at += 65_536) {
    yield await Promise.resolve(log.subarray(at, at + 65_536));
  }
}

Deno.bench(`price a log of ${LINES} lines`, { n: 3, warmup: 1 }, async () => {
  await quoteBatch(chunks(), {
    calculator,
    facts: {
      isConfigured: () => false,
      hostOf: () => null,
      trusts: () => true,
    },
    nowMs: NOW_MS,
    write: () => {},
  });
});

const TEXT = "The quick brown fox jumps over { the: 1234 } lazy dogs.\n"
  .repeat(1800);

Deno.bench("estimate the tokens of 100 kB", () => {
  estimateTokens(TEXT);
});
