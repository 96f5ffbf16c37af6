/**
 * The rows of the threat table that came with their parts: heads (T6), the
 * cache (T16), budgets (T20) and redaction (T21). The others stand in
 * threats_test.ts.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  answer,
  type Behaviour,
  FakeProvider,
  stream,
} from "../fake_provider/fake_provider.ts";
import { startGateway } from "./gateway.ts";
import {
  bodyFor,
  eventsFor,
  type Pair,
  pairConfig,
  PATHS,
  postJson,
  startPair,
  UPSTREAM_KEY,
  wholeAnswer,
} from "./pair.ts";

const ADMIN = "token-of-the-admin-0123456789";
const ONE = "key-of-client-one-0123456789";
const TWO = "key-of-client-two-0123456789";
const CLIENTS = {
  clients: { one: { key: "${env:ONE}" }, two: { key: "${env:TWO}" } },
  admin: { token: "${env:ADMIN}" },
};
const ENVIRONMENT = { ADMIN, ONE, TWO };
const [CHAT] = PATHS;

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

async function statusOf(response: Response): Promise<number> {
  await response.body?.cancel();
  return response.status;
}

Deno.test("T6: a head that registers itself takes nobody's traffic or keys", async () => {
  const answering: Behaviour = (socket, request) =>
    answer(200, wholeAnswer(request.target, "fine"))(socket, request);
  await using provider = await FakeProvider.start(answering);
  await using head = await FakeProvider.start(answering);
  await using gateway = await startGateway(
    pairConfig(provider.url, {
      ...CLIENTS,
      models: {
        fast: { targets: ["up/up-model"] },
        edge: { heads: { modelType: "small" } },
      },
      routing: {
        heads: { enabled: true, allow: [new URL(head.url).host] },
        retry: { maxAttempts: 1 },
      },
    }),
    { ...ENVIRONMENT, UP_KEY: UPSTREAM_KEY },
  );
  const heads = `${gateway.url}/api/routing/heads`;
  const mine = {
    id: "gpu-1",
    endpoint: head.url,
    models: ["up-model"],
    modelType: "small",
  };
  const register = (body: unknown, headers: Record<string, string> = {}) =>
    postJson(heads, body, headers).then(statusOf);

  assertEquals(await register(mine), 401);
  for (const key of [ONE, "guess", UPSTREAM_KEY]) {
    const status = await register(mine, bearer(key));
    assert(status === 401 || status === 403, `${key}: ${status}`);
  }
  const stolen: [Record<string, unknown>, number][] = [
    [{ id: "up" }, 409],
    [{ id: "up/up-model" }, 400],
    [{ endpoint: provider.url }, 403],
    [{ endpoint: `${head.url}@${new URL(provider.url).host}` }, 400],
    [{ keys: [UPSTREAM_KEY] }, 400],
  ];
  for (const [change, expected] of stolen) {
    const status = await register({ ...mine, ...change }, bearer(ADMIN));
    assertEquals(status, expected, JSON.stringify(change));
  }
  assertEquals(head.requests.length, 0);

  assertEquals(await register(mine, bearer(ADMIN)), 201);
  for (const model of ["fast", "up/up-model", "edge"]) {
    const asked = postJson(
      gateway.url + CHAT,
      bodyFor(CHAT, model, "hi"),
      bearer(ONE),
    );
    assertEquals(await statusOf(await asked), 200, model);
  }
  assertEquals([provider.requests.length, head.requests.length], [2, 1]);
  const seen = head.requests[0]?.headers.join("\n") ?? "";
  for (const secret of [UPSTREAM_KEY, ONE, ADMIN]) {
    assert(!seen.includes(secret), "a head was shown a key");
  }
  const audited = await Deno.readTextFile(
    `${gateway.folder}/state/logs/routing_audit.log`,
  );
  const lines = audited.trimEnd().split("\n").map((line) => JSON.parse(line))
    .filter(({ action }) => action === "head.register")
    .map(({ target, outcome }) => `${target} ${outcome}`);
  assert(lines.includes("gpu-1 ok"), lines.join());
  assert(lines.some((line) => line.endsWith("refused")), lines.join());
});

/** Every answer is another one, so that a repeated one can only be a kept one. */
function counting(): Behaviour {
  let count = 0;
  return (socket, request) => {
    const text = `answer ${++count}`;
    return new TextDecoder().decode(request.body).includes('"stream":true')
      ? stream(eventsFor(request.target, text))(socket, request)
      : answer(200, wholeAnswer(request.target, text))(socket, request);
  };
}

Deno.test("T16: no client reads another one's cached answer or learns that there is one", async () => {
  await using pair = await startPair(
    counting(),
    {
      ...CLIENTS,
      models: { fast: { targets: ["up/up-model"], cache: true } },
      cache: { l1: { enabled: true } },
    },
    {},
    ENVIRONMENT,
  );
  for (const path of PATHS) {
    for (const streamed of [false, true]) {
      const body = {
        ...bodyFor(path, "fast", "hi", streamed),
        temperature: 0,
      };
      const asked = async (key: string, more: Record<string, unknown> = {}) => {
        const response = await postJson(
          pair.url + path,
          { ...body, ...more },
          bearer(key),
        );
        const text = await response.text();
        const [said] = /answer \d+/.exec(text) ?? [text];
        return [said, response.headers.get("x-signalbox-cache")];
      };
      const mine = await asked(ONE);
      assertEquals(await asked(ONE), [mine[0] ?? "", "hit"]);
      // Whoever names the other one is still himself.
      const tries = [
        await asked(TWO),
        await asked(TWO, { user: "one" }),
        await asked(TWO, { metadata: { user_id: "one" } }),
      ];
      for (const [said, cache] of tries) {
        assert(said !== mine[0], `${path} ${said}`);
        assertEquals(cache, "miss");
      }
    }
  }
});

const BUDGETED = {
  ...CLIENTS,
  pricing: {
    models: { "up/up-model": { inputPer1M: 1000, outputPer1M: 1000 } },
  },
};

async function spent(pair: Pair): Promise<number> {
  const response = await fetch(`${pair.url}/api/budgets`, {
    headers: bearer(ADMIN),
  });
  const { budgets } = await response.json();
  for (const { budget, periods } of budgets) {
    if (budget === "global") return Number(periods.day.spentUsd);
  }
  throw new Error("Cannot find the budget");
}

Deno.test("T20: a budget is neither outrun by many at once nor dodged by name", async () => {
  const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };
  const whole = { ...JSON.parse(wholeAnswer(CHAT, "fine")), usage };
  // 20 tokens cost 0.02 USD: there is money for five requests.
  await using pair = await startPair(
    answer(200, JSON.stringify(whole)),
    { ...BUDGETED, budgets: { dailyUsd: 0.1, onExceeded: "reject" } },
    {},
    ENVIRONMENT,
  );
  const statuses = await Promise.all(
    Array.from({ length: 64 }, async (_, index) => {
      const body = {
        ...bodyFor(CHAT, "fast", "hi"),
        max_tokens: 10,
        user: `user-${index}`,
      };
      return await statusOf(
        await postJson(pair.url + CHAT, body, {
          ...bearer(index % 2 === 0 ? ONE : TWO),
          "x-request-id": `r-${index}`,
        }),
      );
    }),
  );
  const served = statuses.filter((status) => status === 200).length;
  assert(served > 0 && served <= 5, `${served} were served`);
  assertEquals(statuses.filter((status) => status === 402).length, 64 - served);
  assertEquals(pair.provider.requests.length, served);
  assertEquals(await spent(pair), served * 0.02);
});

Deno.test("T20: no usage that a provider makes up gives money back or breaks the sum", async () => {
  const usages = [
    '{"prompt_tokens":-5000000,"completion_tokens":-5000000}',
    '{"prompt_tokens":1e400,"completion_tokens":"7"}',
    '{"prompt_tokens":1.5,"completion_tokens":null}',
    '{"prompt_tokens":10,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":-90000000}}',
    '{"prompt_tokens":-9223372036854775808,"completion_tokens":10}',
    "[]",
    '"lots"',
  ];
  let next = 0;
  const whole = JSON.parse(wholeAnswer(CHAT, "fine"));
  await using pair = await startPair(
    (socket, request) => {
      const text = JSON.stringify({ ...whole, usage: "USAGE" })
        .replace('"USAGE"', usages[next++] ?? "{}");
      return answer(200, text)(socket, request);
    },
    { ...BUDGETED, budgets: { dailyUsd: 1000, onExceeded: "reject" } },
    {},
    ENVIRONMENT,
  );
  let before = await spent(pair);
  for (const usage of usages) {
    const response = await postJson(
      pair.url + CHAT,
      { ...bodyFor(CHAT, "fast", "hi"), max_tokens: 10 },
      bearer(ONE),
    );
    assertEquals(await statusOf(response), 200, usage);
    const after = await spent(pair);
    assert(Number.isFinite(after) && after >= before, `${usage}: ${after}`);
    before = after;
  }
  assert(before < 1, `${before} USD for next to nothing`);
});

Deno.test("T21: a text that was made to stall the redaction stalls nobody", async () => {
  const size = 300_000;
  const pem = "PRIVATE" + " KEY-----";
  const texts = [
    "sk-".repeat(size / 3),
    "eyJaaaaaaaaaaaa-".repeat(size / 16),
    `-----BEGIN ${pem}`.repeat(size / 27),
    "://a:".repeat(size / 5),
    'password="\\'.repeat(size / 11),
    "api_key=".repeat(size / 8),
    "bearer ".repeat(size / 7),
    "a".repeat(size) + "!",
  ];
  let next = 0;
  await using pair = await startPair(
    (socket, request) =>
      answer(500, JSON.stringify({ error: { message: texts[next++] } }))(
        socket,
        request,
      ),
    { logging: { errors: { captureBodies: true } } },
  );
  for (const text of texts) {
    const startMs = performance.now();
    const [answered, health] = await Promise.all([
      postJson(pair.url + CHAT, bodyFor(CHAT, "fast", text)),
      fetch(`${pair.url}/health`),
    ]);
    assertEquals(await statusOf(health), 200);
    assertEquals(answered.status, 502);
    assertStringIncludes(await answered.text(), '"error"');
    // A pattern that backtracks takes minutes for these.
    const tookMs = performance.now() - startMs;
    assert(tookMs < 5000, `${tookMs} ms for ${text.slice(0, 20)}`);
  }
});
