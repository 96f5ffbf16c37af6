import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  answer,
  type Behaviour,
  FakeProvider,
  head,
  resetAtOnce,
  silent,
  stream,
} from "../fake_provider/fake_provider.ts";
import { type Question, STREAM, TestRelay, WHOLE } from "./harness.ts";
import { MemoryClient } from "./memory_client.ts";

function delta(text: string): string {
  return `data: ${
    JSON.stringify({
      id: "c1",
      object: "chat.completion.chunk",
      created: 1,
      model: "up-model",
      choices: [{ index: 0, delta: { content: text }, finish_reason: null }],
    })
  }\n\n`;
}

interface FaultCase {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly question: Question;
  readonly status: number;
  /** Must stand in the body. */
  readonly says: string;
  readonly outcome: string;
  readonly failure: string;
  readonly network?: Record<string, unknown>;
}

const TIMEOUTS = {
  connectMs: 2000,
  firstByteMs: 60,
  responseMs: 60,
  streamIdleMs: 60,
};

const BEFORE_CONTENT: readonly FaultCase[] = [
  {
    name: "resets before the head",
    behaviour: resetAtOnce,
    question: WHOLE,
    status: 502,
    says: "closed the connection",
    outcome: "upstream_error",
    failure: "reset",
  },
  {
    name: "says nothing to a request for a whole answer",
    behaviour: silent,
    question: WHOLE,
    status: 504,
    says: "within 60 ms",
    outcome: "timeout",
    failure: "response_timeout",
    network: { timeouts: TIMEOUTS },
  },
  {
    name: "says nothing to a request for a stream",
    behaviour: silent,
    question: STREAM,
    status: 504,
    says: "no first byte within 60 ms",
    outcome: "timeout",
    failure: "first_byte_timeout",
    network: { timeouts: TIMEOUTS },
  },
  {
    name: "answers HTML",
    behaviour: answer(200, "<html>", { "content-type": "text/html" }),
    question: WHOLE,
    status: 502,
    says: "content-type text/html",
    outcome: "upstream_error",
    failure: "invalid_response",
  },
  {
    name: "answers truncated JSON",
    behaviour: answer(200, '{"id":"x","choices":['),
    question: WHOLE,
    status: 502,
    says: "not a JSON object",
    outcome: "upstream_error",
    failure: "invalid_response",
  },
  {
    name: "answers less than its content-length",
    behaviour: (socket) => {
      socket.end(
        head(200, {
          "content-type": "application/json",
          "content-length": "500",
        }) + '{"id":',
      );
    },
    question: WHOLE,
    status: 502,
    says: "ended too early",
    outcome: "upstream_error",
    failure: "stream_broken",
  },
  {
    name: "answers 500 without a body",
    behaviour: answer(500, ""),
    question: WHOLE,
    status: 502,
    says: "500",
    outcome: "upstream_error",
    failure: "server_error",
  },
  {
    name: "answers 401 and shows the key",
    behaviour: answer(401, '{"error":{"message":"bad key key-of-p0"}}'),
    question: WHOLE,
    status: 502,
    says: "refused the gateway's credentials",
    outcome: "upstream_error",
    failure: "auth",
  },
  {
    name: "answers 400 with a reason",
    behaviour: answer(
      400,
      '{"error":{"message":"temperature is too high","type":"invalid_request_error","param":"temperature","code":"bad_temperature"}}',
    ),
    question: WHOLE,
    status: 400,
    says: "temperature is too high",
    outcome: "client_error",
    failure: "bad_request",
  },
  {
    name: "answers 429 with retry-after",
    behaviour: answer(429, '{"error":{"message":"slow down"}}', {
      "retry-after": "7",
    }),
    question: WHOLE,
    status: 429,
    says: "slow down",
    outcome: "rate_limited",
    failure: "rate_limited",
  },
  {
    name: "answers 302",
    behaviour: answer(302, "", { location: "http://127.0.0.1:1/" }),
    question: WHOLE,
    status: 502,
    says: "redirect 302",
    outcome: "upstream_error",
    failure: "redirect",
  },
  {
    name: "answers 200 with an error in the body",
    behaviour: answer(
      200,
      '{"error":{"message":"boom","type":"server_error"}}',
    ),
    question: WHOLE,
    status: 502,
    says: "boom",
    outcome: "upstream_error",
    failure: "server_error",
  },
  {
    name: "sends a head that is too long",
    behaviour: (socket) => {
      socket.end(head(200, { "x-long": "x".repeat(40_000) }));
    },
    question: WHOLE,
    status: 502,
    says: "not valid HTTP",
    outcome: "upstream_error",
    failure: "invalid_response",
  },
  {
    name: "sends an error event before any content",
    behaviour: stream(['data: {"error":{"message":"boom","code":500}}\n\n']),
    question: STREAM,
    status: 502,
    says: "boom",
    outcome: "upstream_error",
    failure: "server_error",
  },
  {
    name: "ends a stream before any content",
    behaviour: stream([": hello\n\n"]),
    question: STREAM,
    status: 502,
    says: "without its final event",
    outcome: "upstream_error",
    failure: "stream_broken",
  },
];

for (const fault of BEFORE_CONTENT) {
  Deno.test(`Relay answers ${fault.status} when the provider ${fault.name}`, async () => {
    await using provider = await FakeProvider.start(fault.behaviour);
    await using relay = new TestRelay([{
      url: provider.url,
      protocol: "chat",
      network: fault.network ?? {},
    }]);
    const client = relay.ask(fault.question);
    await client.done;
    assertEquals(client.status, fault.status, client.body);
    assertStringIncludes(client.body, fault.says);
    assert(!client.body.includes("key-of-p0"), client.body);
    assertEquals(relay.finished?.outcome, fault.outcome);
    const outcome = relay.finished?.attempts[0]?.outcome;
    assertEquals(
      outcome?.kind === "failed" ? outcome.failure.kind : outcome?.kind,
      fault.failure,
    );
  });
}

Deno.test("Relay answers 502 when nobody listens", async () => {
  const provider = await FakeProvider.start(silent);
  const { url } = provider;
  await provider[Symbol.asyncDispose]();
  await using relay = new TestRelay([{ url, protocol: "chat" }]);
  const client = relay.ask(WHOLE);
  await client.done;
  assertEquals(client.status, 502);
  assertStringIncludes(client.body, "refused the connection");
  assertEquals(client.header("x-should-retry"), "false");
});

Deno.test("Relay passes retry-after of a 429 on", async () => {
  await using provider = await FakeProvider.start(
    answer(429, "{}", { "retry-after": "7" }),
  );
  await using relay = new TestRelay([{ url: provider.url, protocol: "chat" }]);
  const client = relay.ask(WHOLE);
  await client.done;
  assertEquals(client.header("retry-after"), "7");
  assertEquals(client.header("retry-after-ms"), "7000");
});

for (
  const [name, end] of [
    ["resets", "reset"],
    ["is cut", "cut"],
    ["stalls", "stall"],
    ["ends without its final event", "clean"],
  ] as const
) {
  Deno.test(`Relay ends with an error event when a stream ${name} after content`, async () => {
    await using provider = await FakeProvider.start(
      stream([delta("one"), delta("two"), 'data: {"half'], end),
    );
    await using relay = new TestRelay([
      {
        url: provider.url,
        protocol: "chat",
        network: { timeouts: TIMEOUTS },
      },
      { url: provider.url, protocol: "chat" },
    ]);
    const client = relay.ask(STREAM);
    await client.done;
    assertEquals(client.status, 200);
    assertStringIncludes(client.body, "two");
    const events = client.body.split("\n\n").filter((event) => event !== "");
    const last = events[events.length - 1] ?? "";
    assertStringIncludes(last, '"error"');
    assert(!client.body.includes("[DONE]"));
    assert(!client.body.includes('{"half'), client.body);
    assertEquals(relay.finished?.attempts.length, 1, "no second target");
    assertEquals(relay.finished?.outcome, "stream_broken");
  });
}

Deno.test("Relay moves on to the next target before the first content", async () => {
  await using broken = await FakeProvider.start(
    stream(['data: {"choices":[]}\n\n'], "reset"),
  );
  await using good = await FakeProvider.start(
    stream([
      delta("hello"),
      'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
      "data: [DONE]\n\n",
    ]),
  );
  await using relay = new TestRelay([
    { url: broken.url, protocol: "chat" },
    { url: good.url, protocol: "chat" },
  ]);
  const client = relay.ask(STREAM);
  await client.done;
  assertEquals(client.status, 200);
  assertStringIncludes(client.body, "hello");
  assertEquals(client.header("x-signalbox-target"), "p1/up-model");
  assertEquals(client.header("x-signalbox-attempts"), "2");
  assertEquals(relay.finished?.outcome, "success");
});

Deno.test("Relay sends heartbeats while a committed stream is silent", async () => {
  let finish: () => void = () => {};
  const gate = new Promise<void>((resolve) => finish = resolve);
  await using provider = await FakeProvider.start(async (socket, request) => {
    await stream([delta("one")], "stall")(socket, request);
    await gate;
    const rest =
      'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
    socket.write(`${rest.length.toString(16)}\r\n${rest}\r\n0\r\n\r\n`);
  });
  await using relay = new TestRelay(
    [{ url: provider.url, protocol: "chat" }],
    { heartbeatMs: 20 },
  );
  const client = relay.ask(STREAM);
  await client.until((body) => body.split(": keep-alive\n\n").length > 3);
  finish();
  await client.done;
  assertStringIncludes(client.body, "[DONE]");
  assertEquals(relay.finished?.outcome, "success");
});

Deno.test("Relay closes the upstream when the client hangs up in the middle of a stream", async () => {
  await using provider = await FakeProvider.start(
    stream([delta("one")], "stall"),
  );
  await using relay = new TestRelay([{ url: provider.url, protocol: "chat" }]);
  const client = relay.ask(STREAM);
  await client.until((body) => body.includes("one"));
  client.hangUp();
  await provider.whenClosed(1);
  assertEquals(relay.finished?.outcome, "client_abort");
  assertEquals(relay.finished?.attempts[0]?.outcome?.kind, "cancelled");
});

Deno.test("Relay stops reading from the upstream while the client does not read", async () => {
  let offered = 0;
  await using provider = await FakeProvider.start(async (socket) => {
    socket.write(head(200, { "content-type": "text/event-stream" }));
    const event = delta("x".repeat(16_000));
    // 20 MB are offered; what the kernel's buffers take is all that may flow.
    while (offered < 20_000_000 && !socket.destroyed) {
      offered += event.length;
      if (socket.write(event)) continue;
      const drained = await new Promise<boolean>((resolve) => {
        socket.once("drain", () => resolve(true));
        socket.once("close", () => resolve(false));
      });
      if (!drained) return;
    }
  });
  await using relay = new TestRelay([{ url: provider.url, protocol: "chat" }]);
  const client = relay.ask(STREAM);
  client.reads = false;
  await client.until((body) => body.includes("xxx"));
  const taken = () =>
    relay.events.reduce(
      (sum, event) =>
        event.type === "chunk" && event.side === "upstream"
          ? sum + event.bytes.length
          : sum,
      0,
    );
  // Two turns of the loop later nothing more has been taken.
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert(taken() < 2_000_000, `${taken()} bytes were taken`);
  client.resume();
  await client.until((body) => body.length > 1_000_000);
  client.hangUp();
  await provider.whenClosed(1);
});

Deno.test("Relay gives up a request at its deadline", async () => {
  await using provider = await FakeProvider.start(silent);
  await using relay = new TestRelay(
    [{ url: provider.url, protocol: "chat" }],
    { maxRequestMs: 40 },
  );
  const client = relay.ask(WHOLE);
  await client.done;
  assertEquals(client.status, 504);
  assertStringIncludes(client.body, "longer than 40 ms");
  await provider.whenClosed(1);
});

Deno.test("Relay answers 502 and reports the bug when reading an answer throws", async () => {
  await using provider = await FakeProvider.start(
    answer(200, '{"id":"x","choices":[]}'),
  );
  await using relay = new TestRelay([{ url: provider.url, protocol: "chat" }]);
  const client = new MemoryClient();
  const send = client.send.bind(client);
  let thrown = false;
  client.send = (status, headers, body) => {
    if (!thrown) {
      thrown = true;
      throw new TypeError("Cannot send: made up by this test");
    }
    send(status, headers, body);
  };
  relay.ask(WHOLE, client);
  await client.done;
  assertEquals(client.status, 502);
  assertStringIncludes(client.body, "could not be read");
  assertEquals(relay.bugs.length, 1);
});
