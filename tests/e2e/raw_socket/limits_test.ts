// Row 60 and the limits on connections: too many of everything.

import { assert, assertEquals } from "@std/assert";
import type { ClientResponse } from "../../../src/exchange/client.ts";
import type { RouteHandler } from "../../../src/http/route.ts";
import { start } from "../../http/fixtures.ts";
import { ask, connect, get, post, type RawClient } from "./raw_client.ts";

const BODY = '{"model":"fast"}';

/** A handler whose answers wait until the test lets them go. */
class Gate {
  readonly #waiting: ClientResponse[] = [];
  readonly #arrivals: (() => void)[] = [];

  readonly handler: RouteHandler = (_context, _request, response) => {
    this.#waiting.push(response);
    this.#arrivals.shift()?.();
  };

  /** Resolves when so many are waiting. */
  async reached(count: number): Promise<void> {
    while (this.#waiting.length < count) {
      await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    }
  }

  /** Answers the oldest. */
  open(): void {
    this.#waiting.shift()?.send(200, [], "done");
  }
}

async function sent(port: number, key: string): Promise<RawClient> {
  const client = await connect(port);
  await client.write(post("/v1/messages", BODY, [`x-api-key: ${key}`]));
  return client;
}

Deno.test("a client's request beyond its concurrency gets 429 with Retry-After", async () => {
  const gate = new Gate();
  await using running = await start({ handler: gate.handler });
  using first = await sent(running.port, "key-laptop");
  using second = await sent(running.port, "key-laptop");
  await gate.reached(2);
  const refused = await ask(
    running.port,
    post("/v1/messages", BODY, ["x-api-key: key-laptop"]),
  );
  assertEquals(refused.status, 429);
  assertEquals(refused.headers.get("retry-after"), "1");
  assertEquals(refused.headers.get("retry-after-ms"), "1000");
  assertEquals(running.heard.limits, ["clientConcurrent"]);
  using other = await sent(running.port, "key-ci");
  await gate.reached(3);
  for (let index = 0; index < 3; index++) gate.open();
  for (const client of [first, second, other]) {
    assertEquals((await client.answer()).status, 200);
  }
  await running.idle();
  using again = await sent(running.port, "key-laptop");
  await gate.reached(1);
  gate.open();
  assertEquals((await again.answer()).status, 200);
});

Deno.test("requests beyond maxConcurrent wait, those beyond the queue get 503", async () => {
  const gate = new Gate();
  await using running = await start({
    handler: gate.handler,
    limits: { maxConcurrent: 1, queueLength: 1 },
  });
  using first = await sent(running.port, "key-ci");
  await gate.reached(1);
  using second = await sent(running.port, "key-ci");
  while (running.server.admission.waiting < 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const refused = await ask(running.port, post("/v1/messages", BODY));
  assertEquals(refused.status, 503);
  assertEquals(refused.headers.get("retry-after"), "1");
  gate.open();
  assertEquals((await first.answer()).status, 200);
  await gate.reached(1);
  gate.open();
  assertEquals((await second.answer()).status, 200);
  assertEquals(running.heard.limits, ["maxConcurrent"]);
});

Deno.test("a request that waits for too long gets 503", async () => {
  const gate = new Gate();
  await using running = await start({
    handler: gate.handler,
    limits: { maxConcurrent: 1, queueWaitMs: 20 },
  });
  using first = await sent(running.port, "key-ci");
  await gate.reached(1);
  const refused = await ask(running.port, post("/v1/messages", BODY));
  assertEquals(refused.status, 503);
  assertEquals(running.heard.limits, ["queueWaitMs"]);
  gate.open();
  assertEquals((await first.answer()).status, 200);
});

Deno.test("a client that goes while it waits leaves its place", async () => {
  const gate = new Gate();
  await using running = await start({
    handler: gate.handler,
    limits: { maxConcurrent: 1 },
  });
  using first = await sent(running.port, "key-ci");
  await gate.reached(1);
  const { admission } = running.server;
  const second = await sent(running.port, "key-ci");
  while (admission.waiting < 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  second[Symbol.dispose]();
  while (admission.waiting > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  gate.open();
  assertEquals((await first.answer()).status, 200);
  await running.idle();
  assertEquals(admission.running, 0);
});

Deno.test("beyond maxConnections only the reserved ones are served, and no inference", async () => {
  await using running = await start({
    limits: { maxConnections: 2, reservedAdminConnections: 1 },
  });
  using first = await connect(running.port);
  using second = await connect(running.port);
  for (const client of [first, second]) {
    await client.write(get("/health"));
    assertEquals((await client.answer()).status, 200);
  }
  using third = await connect(running.port);
  await third.write(get("/health"));
  assertEquals((await third.answer()).status, 200);
  await third.write(post("/v1/messages", BODY));
  assertEquals((await third.answer()).status, 503);
  assert(await third.closed());
  await first.write(post("/v1/messages", BODY));
  assertEquals((await first.answer()).status, 200);
});

Deno.test("silent connections in the reserved places give way", async () => {
  await using running = await start({
    limits: { maxConnections: 1, reservedAdminConnections: 2 },
  });
  using first = await connect(running.port);
  await first.write(get("/health"));
  assertEquals((await first.answer()).status, 200);
  const silent: RawClient[] = [];
  try {
    for (let index = 0; index < 10; index++) {
      silent.push(await connect(running.port));
    }
    assertEquals((await ask(running.port, get("/health"))).status, 200);
    assert(running.server.connections.count <= 3);
  } finally {
    for (const client of silent) client[Symbol.dispose]();
  }
});

Deno.test("shedding refuses inference and leaves the probes alone", async () => {
  await using running = await start({
    limits: { maxRssBytes: 1000, bodyIdleTimeoutMs: 50 },
    rssBytes: () => 2000,
  });
  while (running.server.admission.shedding === null) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const refused = await ask(running.port, post("/v1/messages", BODY));
  assertEquals(refused.status, 503);
  assertEquals(running.heard.limits, ["maxRssBytes"]);
  assertEquals((await ask(running.port, get("/health"))).status, 200);
});

Deno.test("a thousand clients that hang up leave nothing behind", async () => {
  let aborted = 0;
  await using running = await start({
    handler: (_context, _request, response) => {
      response.listener = { onDrain() {}, onAbort: () => aborted++ };
      response.start(200, []);
    },
  });
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(
      Array.from({ length: 100 }, () => sent(running.port, "key-ci")),
    );
    for (const client of clients.slice(0, 50)) await client.until("\r\n\r\n");
    for (const client of clients) client[Symbol.dispose]();
    await running.idle();
  }
  const { server } = running;
  while (server.connections.count > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert(aborted >= 500, String(aborted));
  assertEquals(server.admission.running, 0);
  assertEquals(server.budget.usedBytes, 0);
});
