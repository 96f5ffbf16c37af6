import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  emptyLedger,
  type Ledger,
  totalInput,
  totalOutput,
} from "../../../src/exchange/usage.ts";
import {
  encodeChatUsage,
  findUsage,
  readChatUsage,
} from "../../../src/protocols/chat/usage.ts";
import type { JsonObject } from "../../../src/support/json.ts";

const CASES: [string, JsonObject, Partial<Ledger>][] = [
  [
    "OpenAI: cached and reasoning are inside",
    {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 30, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 20 },
    },
    { input: 70, cacheRead: 30, output: 30, reasoning: 20 },
  ],
  [
    "OpenAI: written tokens are inside the prompt",
    {
      prompt_tokens: 158,
      completion_tokens: 4,
      total_tokens: 162,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 43 },
    },
    { input: 115, cacheWrite5m: 43, output: 4 },
  ],
  [
    "OpenAI: audio stands apart on both sides",
    {
      prompt_tokens: 100,
      completion_tokens: 60,
      total_tokens: 160,
      prompt_tokens_details: { cached_tokens: 10, audio_tokens: 40 },
      completion_tokens_details: { audio_tokens: 50 },
    },
    { input: 50, cacheRead: 10, inputAudio: 40, output: 10, outputAudio: 50 },
  ],
  [
    "cached audio is told by its own detail",
    {
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_tokens_details: {
        cached_tokens: 30,
        audio_tokens: 40,
        cached_tokens_details: { audio_tokens: 25 },
      },
    },
    { input: 55, cacheRead: 5, cacheReadAudio: 25, inputAudio: 15, output: 1 },
  ],
  [
    "xAI: reasoning is outside completion_tokens",
    {
      prompt_tokens: 307,
      completion_tokens: 26,
      total_tokens: 560,
      prompt_tokens_details: { cached_tokens: 306 },
      completion_tokens_details: { reasoning_tokens: 227 },
    },
    { input: 1, cacheRead: 306, output: 26, reasoning: 227 },
  ],
  [
    "Gemini: only the total bills the thoughts",
    { prompt_tokens: 7, completion_tokens: 12, total_tokens: 402 },
    { input: 7, output: 12, reasoning: 383 },
  ],
  [
    "OpenRouter: more reasoning than completion, but the total says inside",
    {
      prompt_tokens: 43,
      completion_tokens: 10,
      total_tokens: 53,
      cost: 0.1,
      completion_tokens_details: { reasoning_tokens: 11 },
    },
    { input: 43, reasoning: 10 },
  ],
  [
    "no total: more reasoning than completion is outside",
    {
      prompt_tokens: 1,
      completion_tokens: 10,
      completion_tokens_details: { reasoning_tokens: 11 },
    },
    { input: 1, output: 10, reasoning: 11 },
  ],
  [
    "DeepSeek: hit and miss",
    {
      prompt_tokens: 339,
      completion_tokens: 83,
      prompt_cache_hit_tokens: 320,
      prompt_cache_miss_tokens: 19,
    },
    { input: 19, cacheRead: 320, output: 83 },
  ],
  [
    "Moonshot: cached_tokens at the top",
    { prompt_tokens: 90, completion_tokens: 5, cached_tokens: 60 },
    { input: 30, cacheRead: 60, output: 5 },
  ],
  [
    "Mistral: num_cached_tokens",
    { prompt_tokens: 90, completion_tokens: 5, num_cached_tokens: 60 },
    { input: 30, cacheRead: 60, output: 5 },
  ],
  [
    "Alibaba: cache_creation inside the prompt",
    {
      prompt_tokens: 1000,
      completion_tokens: 5,
      prompt_tokens_details: {
        cached_tokens: 100,
        cache_creation_input_tokens: 600,
        cache_creation: { ephemeral_5m_input_tokens: 600 },
      },
    },
    { input: 300, cacheRead: 100, cacheWrite5m: 600, output: 5 },
  ],
  [
    "an hour's cache is told apart",
    {
      prompt_tokens: 1000,
      completion_tokens: 5,
      prompt_tokens_details: {
        cache_creation: {
          ephemeral_5m_input_tokens: 100,
          ephemeral_1h_input_tokens: 600,
        },
      },
    },
    { input: 300, cacheWrite5m: 100, cacheWrite1h: 600, output: 5 },
  ],
  [
    "more cached than prompt: the cache is outside",
    {
      prompt_tokens: 13,
      completion_tokens: 4,
      prompt_tokens_details: { cached_tokens: 22_000 },
    },
    { input: 13, cacheRead: 22_000, output: 4 },
  ],
  [
    "a told zero is not replaced by another field",
    {
      prompt_tokens: 10,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 0 },
      prompt_cache_hit_tokens: 5,
    },
    { input: 10, output: 1 },
  ],
  [
    "negative and broken numbers count as nothing",
    {
      prompt_tokens: -5,
      completion_tokens: Number.NaN,
      total_tokens: -1,
      prompt_tokens_details: { cached_tokens: -3 },
    },
    {},
  ],
  [
    "OpenRouter: web searches are billed apart",
    {
      prompt_tokens: 1,
      completion_tokens: 1,
      server_tool_use_details: { web_search_requests: 2 },
    },
    { input: 1, output: 1, webSearch: 2 },
  ],
  [
    "details may be null",
    {
      prompt_tokens: 40,
      completion_tokens: 2,
      total_tokens: 42,
      prompt_tokens_details: null,
      completion_tokens_details: null,
    },
    { input: 40, output: 2 },
  ],
];

for (const [name, wire, ledger] of CASES) {
  Deno.test(`readChatUsage() ${name}`, () => {
    const usage = readChatUsage(wire, {});
    assertEquals(usage.ledger, { ...emptyLedger(), ...ledger });
    assertEquals(usage.source, "reported");
    assertEquals(usage.raw, wire);
  });
}

Deno.test("readChatUsage() never invents: without counts nothing is reported", () => {
  assertEquals(readChatUsage({ cost: 0.1 }, {}).source, "none");
  assertEquals(readChatUsage({ prompt_tokens: 0 }, {}).source, "partial");
  const zero = readChatUsage({ prompt_tokens: 0, completion_tokens: 0 }, {});
  assertEquals(zero.source, "reported");
});

Deno.test("readChatUsage() takes tier and model from the chunk, empty ones from nowhere", () => {
  const wire = { prompt_tokens: 1, completion_tokens: 1 };
  const said = readChatUsage(wire, { service_tier: "flex", model: "gpt" });
  assertEquals([said.serviceTier, said.model], ["flex", "gpt"]);
  const unsaid = readChatUsage(wire, { service_tier: "", model: "" });
  assertEquals([unsaid.serviceTier, unsaid.model], [null, null]);
});

Deno.test("findUsage() looks where providers put it", () => {
  const usage = { prompt_tokens: 1 };
  assertEquals(findUsage({ usage }), usage);
  assertEquals(findUsage({ usage: null, choices: [{ usage }] }), usage);
  assertEquals(findUsage({ x_groq: { usage } }), usage);
  assertEquals(findUsage({ usage: null, choices: [] }), null);
});

function anything(): fc.Arbitrary<number | null | string> {
  return fc.oneof(
    fc.nat(1000),
    fc.constantFrom(null, -5, 0.5, 1e300, Number.NaN, "7"),
  );
}

Deno.test("readChatUsage() gives whole, disjoint, non-negative buckets for any numbers", () => {
  const wire = fc.record({
    prompt_tokens: fc.nat(1000),
    completion_tokens: fc.nat(1000),
    total_tokens: anything(),
    cached_tokens: anything(),
    prompt_tokens_details: fc.record({
      cached_tokens: anything(),
      cache_write_tokens: anything(),
      audio_tokens: anything(),
    }),
    completion_tokens_details: fc.record({
      reasoning_tokens: anything(),
      audio_tokens: anything(),
      image_tokens: anything(),
    }),
  });
  fc.assert(
    fc.property(wire, (value) => {
      const { ledger } = readChatUsage(value, {});
      for (const [bucket, count] of Object.entries(ledger)) {
        assertEquals(count >= 0 && Number.isInteger(count), true, bucket);
      }
      assertEquals(totalInput(ledger) >= value.prompt_tokens, true);
      assertEquals(totalOutput(ledger) >= value.completion_tokens, true);
    }),
    { seed: 3, numRuns: 2000 },
  );
});

Deno.test("encodeChatUsage() counts caches and reasoning inside the sums", () => {
  const usage = readChatUsage({ prompt_tokens: 0, completion_tokens: 0 }, {});
  usage.ledger = {
    ...emptyLedger(),
    input: 13,
    cacheRead: 22_000,
    cacheWrite5m: 20,
    cacheWrite1h: 11,
    output: 4,
    reasoning: 6,
  };
  assertEquals(encodeChatUsage(usage), {
    prompt_tokens: 22_044,
    completion_tokens: 10,
    total_tokens: 22_054,
    prompt_tokens_details: {
      cached_tokens: 22_000,
      cache_write_tokens: 31,
      audio_tokens: 0,
    },
    completion_tokens_details: { reasoning_tokens: 6, audio_tokens: 0 },
  });
});
