// Rows 38, 39, 43 to 47 and 51: heads that are wrong, too large or too slow.

import { assert, assertEquals } from "@std/assert";
import { start } from "../../http/fixtures.ts";
import { ask, connect, get, post } from "./raw_client.ts";

Deno.test("heads that are no HTTP/1.1 get 400 and the connection is closed", async () => {
  await using running = await start();
  const key = "x-api-key: key-ci\r\ncontent-type: application/json\r\n";
  const head = `POST /v1/messages HTTP/1.1\r\nhost: localhost\r\n${key}`;
  const cases: [string, string][] = [
    ["no Host", "GET /health HTTP/1.1\r\n\r\n"],
    [
      "two Hosts",
      "GET /health HTTP/1.1\r\nhost: localhost\r\nHost: localhost\r\n\r\n",
    ],
    [
      "CL and TE",
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      "TE and CL",
      `${head}transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n`,
    ],
    ["unknown TE", `${head}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ["TE list", `${head}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    [
      "two TEs",
      `${head}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ["two lengths", `${head}content-length: 2\r\ncontent-length: 2\r\n\r\n{}`],
    [
      "differing lengths",
      `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    ],
    ["negative length", `${head}content-length: -1\r\n\r\n{}`],
    ["signed length", `${head}content-length: +2\r\n\r\n{}`],
    ["bare LF", "GET /health HTTP/1.1\nhost: localhost\n\n"],
    [
      "folded header",
      "GET /health HTTP/1.1\r\nhost: localhost\r\na: b\r\n c\r\n\r\n",
    ],
    ["space before colon", "GET /health HTTP/1.1\r\nhost : localhost\r\n\r\n"],
    ["NUL in target", "GET /he\x00alth HTTP/1.1\r\nhost: localhost\r\n\r\n"],
    ["HTTP/2.0", "GET /health HTTP/2.0\r\nhost: localhost\r\n\r\n"],
    ["lower-case method", "get /health HTTP/1.1\r\nhost: localhost\r\n\r\n"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["h2c preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    [
      "TE on 1.0",
      "POST /v1/messages HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
  ];
  for (const [name, text] of cases) {
    const answer = await ask(running.port, text).catch((error) => {
      throw new Error(name, { cause: error });
    });
    assertEquals([answer.status, answer.closed], [400, true], name);
    assertEquals(JSON.parse(answer.body).error.type, "invalid_request", name);
    assert(answer.headers.has("x-request-id"), name);
  }
  assertEquals((await ask(running.port, get("/health"))).status, 200);
  assertEquals(running.server.inFlight.count, 0);
});

Deno.test("a broken chunk gets 400 in the shape of its route", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-api-key: key-ci\r\n" +
      "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  );
  assertEquals([answer.status, answer.closed], [400, true]);
  assertEquals(JSON.parse(answer.body).type, "error");
  await running.idle();
  assertEquals(running.heard.requests, ["POST /v1/messages 400"]);
  assertEquals(running.server.budget.usedBytes, 0);
});

Deno.test("what follows a refused head is no second request", async () => {
  await using running = await start();
  using client = await connect(running.port);
  await client.write(
    "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n" +
      `transfer-encoding: chunked\r\n\r\n0\r\n\r\n${get("/health")}`,
  );
  assertEquals((await client.answer()).status, 400);
  assert(await client.closed());
  assertEquals(client.received, "");
});

Deno.test("a second request behind an ambiguous Host is not served", async () => {
  await using running = await start();
  using client = await connect(running.port);
  await client.write(
    `GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n${get("/health")}`,
  );
  assertEquals((await client.answer()).status, 400);
  assert(await client.closed());
  assert(!client.received.includes("200 OK"), client.received);
});

Deno.test("a head of 40 KiB gets 431", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    get("/health", [`x-large: ${"a".repeat(40_960)}`]),
  );
  assertEquals([answer.status, answer.closed], [431, true]);
  assertEquals(running.heard.limits, ["maxHeadBytes"]);
});

Deno.test("150 headers get 431, 100 pass", async () => {
  await using running = await start();
  const status = async (count: number) => {
    const headers = Array.from(
      { length: count },
      (_, index) => `x-${index}: a`,
    );
    return (await ask(running.port, get("/health", headers))).status;
  };
  assertEquals(await status(99), 200);
  assertEquals(await status(100), 431);
  assertEquals(await status(150), 431);
});

Deno.test("a target of 9 KB gets 414", async () => {
  await using running = await start();
  const answer = await ask(
    running.port,
    get(`/health?${"a".repeat(9000)}`),
  );
  assertEquals(answer.status, 414);
  const long = await ask(running.port, post(`/v1/${"a".repeat(9000)}`, "{}"));
  assertEquals(long.status, 414);
});

Deno.test("a head that drips or never comes gets 408 at the timeout", async () => {
  await using running = await start({ limits: { headTimeoutMs: 200 } });
  using slow = await connect(running.port);
  using silent = await connect(running.port);
  await slow.write("GET /");
  const drip = setInterval(() => slow.write("a"), 20);
  try {
    assertEquals((await slow.answer()).status, 408);
  } finally {
    clearInterval(drip);
  }
  assertEquals((await silent.answer()).status, 408);
  assert(await silent.closed());
  assertEquals(running.heard.limits, ["headTimeoutMs", "headTimeoutMs"]);
});

Deno.test("a kept connection is closed when it stays idle", async () => {
  await using running = await start({ limits: { keepAliveTimeoutMs: 50 } });
  using client = await connect(running.port);
  await client.write(get("/health"));
  assertEquals((await client.answer()).status, 200);
  assert(await client.closed());
});
