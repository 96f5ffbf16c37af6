/** A kept answer on its way to a client that stops reading, hangs up, or sees the gateway stop. @module */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { ResponseCache } from "../../src/cache/response_cache.ts";
import { FakeProvider, stream } from "../fake_provider/fake_provider.ts";
import { chatEvents } from "../e2e/pair.ts";
import { TestRelay } from "./harness.ts";
import { MemoryClient } from "./memory_client.ts";

const QUESTION = {
  protocol: "chat" as const,
  body: {
    model: "m",
    stream: true,
    temperature: 0,
    messages: [{ role: "user", content: "hi" }],
  },
};

/** A relay that has the answer to the question, in several pieces. */
async function kept() {
  const provider = await FakeProvider.start(stream(chatEvents("hello")));
  const cache = new ResponseCache({
    l1: { enabled: true, maxBytes: 1e6, maxEntryBytes: 1e5, ttlMs: 60_000 },
    onlyDeterministic: true,
  });
  const relay = new TestRelay([{ url: provider.url, protocol: "chat" }], {
    cache,
  });
  const first = relay.ask(QUESTION);
  await first.done;
  assertEquals(relay.finished?.cacheStatus, "miss");
  relay.events.length = 0;
  return {
    relay,
    text: first.body,
    async [Symbol.asyncDispose]() {
      assertEquals(provider.requests.length, 1);
      await relay[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a kept answer tells of its request, its decision and its end", async () => {
  await using setup = await kept();
  const { relay, text } = setup;
  const client = relay.ask(QUESTION);
  await client.done;
  assertEquals(client.body, text);
  assertEquals(
    relay.events.map(({ type }) => type).filter((type) => type !== "chunk"),
    ["received", "request-body", "decided", "finished"],
  );
  const { outcome, status, attempts, bytesOut, decision } = relay.finished ??
    {};
  assertEquals([outcome, status, attempts?.length], ["success", 200, 0]);
  assertEquals(bytesOut, text.length);
  assertEquals([decision?.alias, decision?.order], ["test", []]);
});

Deno.test("a kept answer waits for a client that has stopped reading", async () => {
  await using setup = await kept();
  const client = new MemoryClient();
  client.reads = false;
  setup.relay.ask(QUESTION, client);
  assertEquals(client.closed, false);
  const part = client.body;
  assertEquals(setup.text.startsWith(part) && part.length > 0, true);
  assertEquals(part.length < setup.text.length, true);
  client.resume();
  await client.done;
  assertEquals(client.body, setup.text);
  assertEquals(setup.relay.ends, 1);
});

Deno.test("a kept answer ends once when its client hangs up", async () => {
  await using setup = await kept();
  const client = new MemoryClient();
  client.reads = false;
  setup.relay.ask(QUESTION, client);
  client.hangUp();
  setup.relay.run.cut();
  assertEquals(setup.relay.finished?.outcome, "client_abort");
  assertEquals(setup.relay.ends, 1);
});

Deno.test("a kept answer that is cut ends in the protocol's error event", async () => {
  await using setup = await kept();
  const client = new MemoryClient();
  client.reads = false;
  setup.relay.ask(QUESTION, client);
  setup.relay.run.cut();
  await client.done;
  assertStringIncludes(client.body, "The gateway is shutting down");
  assertEquals(setup.relay.finished?.outcome, "timeout");
  assertEquals(setup.relay.ends, 1);
});
