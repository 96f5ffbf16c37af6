/** Failover over real connections: who is asked again, and what the client is told. @module */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { TestRelay, type TestTarget } from "./harness.ts";

const BODY = {
  model: "m",
  messages: [{ role: "user", content: "hello" }],
};
const ANSWER = JSON.stringify({
  id: "c1",
  object: "chat.completion",
  model: "up-model",
  choices: [{
    index: 0,
    finish_reason: "stop",
    message: { role: "assistant", content: "hi" },
  }],
});
const FAILED = answer(500, "{}");

function targetsOf(...providers: FakeProvider[]): TestTarget[] {
  return providers.map(({ url }) => ({ url, protocol: "chat" }));
}

Deno.test("Relay skips a target that has come to rest since the decision", async () => {
  await using first = await FakeProvider.start(FAILED);
  await using second = await FakeProvider.start(answer(200, ANSWER));
  await using third = await FakeProvider.start(answer(200, ANSWER));
  await using relay = new TestRelay(targetsOf(first, second, third));
  relay.mayTry = (id) => !id.startsWith("p1/");
  const client = relay.ask({ protocol: "chat", body: BODY });
  await client.done;
  assertEquals(client.status, 200);
  assertEquals(
    [first, second, third].map(({ requests }) => requests.length),
    [1, 0, 1],
  );
});

Deno.test("Relay tells what the provider said when nobody else may be called", async () => {
  await using first = await FakeProvider.start(
    answer(429, "{}", { "retry-after": "7" }),
  );
  await using second = await FakeProvider.start(answer(200, ANSWER));
  await using relay = new TestRelay(targetsOf(first, second));
  relay.mayTry = (id) => id.startsWith("p0/");
  const client = relay.ask({ protocol: "chat", body: BODY });
  await client.done;
  assertEquals([client.status, second.requests.length], [429, 0]);
  assertEquals(client.header("retry-after"), "7");
});

Deno.test("Relay answers 503 when no target may be called at all", async () => {
  await using first = await FakeProvider.start(answer(200, ANSWER));
  await using relay = new TestRelay(targetsOf(first));
  relay.mayTry = () => false;
  const client = relay.ask({ protocol: "chat", body: BODY });
  await client.done;
  assertEquals([client.status, first.requests.length], [503, 0]);
  assertStringIncludes(client.body, "may be called now");
});

Deno.test("Relay asks leave before a second try at the same target too", async () => {
  await using first = await FakeProvider.start(FAILED);
  await using second = await FakeProvider.start(answer(200, ANSWER));
  await using relay = new TestRelay(targetsOf(first, second), {
    retry: {
      maxAttempts: 3,
      sameTargetRetries: 1,
      backoffMs: [1, 2],
      maxRetryAfterMs: 1000,
      budgetRatio: 0.2,
    },
  });
  let asked = 0;
  relay.mayTry = (id) => !id.startsWith("p0/") || ++asked === 1;
  const client = relay.ask({ protocol: "chat", body: BODY });
  await client.done;
  assertEquals(client.status, 200);
  assertEquals([first.requests.length, asked], [1, 2]);
});

Deno.test("Relay keeps a storm of failing targets within the budget", async () => {
  await using first = await FakeProvider.start(FAILED);
  await using second = await FakeProvider.start(FAILED);
  await using relay = new TestRelay(targetsOf(first, second));
  for (let request = 0; request < 100; request++) {
    const client = relay.ask({ protocol: "chat", body: BODY });
    await client.done;
    assertEquals(client.status, 502);
  }
  assertEquals(first.requests.length, 100);
  // 20 % of 100; at the beginning, ten are free.
  assertEquals(second.requests.length <= 20, true);
  assertEquals(second.requests.length >= 10, true);
});
