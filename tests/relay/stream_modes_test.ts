import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  answer,
  type Behaviour,
  FakeProvider,
  stream,
} from "../fake_provider/fake_provider.ts";
import { type Question, TestRelay, type TestTarget } from "./harness.ts";

const WHOLE =
  '{"id":"c1","object":"chat.completion","created":1,"model":"up-model","choices":[{"index":0,"message":{"role":"assistant","content":"hello","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"cost":0.5}}';

function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function chunk(delta: unknown, more: Record<string, unknown> = {}): string {
  return event({
    id: "c1",
    object: "chat.completion.chunk",
    created: 1,
    model: "up-model",
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
  });
}

const STREAM = [
  chunk({ role: "assistant", content: "" }),
  chunk({ content: "hel" }),
  chunk({ content: "lo" }),
  chunk({}, { finish_reason: "stop" }),
  event({
    id: "c1",
    object: "chat.completion.chunk",
    created: 1,
    model: "up-model",
    choices: [],
    usage: {
      prompt_tokens: 3,
      completion_tokens: 4,
      total_tokens: 7,
      cost: 0.5,
    },
  }),
  "data: [DONE]\n\n",
];

function question(
  body: Record<string, unknown> = {},
  protocol: Question["protocol"] = "chat",
): Question {
  return {
    protocol,
    body: {
      model: "m",
      ...body,
      messages: [{ role: "user", content: "hi" }],
    },
  };
}

async function ask(
  behaviours: readonly Behaviour[],
  ability: "any" | "always" | "never",
  asked: Question,
  more: Partial<TestTarget> = {},
  settings: ConstructorParameters<typeof TestRelay>[1] = {},
) {
  await using stack = new AsyncDisposableStack();
  const providers: FakeProvider[] = [];
  for (const behaviour of behaviours) {
    providers.push(stack.use(await FakeProvider.start(behaviour)));
  }
  const relay = stack.use(
    new TestRelay(
      providers.map((provider) => ({
        url: `${provider.url}/v1`,
        protocol: "chat" as const,
        provider: { stream: ability },
        ...more,
      })),
      settings,
    ),
  );
  const client = relay.ask(asked);
  await client.done;
  const [request] = providers[0]?.requests ?? [];
  const sent = request === undefined
    ? null
    : JSON.parse(new TextDecoder().decode(request.body));
  return {
    client,
    sent,
    accept: request?.header("accept") ?? null,
    exchange: relay.finished,
  };
}

Deno.test("stream: never asks for a whole answer and gives it out as a stream", async () => {
  const { client, sent, accept, exchange } = await ask(
    [answer(200, WHOLE)],
    "never",
    question({ stream: true, stream_options: { include_usage: true } }),
  );
  assertEquals([sent.stream, sent.stream_options], [false, undefined]);
  assertEquals(accept, "application/json");
  assertStringIncludes(client.header("content-type") ?? "", "event-stream");
  assertStringIncludes(client.body, '"content":"hello"');
  assertStringIncludes(client.body, '"prompt_tokens":3');
  assert(client.body.endsWith("data: [DONE]\n\n"));
  assertEquals(exchange?.lastAttempt?.usage.ledger.input, 3);
  assertEquals(exchange?.outcome, "success");
});

Deno.test("stream: always asks for a stream with usage and gives out a whole answer, usage as it came", async () => {
  const { client, sent, accept, exchange } = await ask(
    [stream(STREAM)],
    "always",
    question(),
  );
  assertEquals([sent.stream, sent.stream_options], [true, {
    include_usage: true,
  }]);
  assertEquals(accept, "text/event-stream");
  assertEquals(client.header("content-type"), "application/json");
  const body = JSON.parse(client.body);
  assertEquals(body.choices[0].message.content, "hello");
  assertEquals(body.usage.cost, 0.5);
  assertEquals(exchange?.lastAttempt?.usage.ledger.output, 4);
  assert((exchange?.firstContentMs ?? -1) >= 0);
});

Deno.test("a model that is known not to stream is asked for a whole answer", async () => {
  const { sent, client } = await ask(
    [answer(200, WHOLE)],
    "any",
    question({ stream: true }),
    {
      provider: {
        capabilities: () => ({
          contextTokens: null,
          maxOutputTokens: null,
          images: null,
          tools: null,
          forcedToolChoice: null,
          sampling: null,
          streaming: false,
          thinking: null,
          efforts: null,
          systemTurns: null,
        }),
      },
    },
  );
  assertEquals(sent.stream, false);
  assert(client.body.startsWith("data: "));
});

for (const protocol of ["chat", "messages"] as const) {
  const base = protocol === "chat" ? {} : { max_tokens: 9 };
  Deno.test(`a stream that is answered with JSON is given out as a stream (${protocol} client)`, async () => {
    const { client } = await ask(
      [answer(200, WHOLE)],
      "any",
      question({ ...base, stream: true }, protocol),
    );
    assertStringIncludes(client.header("content-type") ?? "", "event-stream");
    assertStringIncludes(client.body, "hello");
  });

  Deno.test(`a whole answer that comes as a stream is collected (${protocol} client)`, async () => {
    const { client } = await ask(
      [stream(STREAM)],
      "any",
      question(base, protocol),
    );
    assertEquals(client.header("content-type"), "application/json");
    assertStringIncludes(JSON.stringify(JSON.parse(client.body)), "hello");
  });
}

Deno.test("a collected stream that breaks is tried at the next target, and an error without one", async () => {
  const cut = stream(STREAM.slice(0, 3));
  const second = await ask([cut, stream(STREAM)], "always", question());
  assertEquals(second.client.status, 200);
  assertEquals(second.exchange?.attempts.length, 2);
  const alone = await ask([cut], "always", question());
  assertEquals(alone.client.status, 502);
  assertEquals(alone.exchange?.outcome, "upstream_error");
});

Deno.test("an error event in a collected stream is an error with its status", async () => {
  const { client } = await ask(
    [stream([
      STREAM[0] ?? "",
      event({ error: { message: "too much", type: "rate_limit", code: 429 } }),
    ])],
    "always",
    question(),
  );
  assertEquals(client.status, 429);
  assertStringIncludes(client.body, "too much");
});

Deno.test("a collected stream is bounded like a whole answer", async () => {
  const long = chunk({ content: "x".repeat(5000) });
  const { client } = await ask(
    [stream([long, long, long])],
    "always",
    question(),
    {},
    { maxResponseBytes: 10_000 },
  );
  assertEquals(client.status, 502);
  assertStringIncludes(client.body, "longer than 10000 bytes");
});

Deno.test("an answer in error is an error, also where a stream was wanted and a whole one asked for", async () => {
  const { client } = await ask(
    [answer(200, '{"error":{"message":"no","code":503}}')],
    "never",
    question({ stream: true }),
  );
  assertEquals(client.status, 503);
});

Deno.test("an answer without choices is no answer", async () => {
  for (const body of ['{"id":"c"}', '{"choices":[]}', "[]", "x"]) {
    const { client, exchange } = await ask(
      [answer(200, body)],
      "never",
      question({ stream: true }),
    );
    assertEquals(client.status, 502, body);
    assertEquals(exchange?.outcome, "upstream_error");
  }
});

for (
  const [field, value] of [
    ["n", 2],
    ["modalities", ["text", "audio"]],
  ] as const
) {
  Deno.test(`${field} is refused where the framing must change`, async () => {
    const { client, sent } = await ask(
      [stream(STREAM)],
      "always",
      question({ [field]: value }),
    );
    assertEquals(client.status, 400);
    assertEquals(JSON.parse(client.body).error.param, field);
    assertEquals(sent, null);
  });
}

Deno.test("several choices in the wrong framing are not cut down to one", async () => {
  const two = JSON.parse(WHOLE);
  two.choices.push({ ...two.choices[0], index: 1 });
  const { client } = await ask(
    [answer(200, JSON.stringify(two))],
    "any",
    question({ stream: true, n: 2 }),
  );
  assertEquals(client.status, 502);
  assertStringIncludes(client.body, "2 choices");
});
