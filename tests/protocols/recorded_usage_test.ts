import { assertEquals } from "@std/assert";
import { emptyLedger, type Ledger } from "../../src/exchange/usage.ts";
import { chat } from "../../src/protocols/chat/chat.ts";
import { messages } from "../../src/protocols/messages/messages.ts";
import type { Protocol, SseEvent } from "../../src/protocols/protocol.ts";
import {
  usageOfBody,
  usageOfEvents,
} from "../../src/protocols/recorded_usage.ts";
import { responses } from "../../src/protocols/responses/responses.ts";
import type { JsonObject } from "../../src/support/json.ts";

function buckets(some: Partial<Ledger>): Ledger {
  return { ...emptyLedger(), ...some };
}

function events(...chunks: readonly JsonObject[]): readonly SseEvent[] {
  return chunks.map((chunk) => ({
    event: typeof chunk.type === "string" ? chunk.type : null,
    data: JSON.stringify(chunk),
  }));
}

/** Ledger of a bare chat usage object. */
function chatLedger(usage: JsonObject): Ledger {
  return usageOfBody(chat, usage).ledger;
}

Deno.test("usageOfBody() chat: caches and reasoning stand inside of the sums", () => {
  assertEquals(
    chatLedger({
      prompt_tokens: 1000,
      completion_tokens: 200,
      total_tokens: 1200,
      prompt_tokens_details: { cached_tokens: 400, cache_write_tokens: 100 },
      completion_tokens_details: { reasoning_tokens: 150 },
    }),
    buckets({
      input: 500,
      cacheRead: 400,
      cacheWrite5m: 100,
      output: 50,
      reasoning: 150,
    }),
  );
});

Deno.test("usageOfBody() chat: xAI's reasoning stands beside, as the total tells", () => {
  assertEquals(
    chatLedger({
      prompt_tokens: 307,
      completion_tokens: 26,
      total_tokens: 560,
      prompt_tokens_details: { cached_tokens: 306 },
      completion_tokens_details: { reasoning_tokens: 227 },
    }),
    buckets({ input: 1, cacheRead: 306, output: 26, reasoning: 227 }),
  );
});

Deno.test("usageOfBody() chat: Perplexity's reasoning is in no sum at all", () => {
  assertEquals(
    chatLedger({
      prompt_tokens: 19,
      completion_tokens: 498,
      total_tokens: 517,
      citation_tokens: 10175,
      num_search_queries: 48,
      reasoning_tokens: 95305,
    }),
    buckets({ input: 19, output: 498, reasoning: 95305, webSearch: 48 }),
  );
});

Deno.test("usageOfBody() chat: reasoning that exceeds the completion by a token is inside", () => {
  assertEquals(
    chatLedger({
      prompt_tokens: 43,
      completion_tokens: 10,
      total_tokens: 53,
      completion_tokens_details: { reasoning_tokens: 11 },
    }),
    buckets({ input: 43, reasoning: 10 }),
  );
});

Deno.test("usageOfBody() chat: a cache that only fits beside the prompt is beside it", () => {
  assertEquals(
    chatLedger({
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 170,
      prompt_tokens_details: { cached_tokens: 50 },
    }),
    buckets({ input: 100, cacheRead: 50, output: 20 }),
  );
});

Deno.test("usageOfBody() chat: every provider's place for cached tokens", () => {
  const sums = { prompt_tokens: 100, completion_tokens: 1 };
  const cached = [
    { prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 },
    { num_cached_tokens: 64 },
    { cached_tokens: 64 },
    { prompt_token_details: { cached_tokens: 64 } },
    { prompt_tokens_details: { cached_tokens: 64 } },
  ];
  for (const details of cached) {
    assertEquals(
      chatLedger({ ...sums, ...details }),
      buckets({ input: 36, cacheRead: 64, output: 1 }),
    );
  }
  assertEquals(
    chatLedger({
      ...sums,
      prompt_tokens_details: {
        cached_tokens: 64,
        cache_creation_input_tokens: 30,
      },
    }),
    buckets({ input: 6, cacheRead: 64, cacheWrite5m: 30, output: 1 }),
  );
});

Deno.test("usageOfBody() chat: usage inside the choice and under x_groq", () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4 };
  const expected = buckets({ input: 3, output: 4 });
  assertEquals(
    usageOfBody(chat, { choices: [{ usage }] }).ledger,
    expected,
  );
  assertEquals(
    usageOfBody(chat, { choices: [], x_groq: { usage }, usage }).ledger,
    expected,
  );
});

Deno.test("usageOfBody() tells nothing from zero", () => {
  const zero = usageOfBody(chat, { prompt_tokens: 0, completion_tokens: 0 });
  assertEquals([zero.source, zero.ledger], ["reported", buckets({})]);
  for (const protocol of [chat, messages, responses]) {
    for (const body of [{}, { usage: null }, { usage: {} }]) {
      assertEquals(usageOfBody(protocol, body).source, "none");
    }
  }
});

Deno.test("usageOfBody() messages: writes without a split live five minutes", () => {
  assertEquals(
    usageOfBody(messages, {
      input_tokens: 1,
      cache_creation_input_tokens: 50,
      cache_read_input_tokens: 7,
      output_tokens: 2,
      server_tool_use: { web_search_requests: 3 },
    }).ledger,
    buckets({
      input: 1,
      cacheWrite5m: 50,
      cacheRead: 7,
      output: 2,
      webSearch: 3,
    }),
  );
});

Deno.test("usageOfBody() messages: iterations are summed, and kept by model", () => {
  const usage = usageOfBody(messages, {
    type: "message",
    model: "claude-opus-5",
    content: [],
    usage: {
      input_tokens: 612,
      output_tokens: 10,
      output_tokens_details: { thinking_tokens: 4 },
      iterations: [
        { type: "compaction", input_tokens: 60385, output_tokens: 900 },
        {
          type: "advisor_message",
          model: "claude-sonnet-5",
          input_tokens: 70,
          output_tokens: 5,
        },
        { type: "message", input_tokens: 612, output_tokens: 10 },
      ],
    },
  });
  assertEquals(
    usage.ledger,
    buckets({ input: 61067, output: 911, reasoning: 4 }),
  );
  assertEquals(usage.passes, [
    {
      model: null,
      ledger: buckets({ input: 60385, output: 896, reasoning: 4 }),
    },
    { model: "claude-sonnet-5", ledger: buckets({ input: 70, output: 5 }) },
    { model: null, ledger: buckets({ input: 612, output: 10 }) },
  ]);
});

Deno.test("usageOfEvents() messages: later counts replace earlier ones", () => {
  const usage = usageOfEvents(
    messages,
    events(
      {
        type: "message_start",
        message: {
          model: "claude-opus-5",
          usage: { input_tokens: 2751, output_tokens: 1 },
        },
      },
      {
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage: { input_tokens: 320032, output_tokens: 40 },
      },
      { type: "message_stop" },
    ),
  );
  assertEquals(usage.ledger, buckets({ input: 320032, output: 40 }));
  assertEquals([usage.source, usage.model], ["reported", "claude-opus-5"]);
});

Deno.test("usageOfEvents() chat: the last of cumulative chunks holds", () => {
  const chunk = (completion: number) => ({
    choices: [{ delta: { content: "x" } }],
    usage: { prompt_tokens: 10, completion_tokens: completion },
  });
  assertEquals(
    usageOfEvents(chat, events(chunk(1), chunk(2), chunk(9))).ledger,
    buckets({ input: 10, output: 9 }),
  );
});

Deno.test("usageOfEvents() foreign: Gemini's last chunk, Bedrock's metadata, Cohere's end", () => {
  const of = (protocol: Protocol, ...chunks: readonly JsonObject[]) =>
    usageOfEvents(protocol, events(...chunks)).ledger;
  assertEquals(
    of(
      chat,
      { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1 } },
      { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 8 } },
    ),
    buckets({ input: 5, output: 8 }),
  );
  assertEquals(
    of(messages, { metadata: { usage: { inputTokens: 5, outputTokens: 6 } } }),
    buckets({ input: 5, output: 6 }),
  );
  assertEquals(
    of(chat, {
      type: "message-end",
      delta: { usage: { billed_units: { input_tokens: 1, output_tokens: 2 } } },
    }),
    buckets({ input: 1, output: 2 }),
  );
});

Deno.test("usageOfEvents() responses: usage of the final event, none of a failed one", () => {
  const final = (type: string, usage: JsonObject | null) =>
    usageOfEvents(
      responses,
      events({ type, response: { model: "gpt-6-sol", output: [], usage } }),
    );
  const usage = {
    input_tokens: 10,
    output_tokens: 5,
    total_tokens: 15,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens_details: { reasoning_tokens: 2 },
  };
  const expected = buckets({ input: 6, cacheRead: 4, output: 3, reasoning: 2 });
  assertEquals(final("response.completed", usage).ledger, expected);
  assertEquals(final("response.incomplete", usage).ledger, expected);
  assertEquals(final("response.failed", null).source, "none");
});
