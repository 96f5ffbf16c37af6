// Row 61 and the steps of a shutdown.

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ClientResponse } from "../../../src/exchange/client.ts";
import type { RequestContext, RouteHandler } from "../../../src/http/route.ts";
import { createServer } from "../../../src/http/server.ts";
import { start } from "../../http/fixtures.ts";
import { ask, connect, get, post } from "./raw_client.ts";

const BODY = '{"model":"fast","stream":true}';

/** A handler that starts a stream and leaves the rest to the test. */
function stream(): {
  handler: RouteHandler;
  begun: Promise<{ context: RequestContext; response: ClientResponse }>;
} {
  const begun = Promise.withResolvers<
    { context: RequestContext; response: ClientResponse }
  >();
  const handler: RouteHandler = (context, _request, response) => {
    response.start(200, ["content-type", "text/event-stream"]);
    response.write("data: 1\n\n");
    begun.resolve({ context, response });
  };
  return { handler, begun: begun.promise };
}

Deno.test("drain() serves until the delay is over, then refuses new connections", async () => {
  await using running = await start();
  const { server, port } = running;
  const drained = server.drain({ delayMs: 200, drainMs: 1000 });
  assert(server.draining);
  const answer = await ask(port, post("/v1/messages", BODY));
  assertEquals([answer.status, answer.closed], [200, true]);
  assertEquals(await drained, { told: 0, cut: [] });
  await assertRejects(() => connect(port), Deno.errors.ConnectionRefused);
});

Deno.test("drain() answers kept connections with 503 and lets streams finish", async () => {
  const { handler, begun } = stream();
  await using running = await start({ handler });
  const { server, port } = running;
  using kept = await connect(port);
  using streaming = await connect(port);
  using probe = await connect(port);
  for (const client of [kept, probe]) {
    await client.write(get("/health"));
    assertEquals((await client.answer()).status, 200);
  }
  await streaming.write(post("/v1/chat/completions", BODY));
  const { response } = await begun;
  const drained = server.drain({ delayMs: 0, drainMs: 10_000 });
  assert(server.refusing);
  await kept.write(post("/v1/messages", BODY));
  const refused = await kept.answer();
  assertEquals(refused.status, 503);
  assertEquals(refused.headers.get("retry-after"), "1");
  assertEquals(refused.headers.get("connection"), "close");
  assert(await kept.closed());
  await probe.write(get("/health"));
  const health = await probe.answer();
  assertEquals([health.status, health.headers.get("connection")], [
    200,
    "close",
  ]);
  await assertRejects(() => connect(port), Deno.errors.ConnectionRefused);
  response.write("data: 2\n\n");
  response.end();
  assert(await streaming.closed());
  assert(streaming.received.endsWith("0\r\n\r\n"), streaming.received);
  assertEquals(await drained, { told: 0, cut: [] });
});

Deno.test("drain() tells streams at the deadline so that they can end properly", async () => {
  const { handler, begun } = stream();
  await using running = await start({ handler });
  using client = await connect(running.port);
  await client.write(post("/v1/chat/completions", BODY));
  const { context, response } = await begun;
  context.running = {
    cut() {
      response.write("event: error\ndata: {}\n\n");
      response.end();
    },
  };
  const result = await running.server.drain({ delayMs: 0, drainMs: 50 });
  assertEquals(result, { told: 1, cut: [] });
  assert(await client.closed());
  assert(client.received.includes("event: error"));
  assert(client.received.endsWith("0\r\n\r\n"), client.received);
});

Deno.test("drain() cuts streams that do not end and names them", async () => {
  const { handler, begun } = stream();
  await using running = await start({ handler });
  using client = await connect(running.port);
  await client.write(post("/v1/chat/completions", BODY));
  const { context, response } = await begun;
  let aborted = false;
  context.running = { cut() {} };
  response.listener = { onDrain() {}, onAbort: () => aborted = true };
  const result = await running.server.drain({ delayMs: 0, drainMs: 10 });
  assertEquals(result, { told: 1, cut: [context.id] });
  assert(await client.closed());
  assert(!client.received.endsWith("0\r\n\r\n"));
  assert(aborted);
});

Deno.test("drain() answers requests without a head with 503 at the deadline", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using running = await start({ handler: () => resolve() });
  using client = await connect(running.port);
  await client.write(post("/v1/messages", BODY));
  await promise;
  await running.server.drain({ delayMs: 0, drainMs: 10 });
  assertEquals((await client.answer()).status, 503);
});

Deno.test("drain() calls no handler for a body that ends after its refusal", async () => {
  let calls = 0;
  await using running = await start({ handler: () => void calls++ });
  using client = await connect(running.port);
  const text = post("/v1/messages", BODY);
  await client.write(text.slice(0, -5));
  while (running.server.admission.running === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const drained = running.server.drain({ delayMs: 0, drainMs: 10 });
  assertEquals((await client.answer()).status, 503);
  await client.write(text.slice(-5));
  await drained;
  assertEquals(calls, 0);
});

Deno.test("drain() twice is one drain, and close() ends it", async () => {
  await using running = await start();
  const first = running.server.drain({ delayMs: 60_000, drainMs: 60_000 });
  assertEquals(first, running.server.drain({ delayMs: 0, drainMs: 0 }));
  await running.server.close();
  assertEquals(await first, { told: 0, cut: [] });
});

Deno.test("relisten() opens the port anew and keeps connections", async () => {
  await using running = await start();
  using kept = await connect(running.port);
  await kept.write(get("/health"));
  assertEquals((await kept.answer()).status, 200);
  await running.server.relisten();
  assertEquals(running.server.address?.port, running.port);
  assertEquals((await ask(running.port, get("/health"))).status, 200);
  await kept.write(get("/health"));
  assertEquals((await kept.answer()).status, 200);
});

Deno.test("listen() says why it cannot", async () => {
  await using running = await start();
  const { server } = running;
  const second = createServer({
    limits: server.limits,
    routes: [],
    auth: server.authenticator,
    ids: () => "id",
    encodeError: () => ({}),
  });
  const error = await assertRejects(() =>
    second.listen({ host: "127.0.0.1", port: running.port })
  );
  assertEquals(Reflect.get(Object(error), "code"), "EADDRINUSE");
});

Deno.test("update() takes new limits, clients and routes while it runs", async () => {
  await using running = await start();
  const { server, port } = running;
  assertEquals((await ask(port, post("/v1/messages", BODY))).status, 200);
  server.update({ limits: { ...server.limits, maxBodyBytes: 5 } });
  assertEquals((await ask(port, post("/v1/messages", BODY))).status, 413);
  using kept = await connect(port);
  await kept.write(get("/health"));
  await kept.answer();
  server.update({ limits: { ...server.limits, keepAliveTimeoutMs: 50 } });
  await kept.write(get("/health"));
  await kept.answer();
  assert(await kept.closed());
  server.update({ routes: [] });
  assertEquals((await ask(port, post("/v1/messages", BODY))).status, 404);
});

Deno.test("a handler that throws gets 500 without a word of why", async () => {
  const logged: string[] = [];
  await using running = await start({
    handler: (context) => {
      if (context.scan?.stream) return Promise.reject(new Error("canary"));
      throw new Error("canary");
    },
    log: {
      enabled: () => true,
      log: (_level, message) => logged.push(message),
    },
  });
  for (const body of [BODY, "{}"]) {
    const answer = await ask(running.port, post("/v1/messages", body));
    assertEquals(answer.status, 500);
    assert(!answer.body.includes("canary"));
  }
  assertEquals(logged, ["request handler failed", "request handler failed"]);
});
