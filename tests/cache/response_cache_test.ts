import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { isCacheable } from "../../src/cache/cacheable.ts";
import { ResponseCache } from "../../src/cache/response_cache.ts";
import { Exchange } from "../../src/exchange/exchange.ts";
import type { KeptAnswer } from "../../src/exchange/kept_answer.ts";
import { isJsonObject, type JsonObject } from "../../src/support/json.ts";
import { FakeClock } from "../support/fake_clock.ts";

const L1 = {
  enabled: true,
  maxBytes: 100_000,
  maxEntryBytes: 20_000,
  ttlMs: 1000,
};

function settings(l1: Partial<typeof L1> = {}) {
  return { l1: { ...L1, ...l1 }, onlyDeterministic: true };
}

function answerOf(length: number, costPico: bigint | null = null): KeptAnswer {
  return {
    streamed: false,
    contentType: "application/json",
    bytes: new Uint8Array(length),
    ends: [length],
    losses: [],
    costPico,
  };
}

interface Asked {
  readonly client?: string;
  readonly alias?: string;
  readonly endpoint?: string;
  readonly stream?: boolean;
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

const BODY = '{"model":"m","temperature":0,"messages":[]}';

function keyOf(cache: ResponseCache, asked: Asked = {}): string | null {
  const exchange = new Exchange({
    id: "01testtesttesttesttesttest",
    receivedAtMs: 0,
    startedMs: 0,
    endpoint: asked.endpoint ?? "/v1/chat/completions",
    protocol: "chat",
    operation: "generate",
    client: { name: asked.client ?? "one", tier: "default" },
    clientIp: "127.0.0.1",
    clientRequestId: null,
  });
  exchange.stream = asked.stream ?? false;
  const text = asked.body ?? BODY;
  return cache.keyOf(exchange, asked.alias ?? "fast", {
    body: new TextEncoder().encode(text),
    query: asked.query ?? "",
    headers: asked.headers ?? [],
    json: () => objectOf(text),
  });
}

function objectOf(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  assert(isJsonObject(value));
  return value;
}

Deno.test("ResponseCache names requests by everything that the answer depends on", () => {
  const cache = new ResponseCache(settings());
  const image = (data: string) =>
    `{"model":"m","temperature":0,"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,${data}"}}]}]}`;
  const all: readonly Asked[] = [
    {},
    { client: "two" },
    { alias: "slow" },
    { endpoint: "/v1/messages" },
    { stream: true },
    { query: "?beta=true" },
    { headers: ["anthropic-beta", "x"] },
    { client: 'one","fast' },
    { body: image("aaaa") },
    { body: image("aaab") },
    {
      body:
        '{"model":"m","temperature":0,"messages":[],"seed":9007199254740992}',
    },
    {
      body:
        '{"model":"m","temperature":0,"messages":[],"seed":9007199254740993}',
    },
    { body: '{"model":"m","temperature":0,"messages":[],"max_tokens":5}' },
  ];
  const keys = all.map((asked) => keyOf(cache, asked));
  assertEquals(new Set(keys).size, all.length);
  assert(!keys.includes(null));
});

Deno.test("ResponseCache names requests alike that differ in spelling or tracing only", () => {
  const cache = new ResponseCache(settings());
  assertEquals(
    keyOf(cache, {
      body: '{ "messages":[], "temperature":0, "model":"\\u006d" }',
      headers: ["traceparent", "00-1", "idempotency-key", "k"],
    }),
    keyOf(cache),
  );
});

Deno.test("isCacheable() takes only requests with one answer", () => {
  const ok: readonly JsonObject[] = [
    { temperature: 0 },
    { temperature: 0, n: 1, tools: [], store: false },
    { temperature: 0, n: null, previous_response_id: null },
  ];
  const bad: readonly JsonObject[] = [
    {},
    { temperature: 0.1 },
    { temperature: null },
    { temperature: "0" },
    { temperature: 0, n: 2 },
    { temperature: 0, tools: [{}] },
    { temperature: 0, functions: [{}] },
    { temperature: 0, web_search_options: {} },
    { temperature: 0, mcp_servers: [{}] },
    { temperature: 0, store: true },
    { temperature: 0, previous_response_id: "resp_1" },
    { temperature: 0, conversation: "conv_1" },
    { temperature: 0, background: true },
  ];
  assertEquals(ok.map((body) => isCacheable(body, true)), [true, true, true]);
  assertEquals(bad.filter((body) => isCacheable(body, true)), []);
  assert(isCacheable({ temperature: 1 }, false));
  assert(!isCacheable({ temperature: 1, tools: [{}] }, false));
});

Deno.test("ResponseCache holds its bound under ten times as much, and keeps what was used last", () => {
  const cache = new ResponseCache(settings());
  const each = 8000;
  const count = Math.ceil(L1.maxBytes * 10 / each);
  for (let index = 0; index < count; index++) {
    cache.keep(`k${index}`, answerOf(each));
    assert(cache.find("k0") !== null, "k0 is used all the time");
    assert(cache.stats.size <= L1.maxBytes);
  }
  const { entries, size } = cache.stats;
  assert(entries >= 5 && entries <= 12);
  assert(size > L1.maxBytes / 2);
  assertEquals(cache.find("k1"), null);
  assert(cache.find(`k${count - 1}`) !== null);
});

Deno.test("ResponseCache holds its bound with many tiny answers and endless pieces", () => {
  const cache = new ResponseCache(settings());
  for (let index = 0; index < 1000; index++) {
    cache.keep(`tiny${index}`, answerOf(1));
  }
  assert(cache.stats.entries < L1.maxBytes / 1000);
  cache.keep("pieces", {
    ...answerOf(15_000),
    streamed: true,
    ends: Array.from({ length: 15_000 }, (_, index) => index + 1),
  });
  assertEquals(cache.find("pieces"), null);
});

Deno.test("ResponseCache keeps no entry that is too large, and drops the older answer of its name", () => {
  const cache = new ResponseCache(settings());
  cache.keep("a", answerOf(10));
  cache.keep("a", answerOf(L1.maxEntryBytes + 1));
  assertEquals(cache.find("a"), null);
  assertEquals([cache.stats.entries, cache.stats.size], [0, 0]);
});

Deno.test("ResponseCache forgets an answer after its time, used or not", () => {
  const clock = new FakeClock();
  const cache = new ResponseCache(settings(), clock);
  cache.keep("a", answerOf(10));
  clock.nowMs = 999;
  assert(cache.find("a") !== null);
  clock.nowMs = 1000;
  assertEquals(cache.find("a"), null);
  assertEquals([cache.stats.entries, cache.stats.size], [0, 0]);
});

Deno.test("ResponseCache counts lookups, what they saved, and their share of late", () => {
  const clock = new FakeClock();
  const cache = new ResponseCache(settings({ ttlMs: 10_000_000 }), clock);
  assertEquals(cache.stats.hitRatio, null);
  assertEquals(cache.recentHitRatio, NaN);
  cache.find("a");
  cache.keep("a", answerOf(10, 7n));
  cache.keep("b", answerOf(10, null));
  for (const key of ["a", "a", "b"]) cache.find(key);
  assertEquals(cache.stats.hitRatio, 0.75);
  assertEquals(cache.recentHitRatio, 0.75);
  assertEquals(cache.stats.savedPico, 14n);
  clock.nowMs = 310_000;
  assertEquals(cache.recentHitRatio, NaN);
  cache.find("a");
  assertEquals(cache.recentHitRatio, 1);
  assertEquals([cache.stats.hits, cache.stats.misses], [4, 1]);
});

Deno.test("ResponseCache shrinks with its bound, empties when switched off, and never finds what was asked before it was cleared", () => {
  const cache = new ResponseCache(settings());
  for (let index = 0; index < 9; index++) {
    cache.keep(`k${index}`, answerOf(8000));
  }
  cache.update(settings({ maxBytes: 25_000 }));
  assertEquals(cache.stats.entries, 2);
  assert(cache.stats.size <= 25_000);
  assert(cache.find("k8") !== null);
  const before = keyOf(cache) ?? "";
  cache.clear();
  cache.keep(before, answerOf(10));
  assertNotEquals(keyOf(cache), before);
  cache.update(settings({ enabled: false }));
  cache.keep("off", answerOf(10));
  assertEquals([cache.stats.entries, cache.stats.size], [0, 0]);
});
