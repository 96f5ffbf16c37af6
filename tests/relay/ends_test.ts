import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  gatewayError,
  RequestError,
} from "../../src/exchange/gateway_error.ts";
import { DrainSlots } from "../../src/providers/drain_slots.ts";
import {
  answer,
  type Behaviour,
  chunk,
  FakeProvider,
  head,
  silent,
  stream,
} from "../fake_provider/fake_provider.ts";
import { STREAM, TestRelay, type TestTarget, WHOLE } from "./harness.ts";
import { MemoryClient } from "./memory_client.ts";

const ANSWER = JSON.stringify({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "up-model",
  choices: [{
    index: 0,
    message: { role: "assistant", content: "hello" },
    finish_reason: "stop",
  }],
});

function piece(text: string | null, finish: string | null = null): string {
  const choice = {
    index: 0,
    delta: text === null ? {} : { content: text },
    finish_reason: finish,
  };
  return `data: ${
    JSON.stringify({
      id: "c1",
      object: "chat.completion.chunk",
      created: 1,
      model: "up-model",
      choices: [choice],
    })
  }\n\n`;
}

const ENTIRE = [piece("hello"), piece(null, "stop"), "data: [DONE]\n\n"];

/** The exchange has ended once, and holds nothing. */
function assertEnded(relay: TestRelay, outcome: string): void {
  assertEquals(relay.ends, 1);
  assertEquals(relay.users, 0);
  assertEquals(relay.finished?.outcome, outcome);
}

function toChat(provider: FakeProvider): TestTarget {
  return { url: `${provider.url}/v1`, protocol: "chat" };
}

Deno.test("a request that the decision refuses ends its exchange", async () => {
  await using provider = await FakeProvider.start(silent);
  await using relay = new TestRelay([toChat(provider)]);
  relay.beforeDecision = () => {
    throw new RequestError(
      gatewayError("invalid_request", "Cannot read the body"),
    );
  };
  const client = relay.ask(WHOLE);
  await client.done;
  assertEquals(client.status, 400);
  assertStringIncludes(client.body, "Cannot read the body");
  assertEnded(relay, "client_error");
  assertEquals(relay.bugs, []);
});

Deno.test("a bug in the decision ends its exchange and is reported", async () => {
  await using provider = await FakeProvider.start(silent);
  await using relay = new TestRelay([toChat(provider)]);
  const bug = new Error("nobody thought of it");
  relay.beforeDecision = () => {
    throw bug;
  };
  const client = relay.ask(WHOLE);
  await client.done;
  assertEquals(client.status, 500);
  assertEquals(client.body.includes("nobody thought"), false);
  assertEnded(relay, "signalbox_error");
  assertEquals(relay.bugs, [bug]);
});

Deno.test("a bug before the second attempt ends its exchange", async () => {
  await using provider = await FakeProvider.start(answer(500, "{}"));
  await using relay = new TestRelay([toChat(provider), toChat(provider)]);
  relay.mayTry = (id) => {
    if (id.startsWith("p0/")) return true;
    throw new Error("nobody thought of it");
  };
  const client = relay.ask(WHOLE);
  await client.done;
  assertEquals(client.status, 500);
  assertEnded(relay, "signalbox_error");
  assertEquals(relay.bugs.length, 1);
});

for (const question of [WHOLE, STREAM]) {
  const kind = question === WHOLE ? "a whole answer" : "a stream";
  Deno.test(`${kind} that cannot be priced is given all the same`, async () => {
    await using provider = await FakeProvider.start(
      question === WHOLE ? answer(200, ANSWER) : stream(ENTIRE),
    );
    await using relay = new TestRelay([toChat(provider)]);
    relay.costOf = () => {
      throw new Error("nobody thought of it");
    };
    const client = relay.ask(question);
    await client.done;
    assertEquals(client.status, 200);
    assertEquals(client.destroyed, false);
    assertEnded(relay, "success");
    assertEquals(relay.bugs.length, 1);
  });
}

Deno.test("cut() ends an exchange that waits for its next attempt", async () => {
  await using provider = await FakeProvider.start(answer(500, "{}"));
  await using relay = new TestRelay([toChat(provider)], {
    retry: {
      maxAttempts: 3,
      sameTargetRetries: 1,
      backoffMs: [60_000, 60_000],
      maxRetryAfterMs: 60_000,
      budgetRatio: 1,
    },
  });
  const client = relay.ask(WHOLE);
  await relay.until("attempt-finished");
  relay.run.cut();
  await client.done;
  assertEquals(client.status, 504);
  assertStringIncludes(client.body, "shutting down");
  assertEnded(relay, "timeout");
});

Deno.test("cut() leaves an exchange alone that has ended", async () => {
  await using provider = await FakeProvider.start(answer(200, ANSWER));
  await using relay = new TestRelay([toChat(provider)]);
  const client = relay.ask(WHOLE);
  await client.done;
  relay.run.cut();
  assertEquals(relay.finished?.status, 200);
  assertEnded(relay, "success");
});

Deno.test("a client that reads slowly is not taken for a provider that only sends comments", async () => {
  await using provider = await FakeProvider.start(async (socket, request) => {
    await stream(ENTIRE.slice(0, 1), "stall")(socket, request);
  });
  await using relay = new TestRelay([{
    ...toChat(provider),
    provider: { commentsOnlyMs: 40 },
  }]);
  const client = new MemoryClient();
  client.reads = false;
  relay.ask(STREAM, client);
  await client.until((body) => body.includes("hello"));
  // Three times as long as comments alone may last.
  await new Promise((resolve) => setTimeout(resolve, 120));
  assertEquals(relay.ends, 0);
  client.resume();
  await client.done;
  assertEnded(relay, "stream_broken");
});

Deno.test("a stream whose provider keeps the connection open behind its last event ends", async () => {
  await using provider = await FakeProvider.start(stream(ENTIRE, "stall"));
  await using relay = new TestRelay([toChat(provider)]);
  const client = relay.ask(STREAM);
  await client.done;
  assert(client.body.endsWith("data: [DONE]\n\n"));
  assertEnded(relay, "success");
  await provider.whenClosed(1);
});

Deno.test("an answer that switches protocols is a failure", async () => {
  await using provider = await FakeProvider.start((socket) => {
    socket.write(
      head(101, { connection: "upgrade", upgrade: "websocket" }) + chunk("x"),
    );
  });
  await using relay = new TestRelay([toChat(provider)]);
  const client = relay.ask(WHOLE);
  await client.done;
  assertEquals(client.status, 502);
  assertEnded(relay, "upstream_error");
});

Deno.test("informational heads before the answer are skipped", async () => {
  await using provider = await FakeProvider.start((socket, request) => {
    socket.write("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n");
    answer(200, ANSWER)(socket, request);
  });
  await using relay = new TestRelay([toChat(provider)]);
  const client = relay.ask(WHOLE);
  await client.done;
  assertEquals(client.status, 200);
  assertEnded(relay, "success");
});

Deno.test("bytes of a body are counted, not characters", async () => {
  const body = ANSWER.replace("hello", "\u00e4\u20ac");
  await using provider = await FakeProvider.start(answer(200, body));
  await using relay = new TestRelay([toChat(provider)]);
  const client = relay.ask({
    ...WHOLE,
    protocol: "messages",
    body: {
      model: "m",
      max_tokens: 5,
      messages: [{ role: "user", content: "hi" }],
    },
  });
  await client.done;
  assertEquals(
    relay.finished?.bytesOut,
    new TextEncoder().encode(client.body).length,
  );
});

/** A provider that sends the first half, and the rest when it is told to. */
function heldHalf(): { behaviour: Behaviour; release: () => void } {
  let release = () => {};
  const released = new Promise<void>((resolve) => release = resolve);
  const behaviour: Behaviour = async (socket, request) => {
    await stream(ENTIRE.slice(0, 1), "stall")(socket, request);
    await released;
    const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
    const last = `data: ${JSON.stringify({ choices: [], usage })}\n\n`;
    for (const text of [ENTIRE[1], last, ENTIRE[2]]) {
      socket.write(chunk(text ?? ""));
    }
    socket.write("0\r\n\r\n");
  };
  return { behaviour, release: () => release() };
}

Deno.test("an answer is read on when the client has gone, to learn its usage, if there is a place", async () => {
  const half = heldHalf();
  await using provider = await FakeProvider.start(half.behaviour);
  const drain = new DrainSlots({ maxMs: 60_000, maxConcurrent: 1 });
  await using relay = new TestRelay([{
    ...toChat(provider),
    provider: { drain },
  }]);
  const [first, second] = [relay.ask(STREAM), relay.ask(STREAM)];
  await first.until((body) => body.includes("hello"));
  await second.until((body) => body.includes("hello"));
  first.hangUp();
  assertEquals(relay.ends, 0);
  second.hangUp();
  assertEquals(relay.ends, 1);
  half.release();
  await relay.until("finished", 2);
  const [cancelled, learnt] = relay.finishedAll;
  assertEquals(cancelled?.lastAttempt?.outcome, { kind: "cancelled" });
  assertEquals(learnt?.outcome, "client_abort");
  assertEquals(learnt?.lastAttempt?.outcome, { kind: "answered" });
  assertEquals(learnt?.lastAttempt?.usage.source, "reported");
  assertEquals(first.body.includes("[DONE]"), false);
  assertEquals(relay.users, 0);
  assert(drain.take());
});

Deno.test("reading on ends at its bound", async () => {
  const half = heldHalf();
  await using provider = await FakeProvider.start(half.behaviour);
  const drain = new DrainSlots({ maxMs: 20, maxConcurrent: 1 });
  await using relay = new TestRelay([{
    ...toChat(provider),
    provider: { drain },
  }]);
  const client = relay.ask(STREAM);
  await client.until((body) => body.includes("hello"));
  client.hangUp();
  await relay.until("finished");
  assertEnded(relay, "client_abort");
  assertEquals(relay.finished?.lastAttempt?.outcome, { kind: "cancelled" });
  await provider.whenClosed(1);
  assert(drain.take());
  half.release();
});
