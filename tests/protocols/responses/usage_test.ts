import { assertEquals } from "@std/assert";
import { emptyLedger } from "../../../src/exchange/usage.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import {
  encodeResponsesUsage,
  readResponsesUsage,
} from "../../../src/protocols/responses/usage.ts";
import type { JsonObject } from "../../../src/support/json.ts";

function usage(
  input: number,
  output: number,
  total: number,
  details: { cached?: number; written?: number; thought?: number } = {},
): JsonObject {
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: details.cached ?? 0,
      cache_write_tokens: details.written ?? 0,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: details.thought ?? 0 },
    total_tokens: total,
  };
}

const CASES: [string, JsonObject, Partial<ReturnType<typeof emptyLedger>>][] = [
  [
    "cached, written and reasoning tokens inside the sums",
    usage(100, 50, 150, { cached: 30, written: 20, thought: 10 }),
    { input: 50, cacheRead: 30, cacheWrite5m: 20, output: 40, reasoning: 10 },
  ],
  [
    "reasoning outside output_tokens where the total says so",
    usage(307, 26, 560, { thought: 227 }),
    { input: 307, output: 26, reasoning: 227 },
  ],
  [
    "more reasoning than output",
    usage(10, 5, 0, { thought: 9 }),
    { input: 10, output: 5, reasoning: 9 },
  ],
  [
    "more cached than input",
    usage(4, 5, 0, { cached: 22_000 }),
    { input: 4, cacheRead: 22_000, output: 5 },
  ],
  [
    "output that only the total names",
    usage(7, 12, 402),
    { input: 7, output: 12, reasoning: 383 },
  ],
  ["explicit zeros", usage(0, 0, 0), {}],
  [
    "negative and broken counts",
    {
      input_tokens: 5,
      input_tokens_details: { cached_tokens: -3 },
      output_tokens: -1,
      output_tokens_details: { reasoning_tokens: "9" },
    },
    { input: 5 },
  ],
];

for (const [name, wire, ledger] of CASES) {
  Deno.test(`readUsage() reads ${name}`, () => {
    const read = responses.readUsage(wire, {});
    assertEquals(read.ledger, { ...emptyLedger(), ...ledger });
    assertEquals(read.source, "reported");
    assertEquals(read.raw, wire);
  });
}

Deno.test("readUsage() tells missing numbers from zeros", () => {
  assertEquals(readResponsesUsage(null, {}).source, "none");
  assertEquals(responses.readUsage({}, {}).source, "none");
  const half = responses.readUsage({ input_tokens: 4 }, {});
  assertEquals([half.source, half.ledger.input], ["partial", 4]);
});

Deno.test("readUsage() takes tier, model and web searches from the response", () => {
  const read = responses.readUsage(usage(1, 1, 2), {
    service_tier: "flex",
    model: "gpt-5",
    output: [
      { type: "web_search_call", action: { type: "search" } },
      { type: "web_search_call", action: { type: "open_page" } },
      { type: "web_search_call" },
      { type: "message" },
      null,
    ],
  });
  assertEquals(read.ledger.webSearch, 2);
  assertEquals([read.serviceTier, read.model], ["flex", "gpt-5"]);
});

Deno.test("encodeResponsesUsage() counts caches and reasoning inside the sums", () => {
  const value = responses.readUsage(usage(0, 0, 0), {});
  value.ledger = {
    ...emptyLedger(),
    input: 13,
    cacheRead: 22_000,
    cacheWrite5m: 20,
    cacheWrite1h: 11,
    output: 4,
    reasoning: 6,
  };
  assertEquals(encodeResponsesUsage(value), {
    input_tokens: 22_044,
    input_tokens_details: { cached_tokens: 22_000, cache_write_tokens: 31 },
    output_tokens: 10,
    output_tokens_details: { reasoning_tokens: 6 },
    total_tokens: 22_054,
  });
});
