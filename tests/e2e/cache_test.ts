/** The response cache from outside: what a second request is given, and what it never is. @module */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import OpenAI from "openai";
import {
  answer,
  type Behaviour,
  stream,
} from "../fake_provider/fake_provider.ts";
import { FAST_SIMULATOR, startGateway } from "./gateway.ts";
import {
  bodyFor,
  eventsFor,
  type Overrides,
  type Pair,
  PATHS,
  postJson,
  startPair,
  wholeAnswer,
} from "./pair.ts";

const ONE = "key-of-client-one-0123456789";
const TWO = "key-of-client-two-0123456789";

const CACHED: Overrides = {
  clients: { one: { key: "${env:ONE}" }, two: { key: "${env:TWO}" } },
  admin: { token: "${env:ADMIN}" },
  models: {
    fast: { targets: ["up/up-model"], cache: true },
    plain: { targets: ["up/up-model"] },
    "via-messages": { targets: ["messages-only/up-model"], cache: true },
  },
  cache: { l1: { enabled: true } },
};
const ADMIN = "token-of-the-admin-0123456789";
const ENVIRONMENT = { ONE, TWO, ADMIN };

/** Every answer is another one, so that a repeated one can only be kept. */
function counting(): Behaviour {
  let count = 0;
  return (socket, request) => {
    const text = `answer ${++count}`;
    const path = request.target;
    return new TextDecoder().decode(request.body).includes('"stream":true')
      ? stream(eventsFor(path, text))(socket, request)
      : answer(200, wholeAnswer(path, text), { "x-request-id": `u${count}` })(
        socket,
        request,
      );
  };
}

function start(behaviour: Behaviour = counting(), more: Overrides = {}) {
  return startPair(behaviour, { ...CACHED, ...more }, {}, ENVIRONMENT);
}

interface Answered {
  readonly status: number;
  readonly cache: string | null;
  readonly headers: Headers;
  readonly text: string;
}

async function ask(
  pair: { readonly url: string },
  path: string,
  body: Record<string, unknown>,
  key = ONE,
): Promise<Answered> {
  const response = await postJson(`${pair.url}${path}`, body, {
    authorization: `Bearer ${key}`,
  });
  return {
    status: response.status,
    cache: response.headers.get("x-signalbox-cache"),
    headers: response.headers,
    text: await response.text(),
  };
}

function question(
  path: string,
  streamed = false,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return { ...bodyFor(path, "fast", "hi", streamed), temperature: 0, ...more };
}

async function stats(pair: { readonly url: string }) {
  const response = await fetch(`${pair.url}/api/cache/stats`, {
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  return await response.json();
}

for (const path of PATHS) {
  for (const model of ["fast", "via-messages"]) {
    for (const streamed of [false, true]) {
      Deno.test(`cache gives ${path} of ${model} again, ${streamed ? "streamed" : "whole"}`, async () => {
        await using pair = await start();
        const body = question(path, streamed, { model });
        const first = await ask(pair, path, body);
        const second = await ask(pair, path, body);
        assertEquals([first.status, second.status], [200, 200]);
        assertEquals([first.cache, second.cache], ["miss", "hit"]);
        assertStringIncludes(first.text, "answer 1");
        assertEquals(second.text, first.text);
        assertEquals(pair.provider.requests.length, 1);
        assertEquals(
          second.headers.get("content-type"),
          first.headers.get("content-type"),
        );
        assert(
          second.headers.get("x-request-id") !==
            first.headers.get("x-request-id"),
        );
        assertEquals(second.headers.get("x-signalbox-target"), null);
        assertEquals(second.headers.get("x-upstream-request-id"), null);
      });
    }
  }
}

Deno.test("cache never gives one client's answer to another", async () => {
  await using pair = await start();
  for (const path of PATHS) {
    for (const streamed of [false, true]) {
      const body = question(path, streamed);
      const mine = await ask(pair, path, body, ONE);
      const theirs = await ask(pair, path, body, TWO);
      assertEquals([mine.cache, theirs.cache], ["miss", "miss"]);
      assert(mine.text !== theirs.text);
    }
  }
  assertEquals(pair.provider.requests.length, 12);
});

Deno.test("cache tells a stream from a whole answer, and every body from another", async () => {
  await using pair = await start();
  const path = PATHS[0];
  const image = (data: string) => ({
    messages: [{
      role: "user",
      content: [{
        type: "image_url",
        image_url: { url: `data:image/png;base64,${data}` },
      }],
    }],
  });
  const bodies = [
    question(path),
    question(path, true),
    question(path, false, { max_tokens: 7 }),
    question(path, false, image("aaaa")),
    question(path, false, image("aaab")),
    question(path, false, { model: "via-messages" }),
  ];
  for (const body of bodies) {
    assertEquals((await ask(pair, path, body)).cache, "miss");
  }
  for (const body of bodies) {
    assertEquals((await ask(pair, path, body)).cache, "hit");
  }
});

Deno.test("cache lets pass what has no one answer, and aliases that do not ask for it", async () => {
  await using pair = await start();
  const path = PATHS[0];
  const tool = {
    type: "function",
    function: { name: "f", parameters: { type: "object" } },
  };
  const bodies = [
    bodyFor(path, "fast", "hi"),
    question(path, false, { temperature: 0.5 }),
    question(path, false, { tools: [tool] }),
    question(path, false, { n: 2 }),
    question(path, false, { model: "plain" }),
    question(path, false, { model: "up/up-model" }),
  ];
  for (const body of [...bodies, ...bodies]) {
    const { status, cache } = await ask(pair, path, body);
    assertEquals([status, cache], [200, "bypass"]);
  }
  assertEquals(pair.provider.requests.length, 12);
  const { l1 } = await stats(pair);
  assertEquals([l1.hits, l1.misses, l1.entries], [0, 0, 0]);
});

const BROKEN: readonly [string, boolean, Behaviour, number][] = [
  ["an error", false, answer(500, "{}"), 502],
  [
    "an error inside a 200",
    false,
    answer(200, '{"error":{"message":"x"}}'),
    502,
  ],
  ["truncated JSON", false, answer(200, '{"id":"c1","choices":['), 502],
  [
    "a stream without its end",
    true,
    stream(eventsFor(PATHS[0], "half").slice(0, 1)),
    200,
  ],
  [
    "a stream that is reset",
    true,
    stream(eventsFor(PATHS[0], "half").slice(0, 1), "reset"),
    200,
  ],
  [
    "a stream with an error in it",
    true,
    stream([
      ...eventsFor(PATHS[0], "half").slice(0, 1),
      'data: {"error":{"message":"no","type":"server_error"}}\n\n',
    ]),
    200,
  ],
];

for (const [name, streamed, behaviour, status] of BROKEN) {
  Deno.test(`cache never keeps ${name}`, async () => {
    await using pair = await start(behaviour);
    const path = PATHS[0];
    const body = question(path, streamed);
    const first = await ask(pair, path, body);
    assertEquals([first.status, first.cache], [status, "miss"]);
    pair.provider.behaviour = counting();
    const second = await ask(pair, path, body);
    assertEquals([second.status, second.cache], [200, "miss"]);
    assertStringIncludes(second.text, "answer 1");
    assertEquals((await ask(pair, path, body)).text, second.text);
  });
}

Deno.test("cache never keeps an answer whose client has gone", async () => {
  const path = PATHS[0];
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  const [first = "", ...rest] = eventsFor(path, "half");
  await using pair = await start(async (socket, request) => {
    await stream([first], "stall")(socket, request);
    await held;
    for (const event of rest) {
      socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
    }
    socket.write("0\r\n\r\n");
  });
  const abort = new AbortController();
  const response = await fetch(`${pair.url}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${ONE}`,
    },
    body: JSON.stringify(question(path, true)),
    signal: abort.signal,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  abort.abort();
  await reader?.closed.catch(() => {});
  await pair.provider.whenClosed(1);
  release();
  pair.provider.behaviour = counting();
  const next = await ask(pair, path, question(path, true));
  assertEquals(next.cache, "miss");
  assertStringIncludes(next.text, "answer 1");
});

Deno.test("cache survives a reload with another size, and forgets when targets change", async () => {
  await using pair = await start();
  const path = PATHS[0];
  const config = async () => {
    const text = await Deno.readTextFile(
      `${pair.gateway.folder}/signalbox.jsonc`,
    );
    return JSON.parse(text) as Record<string, unknown>;
  };
  await ask(pair, path, question(path));
  const before = await config();
  const smaller = {
    l1: { enabled: true, maxBytes: 5000, maxEntryBytes: 4000 },
  };
  assertEquals(await pair.gateway.reload({ ...before, cache: smaller }), null);
  assertEquals((await ask(pair, path, question(path))).cache, "hit");
  assertEquals((await stats(pair)).l1.max, 5000);
  for (let index = 0; index < 10; index++) {
    await ask(pair, path, question(path, false, { max_tokens: index + 1 }));
  }
  const { l1 } = await stats(pair);
  assert(l1.size <= 5000 && l1.entries >= 1);
  const last = question(path, false, { max_tokens: 10 });
  assertEquals((await ask(pair, path, last)).cache, "hit");
  const models = {
    ...before["models"] as object,
    fast: { targets: ["messages-only/up-model"], cache: true },
  };
  assertEquals(
    await pair.gateway.reload({ ...before, models, cache: smaller }),
    null,
  );
  assertEquals((await ask(pair, path, last)).cache, "miss");
  assertEquals(await pair.gateway.reload({ ...before, cache: {} }), null);
  assertEquals((await ask(pair, path, last)).cache, null);
});

Deno.test("cache counts a hit as a request, a decision and nothing else", async () => {
  await using pair = await start(counting(), {
    pricing: {
      models: { "up-model": { inputPer1M: 1, outputPer1M: 2 } },
    },
  });
  await hitTwice(pair);
  const seen = await stats(pair);
  assertEquals(seen.hitRatio, 2 / 3);
  assertEquals([seen.l1.hits, seen.l1.misses, seen.l1.entries], [2, 1, 1]);
  // One token in and out at 1 and 2 USD per million, twice.
  assertEquals(Number(seen.savedUsd), 0.000006);
  const metrics = await (await fetch(`${pair.url}/metrics`)).text();
  for (
    const line of [
      'signalbox_response_cache_lookups_total{cache_level="l1",result="hit"} 2',
      'signalbox_response_cache_lookups_total{cache_level="l1",result="miss"} 1',
      'ccr_provider_requests_total{provider="up",model="up-model",status="success"} 1',
      'signalbox_request_outcomes_total{endpoint="/v1/chat/completions",outcome="success"} 3',
    ]
  ) assertStringIncludes(metrics, `${line}\n`);
  assertEquals(
    [...metrics.matchAll(
      /^routing_decisions_total\{strategy="in_order".* (\d+)$/gm,
    )]
      .reduce((sum, [, count]) => sum + Number(count), 0),
    3,
  );
});

async function hitTwice(pair: Pair): Promise<void> {
  const path = PATHS[0];
  for (const expected of ["miss", "hit", "hit"]) {
    assertEquals((await ask(pair, path, question(path))).cache, expected);
  }
}

Deno.test("cache shows no numbers and says nothing while it is off", async () => {
  await using pair = await start(counting(), { cache: {} });
  const path = PATHS[0];
  for (let count = 0; count < 2; count++) {
    assertEquals((await ask(pair, path, question(path))).cache, null);
  }
  assertEquals(pair.provider.requests.length, 2);
  const metrics = await (await fetch(`${pair.url}/metrics`)).text();
  assert(!metrics.includes("cache_hit_ratio"));
  assertEquals((await stats(pair)).hitRatio, null);
});

Deno.test("cache gives the official client the same answer twice", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    models: { fast: { targets: ["sim/sim-model"], cache: true } },
    cache: { l1: { enabled: true } },
  });
  const client = new OpenAI({
    apiKey: "none",
    baseURL: `${gateway.url}/v1`,
    maxRetries: 0,
  });
  const request = {
    model: "fast",
    temperature: 0,
    messages: [{ role: "user" as const, content: "hi" }],
  };
  const whole = async () =>
    await client.chat.completions.create(request).withResponse();
  const [first, second] = [await whole(), await whole()];
  assertEquals(second.data, first.data);
  assertEquals(second.response.headers.get("x-signalbox-cache"), "hit");
  const streamed = async () => {
    const { data, response } = await client.chat.completions
      .create({ ...request, stream: true }).withResponse();
    const chunks = await Array.fromAsync(data);
    return { chunks, cache: response.headers.get("x-signalbox-cache") };
  };
  const [live, kept] = [await streamed(), await streamed()];
  assertEquals([live.cache, kept.cache], ["miss", "hit"]);
  assert(live.chunks.length > 3);
  assertEquals(kept.chunks, live.chunks);
});

Deno.test("cache hits count as requests of their client's limit and take no tokens", async () => {
  await using pair = await start(counting(), {
    clients: {
      one: { key: "${env:ONE}", limits: { requestsPerMinute: 3 } },
      two: { key: "${env:TWO}", limits: { tokensPerMinute: 40 } },
    },
  });
  const path = PATHS[0];
  const left = ({ headers }: Answered, kind: string) =>
    Number(headers.get(`x-ratelimit-remaining-${kind}`) ?? NaN);
  const seen: unknown[] = [];
  for (let count = 0; count < 4; count++) {
    const answered = await ask(pair, path, question(path));
    seen.push([answered.status, answered.cache, left(answered, "requests")]);
    if (answered.status !== 429) continue;
    assertEquals(JSON.parse(answered.text).error.code, "rate_limit_exceeded");
    assert(Number(answered.headers.get("retry-after")) > 0);
  }
  assertEquals(seen, [
    [200, "miss", 2],
    [200, "hit", 1],
    [200, "hit", 0],
    [429, "bypass", 0],
  ]);
  // The other client's tokens: an answer takes some, one from the cache none, not even when all are gone.
  const long = question(path, false, { max_tokens: 1 });
  const first = await ask(pair, path, long, TWO);
  assertEquals([first.status, first.cache], [200, "miss"]);
  const hit = await ask(pair, path, long, TWO);
  assertEquals([hit.status, hit.cache], [200, "hit"]);
  const before = left(hit, "tokens");
  assertEquals(left(await ask(pair, path, long, TWO), "tokens"), before);
  for (let count = 0;; count++) {
    assert(count < 40);
    const next = await ask(pair, path, { ...long, max_tokens: 2 + count }, TWO);
    if (next.status === 429) break;
  }
  assertEquals((await ask(pair, path, long, TWO)).status, 200);
});
