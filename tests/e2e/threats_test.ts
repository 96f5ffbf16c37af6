/**
 * The threat table, a test each, against the whole gateway: what an attacker
 * sends as a client or as a provider, and what must not follow from it.
 * T6, T16, T20 and T21 stand in threats_of_parts_test.ts.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { gzipSync } from "node:zlib";
import {
  answer,
  drained,
  FakeProvider,
  head,
  silent,
  stream,
} from "../fake_provider/fake_provider.ts";
import { startGateway } from "./gateway.ts";
import {
  bodyFor,
  chatEvents,
  eventsFor,
  type Pair,
  pairConfig,
  PATHS,
  postJson,
  startPair,
  UPSTREAM_KEY,
  wholeAnswer,
} from "./pair.ts";
import { GatewayProcess } from "./process.ts";
import { ask, connect, get, post } from "./raw_socket/raw_client.ts";

const CHAT = "/v1/chat/completions";
const MODELS = ["fast", "chat-only/m", "messages-only/m", "responses-only/m"];

/** Answers whatever is asked in its own protocol. */
function startAnswering(
  overrides: Record<string, unknown> = {},
  environment: Record<string, string> = {},
): Promise<Pair> {
  return startPair(
    (socket, request) =>
      answer(200, wholeAnswer(request.target, "fine"))(socket, request),
    overrides,
    {},
    environment,
  );
}

async function statusOf(response: Response): Promise<number> {
  await response.body?.cancel();
  return response.status;
}

Deno.test("T1: fields of the body name no destination, at the top or nested", async () => {
  await using pair = await startAnswering();
  await using elsewhere = await FakeProvider.start(answer(200, "{}"));
  const { url } = elsewhere;
  const fields = {
    api_base: url,
    base_url: url,
    api_key: "sk-mine",
    endpoint: url,
    proxy: url,
    extra_body: { api_base: url, base_url: url },
    litellm_params: { api_base: url },
    metadata: { api_base: url, nested: { base_url: url } },
    mock_response: url,
  };
  for (const path of PATHS) {
    for (const model of MODELS) {
      const body = { ...bodyFor(path, model, "hi"), ...fields };
      const response = await postJson(pair.url + path, body);
      assertEquals(await statusOf(response), 200, `${path} ${model}`);
    }
  }
  assertEquals(elsewhere.requests.length, 0);
  assertEquals(pair.provider.requests.length, PATHS.length * MODELS.length);
  for (const request of pair.provider.requests) {
    assertEquals(request.header("host"), new URL(pair.provider.url).host);
    assert(!JSON.stringify(request.headers).includes("sk-mine"));
  }
});

Deno.test("T2: headers of the client name no destination", async () => {
  await using pair = await startAnswering();
  await using elsewhere = await FakeProvider.start(answer(200, "{}"));
  const { url } = elsewhere;
  const response = await postJson(pair.url + CHAT, bodyFor(CHAT, "fast", "x"), {
    "x-upstream-url": url,
    "x-portkey-custom-host": url,
    "x-portkey-provider": "openai",
    "x-forwarded-host": new URL(url).host,
    "x-original-url": url,
    "helicone-openai-api-base": url,
    "helicone-target-url": url,
    "openai-base-url": url,
    "forwarded": `host=${new URL(url).host}`,
  });
  assertEquals(await statusOf(response), 200);
  assertEquals(elsewhere.requests.length, 0);
  const [request] = pair.provider.requests;
  assert(!JSON.stringify(request?.headers).includes(new URL(url).host));
});

const BAD_URLS = [
  "http://user:secret@127.0.0.1:1/v1",
  "http://127.0.0.1:1/v1#",
  "http://127.0.0.1:1/v1#/x",
  "http://127.0.0.1:1/v1?key=1",
  "file:///etc/passwd",
  "ftp://127.0.0.1/",
  "unix:/var/run/docker.sock",
  "127.0.0.1:80",
  "//127.0.0.1/v1",
];

Deno.test("T3: a base URL with user, fragment, query or another scheme starts nothing", async () => {
  for (const chat of BAD_URLS) {
    await assertRejects(
      () => startGateway({ providers: { up: { protocols: { chat } } } }),
      Error,
      "",
      chat,
    );
  }
});

Deno.test("T4: a redirect is never followed and hands out no key", async () => {
  await using elsewhere = await FakeProvider.start(answer(200, "{}"));
  await using pair = await startPair(
    answer(307, "", { location: `${elsewhere.url}/steal` }),
  );
  for (const path of PATHS) {
    for (const streamed of [false, true]) {
      const body = bodyFor(path, "fast", "hi", streamed);
      const response = await postJson(pair.url + path, body);
      assertEquals(response.status, 502);
      assertEquals(response.headers.get("location"), null);
      assert(!(await response.text()).includes("steal"));
    }
  }
  assertEquals(elsewhere.requests.length, 0);
  assertEquals(elsewhere.openSockets + elsewhere.closedSockets, 0);
});

const METADATA_URLS = [
  "http://169.254.169.254/latest",
  "http://2852039166/",
  "http://0xa9fea9fe/",
  "http://0251.0376.0251.0376/",
  "http://169.254.43518/",
  "http://[::ffff:169.254.169.254]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[fe80::1]/",
];

Deno.test("T5: no spelling of a link-local address may be a provider", async () => {
  for (const chat of METADATA_URLS) {
    await assertRejects(
      () => startGateway({ providers: { up: { protocols: { chat } } } }),
      Error,
      "link-local",
      chat,
    );
  }
});

const ADMIN_PATHS = [
  "/api/reload",
  "/api/config",
  "/api/usage",
  "/api/providers/health",
  "/api/recordings",
  "/api/events",
  "/api/routing/heads",
  "/debug/connections",
  "/debug/traces",
  "/debug/heap",
  "/log/stream",
  "/admin",
  "/config",
];
const WITH_CLIENTS = {
  clients: {
    ci: { key: "${env:CI_KEY}" },
    bob: { key: "${env:OTHER_KEY}" },
  },
  admin: { token: "${env:ADMIN_TOKEN}" },
};
const CLIENT_KEYS = {
  CI_KEY: "key-of-ci-0123456789",
  OTHER_KEY: "key-of-other-0123456789",
  ADMIN_TOKEN: "token-of-the-admin-0123456789",
};

Deno.test("T7: without the admin token nothing of administration answers, and no open bind starts", async () => {
  await using pair = await startAnswering(WITH_CLIENTS, CLIENT_KEYS);
  for (const path of ADMIN_PATHS) {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"]) {
      const response = await fetch(pair.url + path, {
        method,
        ...(method === "GET" ? {} : {
          body: "{}",
          headers: { "content-type": "application/json" },
        }),
      });
      const text = await response.text();
      assert([401, 403, 404, 405].includes(response.status), `${path} ${text}`);
    }
  }
  await assertRejects(() =>
    startGateway({
      server: { host: "0.0.0.0" },
      providers: { sim: { simulator: {} } },
    })
  );
});

Deno.test("T8: a client's key opens no administration and makes no keys", async () => {
  await using pair = await startAnswering(WITH_CLIENTS, CLIENT_KEYS);
  for (const path of ADMIN_PATHS) {
    const response = await postJson(pair.url + path, "{}", {
      authorization: `Bearer ${CLIENT_KEYS.CI_KEY}`,
    });
    const text = await response.text();
    assert([403, 404, 405].includes(response.status), `${path} ${text}`);
  }
  const token = { authorization: `Bearer ${CLIENT_KEYS.ADMIN_TOKEN}` };
  const asClient = await postJson(
    pair.url + CHAT,
    bodyFor(CHAT, "fast", "hi"),
    token,
  );
  assertEquals(await statusOf(asClient), 401, "an admin token is no client");
  assertEquals(pair.provider.requests.length, 0);
});

async function bearerStatus(pair: Pair, key: string): Promise<number> {
  return (await ask(
    pair.port,
    post(CHAT, JSON.stringify(bodyFor(CHAT, "fast", "hi")), [
      `authorization: Bearer ${key}`,
    ]),
  )).status;
}

Deno.test("T9: a key is looked up, never evaluated", async () => {
  await using pair = await startAnswering(WITH_CLIENTS, CLIENT_KEYS);
  for (
    const key of [
      "'OR'1'='1",
      "'--",
      "*",
      "%",
      "$ne",
      '{"$gt":""}',
      "../ci",
      "ci",
      "${env:CI_KEY}",
      "null",
      "undefined",
      "true",
    ]
  ) {
    assertEquals(await bearerStatus(pair, key), 401, key);
  }
  assertEquals(pair.provider.requests.length, 0);
});

const BUILT_IN_NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "__defineGetter__",
];

Deno.test("T10: names of built-in properties are no keys, aliases, providers or models", async () => {
  await using pair = await startAnswering(WITH_CLIENTS, CLIENT_KEYS);
  const key = { authorization: `Bearer ${CLIENT_KEYS.CI_KEY}` };
  for (const name of BUILT_IN_NAMES) {
    assertEquals(await bearerStatus(pair, name), 401, name);
    for (const model of [name, `${name}/m`, `${name},m`, `${name}/${name}`]) {
      const body = bodyFor(CHAT, model, "hi");
      const response = await postJson(pair.url + CHAT, body, key);
      assertEquals(await statusOf(response), 404, model);
    }
    const path = `/v1/models/${name}`;
    const listed = await fetch(pair.url + path, { headers: key });
    assertEquals(await statusOf(listed), 404, path);
  }
  assertEquals(pair.provider.requests.length, 0);
  // As the name of a provider's model it is a name like any other.
  const response = await postJson(
    pair.url + CHAT,
    bodyFor(CHAT, "up/constructor", "hi"),
    key,
  );
  assertEquals(await statusOf(response), 200);
});

Deno.test("T11: a key is its whole text", async () => {
  await using pair = await startAnswering(WITH_CLIENTS, CLIENT_KEYS);
  const key = CLIENT_KEYS.CI_KEY;
  assertEquals(await bearerStatus(pair, key), 200);
  for (
    const other of [
      key.slice(0, 20),
      key.slice(0, -1),
      key.slice(1),
      `${key}x`,
      `${key}\x00`.slice(0, -1) + "%00",
      key.toUpperCase(),
      key.repeat(2),
    ].filter((text) => text !== key)
  ) {
    assertEquals(await bearerStatus(pair, other), 401, other);
  }
  // Two clients do not share a place in any table.
  assertEquals(await bearerStatus(pair, CLIENT_KEYS.OTHER_KEY), 200);
});

Deno.test("T12: keys of any length are compared by digest, none ends in an error", async () => {
  await using pair = await startAnswering(WITH_CLIENTS, CLIENT_KEYS);
  for (const length of [1, 19, 20, 21, 31, 32, 33, 63, 64, 65, 1000, 8000]) {
    assertEquals(await bearerStatus(pair, "k".repeat(length)), 401);
  }
});

/** A provider that repeats its caller's key wherever it can. */
async function startTellTale(): Promise<FakeProvider> {
  return await FakeProvider.start((socket, request) => {
    const key = request.header("x-api-key") ??
      request.header("authorization")?.slice(7) ?? "";
    const headers = {
      "x-ratelimit-limit-requests": key,
      "x-request-id": key,
      "retry-after": key,
      "openai-processing-ms": key,
      "set-cookie": `key=${key}`,
      "x-debug": key,
    };
    const said = new TextDecoder().decode(request.body);
    const way = /say-([a-z0-9-]+)/.exec(said)?.[1] ?? "";
    const message = `Incorrect API key provided: ${key}`;
    const error = JSON.stringify({
      error: { message, type: key, code: key, param: key },
    });
    const status = /^status-(\d+)$/.exec(way)?.[1];
    if (status !== undefined) {
      return answer(Number(status), error, headers)(socket, request);
    }
    if (way === "html") {
      const html = { ...headers, "content-type": "text/html" };
      return answer(502, `<p>${message}</p>`, html)(socket, request);
    }
    if (way === "type") {
      const type = { ...headers, "content-type": `text/${key}` };
      return answer(200, "{}", type)(socket, request);
    }
    if (way === "inband") return answer(200, error, headers)(socket, request);
    const events = eventsFor(request.target, "some text");
    const at = events.findIndex((event) => event.includes("some text")) + 1;
    const broken = request.target.includes("messages")
      ? `event: error\ndata: ${
        JSON.stringify({
          type: "error",
          error: { type: "api_error", message },
        })
      }\n\n`
      : request.target.includes("responses")
      ? `event: error\ndata: ${
        JSON.stringify({
          type: "error",
          sequence_number: 9,
          code: key,
          message,
          param: key,
        })
      }\n\n`
      : `data: ${error}\n\n`;
    const kept = way === "sse-first" ? [] : events.slice(0, at);
    return stream([...kept, broken], "clean", headers)(socket, request);
  });
}

Deno.test("T13: a provider that repeats its key gets it into no answer, header, log, metric or file", async () => {
  await using provider = await startTellTale();
  await using gateway = await GatewayProcess.start({
    config: {
      ...pairConfig(provider.url),
      log: { level: "debug" },
    },
    environment: { UP_KEY: UPSTREAM_KEY },
  });
  const seen: string[] = [];
  for (const path of PATHS) {
    for (const model of MODELS) {
      for (
        const way of [
          ...["400", "401", "403", "404", "429", "500", "503"].map((status) =>
            `status-${status}`
          ),
          "html",
          "type",
          "inband",
          "sse-first",
          "sse-after",
        ]
      ) {
        const streamed = way.startsWith("sse");
        const body = bodyFor(path, model, `say-${way}`, streamed);
        const response = await postJson(gateway.url + path, body);
        const text = await response.text();
        const all = JSON.stringify([...response.headers]) + text;
        assert(
          !all.includes(UPSTREAM_KEY),
          `${path} ${model} ${way} shows the key: ${all}`,
        );
        assertEquals(response.headers.get("set-cookie"), null);
        assertEquals(response.headers.get("x-debug"), null);
        if (way !== "sse-after") assert(response.status >= 400, all);
      }
    }
  }
  const metrics = await fetch(`${gateway.url}/metrics`);
  seen.push(await metrics.text());
  seen.push(
    await Deno.readTextFile(`${gateway.folder}/state/effective-config.json`),
  );
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
  seen.push(JSON.stringify(gateway.lines));
  for (const text of seen) assert(!text.includes(UPSTREAM_KEY), text);
  assert(gateway.lines.length > 100, "an access line for every exchange");
});

Deno.test("T14: no credential of a client goes upstream, in a header or in the query", async () => {
  await using pair = await startAnswering(WITH_CLIENTS, CLIENT_KEYS);
  const key = CLIENT_KEYS.CI_KEY;
  for (const path of PATHS) {
    for (const model of MODELS) {
      const response = await postJson(
        `${pair.url}${path}?key=${key}&api_key=${key}&token=${key}&beta=true`,
        bodyFor(path, model, "hi"),
        {
          authorization: `Bearer ${key}`,
          "x-api-key": key,
          "api-key": key,
          "x-goog-api-key": key,
          cookie: `session=${key}`,
          "proxy-authorization": `Basic ${key}`,
          "openai-organization": key,
          "openai-project": key,
          "anthropic-workspace-id": key,
        },
      );
      assertEquals(await statusOf(response), 200, `${path} ${model}`);
    }
  }
  for (const request of pair.provider.requests) {
    const all = request.target + JSON.stringify(request.headers);
    assert(!all.includes(key), all);
    assert(all.includes(UPSTREAM_KEY), "the provider's own key");
  }
  assertStringIncludes(
    pair.provider.requests.map(({ target }) => target).join(" "),
    "/v1/messages?beta=true",
  );
});

const HIDDEN_HEADERS = {
  "set-cookie": "a=1",
  "set-cookie2": "a=1",
  "proxy-authenticate": "Basic",
  "www-authenticate": "Bearer",
  "trailer": "x-later",
  "upgrade": "h2c",
  "server": "upstream/1.0",
  "via": "1.1 upstream",
  "x-powered-by": "upstream",
  "alt-svc": 'h3=":443"',
  "strict-transport-security": "max-age=1",
  "access-control-allow-origin": "*",
  "location": "http://127.0.0.1:1/",
  "x-accel-redirect": "/etc/passwd",
  "x-internal-secret": "1",
  "x-signalbox-target": "forged",
  "openai-organization": "org",
  "clear-site-data": '"*"',
};

Deno.test("T15: hop-by-hop headers, cookies and internals of a provider stay behind", async () => {
  await using pair = await startPair((socket, request) =>
    new TextDecoder().decode(request.body).includes('"stream":true')
      ? stream(eventsFor(request.target, "x"), "clean", HIDDEN_HEADERS)(
        socket,
        request,
      )
      : answer(200, wholeAnswer(request.target, "x"), {
        ...HIDDEN_HEADERS,
        "openai-processing-ms": "12",
        "x-ratelimit-remaining-requests": "9",
        "anthropic-ratelimit-tokens-limit": "5",
      })(socket, request)
  );
  for (const path of PATHS) {
    for (const streamed of [false, true]) {
      const body = bodyFor(path, "fast", "hi", streamed);
      const response = await postJson(pair.url + path, body);
      await response.text();
      assertEquals(response.status, 200);
      for (const name of Object.keys(HIDDEN_HEADERS)) {
        if (name === "x-signalbox-target") continue;
        assertEquals(response.headers.get(name), null, `${path} ${name}`);
      }
      assertEquals(
        response.headers.get("x-signalbox-target"),
        "up/up-model",
      );
      if (streamed) continue;
      assertEquals(response.headers.get("openai-processing-ms"), "12");
      assertEquals(
        response.headers.get("x-ratelimit-remaining-requests"),
        "9",
      );
    }
  }
});

Deno.test("T17: 64 clients at once each get their own answers only", async () => {
  // Answers come late and out of order.
  await using pair = await startPair(async (socket, request) => {
    const text = new TextDecoder().decode(request.body);
    const nonce = /nonce-\d+-\d+/.exec(text)?.[0] ?? "";
    const delay = Number(nonce.split("-")[2]) * 7 % 11;
    await new Promise((resolve) => setTimeout(resolve, delay));
    if (text.includes('"stream":true')) {
      await stream(eventsFor(request.target, nonce))(socket, request);
    } else {
      await answer(200, wholeAnswer(request.target, nonce))(socket, request);
    }
  });
  let answered = 0;
  const ids = new Set<string>();
  await Promise.all(Array.from({ length: 64 }, async (_, client) => {
    for (let turn = 0; turn < 12; turn++) {
      const nonce = `nonce-${client}-${turn}`;
      const path = PATHS[(client + turn) % 3] ?? CHAT;
      const model = MODELS[(client * 5 + turn) % 4] ?? "fast";
      const body = bodyFor(path, model, nonce, turn % 2 === 0);
      const response = await postJson(pair.url + path, body);
      const text = await response.text();
      assertEquals(response.status, 200, text);
      const found = new Set(text.match(/nonce-\d+-\d+/g));
      assertEquals([...found], [nonce], "somebody else's answer");
      ids.add(response.headers.get("x-request-id") ?? "");
      answered++;
    }
  }));
  assertEquals([answered, ids.size], [64 * 12, 64 * 12]);
});

Deno.test("T18: an answer that was cut is never shown as complete", async () => {
  const cuts = ["clean", "cut", "reset"] as const;
  for (const path of PATHS) {
    for (const end of cuts) {
      await using pair = await startPair((socket, request) => {
        const events = eventsFor(request.target, "some text");
        const upTo = events.findIndex((event) => event.includes("some text"));
        return stream(events.slice(0, upTo + 1), end)(socket, request);
      });
      for (const model of MODELS) {
        const body = bodyFor(path, model, "hi", true);
        const text = await (await postJson(pair.url + path, body)).text();
        assertStringIncludes(text, '"error"', `${path} ${model} ${end}`);
        assert(!/"stop"|end_turn|"completed"|\[DONE\]/.test(text), text);
      }
    }
    await using whole = await startPair((socket, request) => {
      const text = wholeAnswer(request.target, "x");
      socket.end(
        head(200, {
          "content-type": "application/json",
          "content-length": String(text.length),
        }) + text.slice(0, -10),
      );
    });
    const response = await postJson(
      whole.url + path,
      bodyFor(path, "fast", "hi"),
    );
    assertEquals(await statusOf(response), 502);
  }
});

Deno.test("T19: a client that goes takes its upstream call with it, before and after the first byte", async () => {
  for (const streamed of [false, true]) {
    const begun = Promise.withResolvers<void>();
    await using pair = await startPair((socket, request) => {
      begun.resolve();
      if (!streamed) return silent();
      return stream(chatEvents("x").slice(0, 1), "stall")(socket, request);
    });
    const client = await connect(pair.port);
    const body = JSON.stringify(bodyFor(CHAT, "fast", "hi", streamed));
    await client.write(post(CHAT, body, []));
    await begun.promise;
    if (streamed) await client.until("data:");
    const goneMs = performance.now();
    client[Symbol.dispose]();
    await pair.provider.whenClosed(1);
    assert(performance.now() - goneMs < 1000, "within a second");
  }
});

Deno.test("T22: bombs and pollution in a body are refused or harmless", async () => {
  await using pair = await startAnswering();
  const deep = "[".repeat(100_000);
  const bombs = [
    `{"model":"fast","messages":${deep}`,
    `{"model":"fast","x":${"[".repeat(200)}${"]".repeat(200)}}`,
    `{"model":"fast","x":[${"0,".repeat(300_000)}0]}`,
    `{"model":"fast","x":[${"{},".repeat(300_000)}{}]}`,
  ];
  for (const body of bombs) {
    assertEquals(await statusOf(await postJson(pair.url + CHAT, body)), 400);
  }
  assertEquals(pair.provider.requests.length, 0);
  const polluted =
    '{"model":"messages-only/m","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},' +
    '"metadata":{"__proto__":{"polluted":1}},"messages":[{"role":"user","content":"hi","__proto__":{"polluted":1}}]}';
  for (const model of MODELS) {
    const body = polluted.replace("messages-only/m", model);
    const status = await statusOf(await postJson(pair.url + CHAT, body));
    assert(status === 200 || status === 400, `${model} ${status}`);
  }
  assertEquals(Reflect.get({}, "polluted"), undefined);
});

Deno.test("T23: a compressed bomb costs no memory, from either side", async () => {
  const bomb = gzipSync(new Uint8Array(200_000_000));
  await using pair = await startPair(
    answer(200, bomb, { "content-encoding": "gzip" }),
    { server: { port: 0, limits: { maxResponseBytes: 5_000_000 } } },
  );
  const before = Deno.memoryUsage().rss;
  for (const path of PATHS) {
    for (const model of MODELS) {
      const response = await postJson(
        pair.url + path,
        bodyFor(path, model, "hi"),
      );
      assertEquals(response.status, 502, `${path} ${model}`);
      assertEquals(response.headers.get("content-encoding"), null);
      await response.body?.cancel();
    }
  }
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < 150_000_000, `grew by ${grown}`);
  const calls = pair.provider.requests.length;
  const compressed = await fetch(pair.url + CHAT, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "content-encoding": "gzip",
    },
    body: new Uint8Array(bomb),
  });
  assertEquals(await statusOf(compressed), 415);
  assertEquals(pair.provider.requests.length, calls);
});

Deno.test("T24: silent and dripping clients are closed and nobody waits for them", async () => {
  await using pair = await startAnswering({
    server: {
      port: 0,
      limits: {
        headTimeoutMs: 300,
        bodyTimeoutMs: 400,
        bodyIdleTimeoutMs: 200,
      },
    },
  });
  const clients = await Promise.all(
    Array.from({ length: 40 }, () => connect(pair.port)),
  );
  await Promise.all(clients.map(async (client, index) => {
    if (index % 4 === 1) await client.write("POST /v1/chat/comp");
    if (index % 4 === 2) await client.write("GET /health HTTP/1.1\r\nhost: x");
    if (index % 4 === 3) {
      await client.write(
        `POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"mo`,
      );
    }
  }));
  assertEquals((await ask(pair.port, get("/health"))).status, 200);
  for (const client of clients) {
    assert(await client.closed());
    client[Symbol.dispose]();
  }
  assertEquals((await ask(pair.port, get("/health"))).status, 200);
  assertEquals(pair.provider.requests.length, 0);
});

const SMUGGLING: readonly string[] = [
  "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
  "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
  "transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
  "transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
  "host: second\r\ncontent-length: 0\r\n\r\n",
  "content-length: +5\r\n\r\nhello",
  "content-length: 0x5\r\n\r\nhello",
  " folded: x\r\n\r\n",
];

Deno.test("T25: ambiguous framing and hosts are refused, and nothing behind them is served", async () => {
  await using pair = await startAnswering();
  const behind = post(CHAT, JSON.stringify(bodyFor(CHAT, "fast", "x")), []);
  for (const lines of SMUGGLING) {
    using client = await connect(pair.port);
    await client.write(
      `POST ${CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${lines}${behind}`,
    );
    const refused = await client.answer();
    assert(refused.status >= 400 && refused.status < 502, lines);
    assert(await client.closed(), lines);
    assert(!client.received.includes("200 OK"), lines);
  }
  for (const host of ["x/api/reload?", "a b", "localhost:1:2", "[::1"]) {
    const { status } = await ask(
      pair.port,
      `GET /v1/models HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
    );
    assert(status === 400 || status === 403, `${host} ${status}`);
  }
  assertEquals(pair.provider.requests.length, 0);
});

Deno.test("T26: a page of another site or a rebound name gets nothing", async () => {
  await using pair = await startAnswering();
  const body = JSON.stringify(bodyFor(CHAT, "fast", "hi"));
  const rebound = await ask(
    pair.port,
    post(CHAT, body, []).replace("host: localhost", "host: evil.example"),
  );
  assertEquals(rebound.status, 403);
  for (
    const headers of [
      ["sec-fetch-site: cross-site", "origin: https://evil.example"],
    ]
  ) {
    const { status, headers: got } = await ask(
      pair.port,
      post(CHAT, body, headers),
    );
    assertEquals(status, 403);
    assert(!got.has("access-control-allow-origin"));
  }
  const reload = await ask(
    pair.port,
    post("/api/reload", "{}", ["sec-fetch-site: cross-site"]),
  );
  assertEquals(reload.status, 403);
  const form = await ask(
    pair.port,
    post("/api/reload", "a=1", []).replace(
      "application/json",
      "text/plain",
    ),
  );
  assertEquals(form.status, 415);
  const preflight = await ask(
    pair.port,
    `OPTIONS ${CHAT} HTTP/1.1\r\nhost: localhost\r\norigin: https://evil.example\r\naccess-control-request-method: POST\r\n\r\n`,
  );
  assert(preflight.status >= 400);
  for (const name of preflight.headers.keys()) {
    assert(!name.startsWith("access-control"), name);
  }
  assertEquals(pair.provider.requests.length, 0);
});

const DAILY_FILE_REGEXP = /^state\/(usage|errors)\/\d{4}-\d\d-\d\d\.jsonl$/;

Deno.test("T27: ids and paths of clients name no file", async () => {
  await using pair = await startAnswering();
  const before = await tree(pair.gateway.folder);
  for (
    const id of [
      "../../x",
      "..%2f..%2fx",
      "/etc/passwd",
      "x\\..\\y",
      "a".repeat(5000),
    ]
  ) {
    const { status, headers } = await ask(
      pair.port,
      post(CHAT, JSON.stringify(bodyFor(CHAT, "fast", "hi")), [
        `x-request-id: ${id}`,
        `x-session-id: ${id}`,
      ]),
    );
    assertEquals(status, 200, id);
    assert(/^[0-9a-z]{26}$/.test(headers.get("x-request-id") ?? ""), id);
  }
  for (
    const path of [
      "/v1/models/..%2f..%2fetc%2fpasswd",
      "/v1/models/%2e%2e%2f%2e%2e",
      "/v1/%2e%2e/api/reload",
      "/v1/../api/reload",
      "/ui/%2e%2e%2f%2e%2e%2fetc/passwd",
      "/ui/..%5c..%5cetc",
      "/v1/responses/..%2fx",
      "//etc/passwd",
      "/%00",
    ]
  ) {
    const { status, body } = await ask(pair.port, get(path));
    assert(status === 400 || status === 404, `${path} ${status}`);
    assert(!body.includes("root:"), path);
  }
  // The gateway's own logs are named by the day alone.
  const after = (await tree(pair.gateway.folder)).filter((name) =>
    !DAILY_FILE_REGEXP.test(name)
  );
  assertEquals(after, before);
});

async function tree(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.isDirectory) names.push(entry.name);
    else {
      const inner = await tree(`${folder}/${entry.name}`);
      names.push(...inner.map((name) => `${entry.name}/${name}`));
    }
  }
  return names.sort();
}

Deno.test("T28: made-up names make no series and no line of the log", async () => {
  await using gateway = await GatewayProcess.start({
    config: {
      providers: {
        sim: { simulator: { firstTokenMs: { mean: 0 }, tokenMs: { mean: 0 } } },
      },
    },
  });
  const port = Number(new URL(gateway.url).port);
  const series = async () =>
    new Set(
      (await ask(port, get("/metrics"))).body.split("\n")
        .map((line) => line.slice(0, line.lastIndexOf(" "))),
    );
  const sendOne = async (index: number) => {
    const forged = `x\\n{"level":"error","message":"forged"}\u001b[31m`;
    const model = index % 2 === 0 ? `sim/echo-${index}` : `made-up-${index}`;
    await ask(
      port,
      post(CHAT, JSON.stringify(bodyFor(CHAT, model, forged)), [
        `user-agent: agent-${index}\\n{"level":"error","message":"forged"}`,
        `x-request-id: id-${index}`,
        `x-tenant: t-${index}`,
      ]),
    );
    await ask(port, get(`/nowhere/${index}`));
    await ask(port, `M${index} / HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  };
  for (let index = 0; index < 4; index++) await sendOne(index);
  await series(); // the scrape itself makes series
  const few = await series();
  for (let index = 4; index < 60; index++) await sendOne(index);
  const added = [...(await series()).difference(few)];
  assertEquals(added, []);
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
  for (const line of gateway.lines) {
    assertEquals(line["text"], undefined, "a line that is no JSON");
    assert(line["message"] !== "forged", JSON.stringify(line));
    assert(!JSON.stringify(line).includes("\\u001b"), JSON.stringify(line));
  }
  assert(gateway.lines.length >= 60);
});

Deno.test("T29: metrics show no prompt, key, answer or address of a provider", async () => {
  await using pair = await startAnswering(WITH_CLIENTS, CLIENT_KEYS);
  for (const model of [...MODELS, "prompt-canary/x"]) {
    for (const key of [CLIENT_KEYS.CI_KEY, "wrong-canary-key"]) {
      const response = await postJson(
        `${pair.url}${CHAT}?q=query-canary`,
        {
          ...bodyFor(CHAT, model, "prompt-canary"),
          user: "user-canary",
          metadata: { tenant: "user-canary" },
        },
        { authorization: `Bearer ${key}`, "x-user": "user-canary" },
      );
      await response.text();
    }
  }
  for (const accept of ["text/plain", "application/openmetrics-text"]) {
    const response = await fetch(`${pair.url}/metrics`, {
      headers: { accept },
    });
    const text = await response.text();
    assertEquals(response.status, 200);
    for (
      const canary of [
        "canary",
        ...Object.values(CLIENT_KEYS),
        UPSTREAM_KEY,
        pair.provider.url,
        "fine",
      ]
    ) {
      assert(!text.includes(canary), `${canary} is in the metrics`);
    }
  }
});

Deno.test("T30: a provider's text cannot make events, and a huge line ends in an error", async () => {
  const forged =
    'x\n\ndata: [DONE]\n\nevent: message_stop\ndata: {"a":1}\r\n\r\n';
  await using pair = await startPair((socket, request) =>
    stream(eventsFor(request.target, forged))(socket, request)
  );
  for (const path of PATHS) {
    for (const model of MODELS) {
      const body = bodyFor(path, model, "hi", true);
      const text = await (await postJson(pair.url + path, body)).text();
      const lines = text.split("\n");
      assert(!lines.includes('data: {"a":1}'), text);
      const dones = lines.filter((line) => line === "data: [DONE]").length;
      assertEquals(dones, path === CHAT ? 1 : 0, `${path} ${model}`);
    }
  }
  await using flood = await startPair(
    async (socket) => {
      socket.write(
        head(200, { "content-type": "text/event-stream" }) +
          chatEvents("some text")[0],
      );
      const piece = "x".repeat(65_536);
      socket.write('data: {"x":"');
      for (let count = 0; count < 800 && !socket.destroyed; count++) {
        if (socket.write(piece)) continue;
        await drained(socket);
      }
    },
    {
      server: {
        port: 0,
        limits: { maxSseEventBytes: 1_000_000, maxSseLineBytes: 1_000_000 },
      },
    },
  );
  for (const model of ["fast", "chat-only/m"]) {
    for (const path of [CHAT, "/v1/messages"]) {
      const body = bodyFor(
        path,
        model === "fast" && path !== CHAT ? "chat-only/m" : model,
        "hi",
        true,
      );
      const text = await (await postJson(flood.url + path, body)).text();
      assertStringIncludes(text, "longer than 1000000 bytes");
      assert(text.length < 10_000, "the line itself stays behind");
    }
  }
});
