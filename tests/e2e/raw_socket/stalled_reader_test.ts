// Row 52: clients that stop reading, read slowly or go.

import { assert, assertEquals } from "@std/assert";
import type { ClientResponse } from "../../../src/exchange/client.ts";
import { start } from "../../http/fixtures.ts";
import { connect, post } from "./raw_client.ts";

const PIECE = `data: ${"x".repeat(65_536)}\n\n`;
const BODY = '{"model":"fast","stream":true}';

/** Writes as long as the client takes it; `done` resolves when it went. */
function endless(): {
  handler: (
    context: unknown,
    request: unknown,
    response: ClientResponse,
  ) => void;
  written: () => number;
  aborted: Promise<void>;
} {
  let written = 0;
  const gone = Promise.withResolvers<void>();
  const handler = (
    _context: unknown,
    _request: unknown,
    response: ClientResponse,
  ) => {
    const pump = () => {
      while (!response.closed && response.write(PIECE)) written += PIECE.length;
    };
    response.listener = { onAbort: () => gone.resolve(), onDrain: pump };
    response.start(200, ["content-type", "text/event-stream"]);
    pump();
  };
  return { handler, written: () => written, aborted: gone.promise };
}

Deno.test("a client that stops reading is cut off after writeStallMs", async () => {
  const { handler, written, aborted } = endless();
  await using running = await start({ handler, limits: { writeStallMs: 300 } });
  using client = await connect(running.port);
  await client.write(post("/v1/chat/completions", BODY));
  await client.until("\r\n\r\n");
  await aborted;
  assertEquals(running.heard.limits, ["writeStallMs"]);
  // Backpressure held: no more than the kernel's buffers were written.
  assert(written() < 50_000_000, String(written()));
  await running.idle();
  assertEquals(running.server.connections.count, 0);
});

Deno.test("a client that stops reading a whole answer is cut off too", async () => {
  await using running = await start({
    limits: { writeStallMs: 300 },
    handler: (_context, _request, response) =>
      response.send(200, [], "x".repeat(30_000_000)),
  });
  using client = await connect(running.port);
  await client.write(post("/v1/chat/completions", BODY));
  await client.until("\r\n\r\n");
  await running.idle();
  assertEquals(running.heard.limits, ["writeStallMs"]);
});

Deno.test("a client that reads slowly is left alone", async () => {
  const { handler, aborted } = endless();
  await using running = await start({ handler, limits: { writeStallMs: 900 } });
  const client = await connect(running.port);
  await client.write(post("/v1/chat/completions", BODY));
  // Longer than the limit in all, with a pause between any two pieces.
  for (let index = 0; index < 20; index++) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert(await client.discard(8_000_000));
  }
  assertEquals(running.heard.limits, []);
  client[Symbol.dispose]();
  await aborted;
});

Deno.test("a whole answer that is read slowly arrives", async () => {
  const body = "x".repeat(40_000_000);
  await using running = await start({
    limits: { writeStallMs: 400 },
    handler: (_context, _request, response) => response.send(200, [], body),
  });
  using client = await connect(running.port);
  await client.write(post("/v1/chat/completions", BODY));
  await client.until("\r\n\r\n");
  const head = client.received.indexOf("\r\n\r\n") + 4;
  let left = body.length - (client.received.length - head);
  for (; left > 4_000_000; left -= 4_000_000) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert(await client.discard(4_000_000), `${left} bytes are missing`);
  }
  assertEquals(running.heard.limits, []);
});

Deno.test("the handler hears at once that its client has gone", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  await using running = await start({
    handler: (_context, _request, response) => {
      response.listener = {
        onDrain() {},
        onAbort: () => resolve(`aborted, started ${response.started}`),
      };
    },
  });
  const client = await connect(running.port);
  await client.write(post("/v1/chat/completions", BODY));
  while (running.server.admission.running === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  client[Symbol.dispose]();
  assertEquals(await promise, "aborted, started false");
  await running.idle();
  assertEquals(running.heard.requests, ["POST /v1/chat/completions 0"]);
});
