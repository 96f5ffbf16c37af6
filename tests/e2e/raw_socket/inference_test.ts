// Rows 25 to 33, 35, 54 and 62 to 65 against the whole gateway, with an
// upstream that counts its calls.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  answer,
  FakeProvider,
  stream,
} from "../../fake_provider/fake_provider.ts";
import {
  bodyFor,
  eventsFor,
  type Pair,
  PATHS,
  startPair,
  wholeAnswer,
} from "../pair.ts";
import { ask, get, post, type RawAnswer } from "./raw_client.ts";

const USER = [{ role: "user", content: "hi" }];
const NO_KEY: readonly string[] = [];

/** Answers whatever is asked in its own protocol. */
function startAnswering(): Promise<Pair> {
  return startPair((socket, request) =>
    answer(200, wholeAnswer(request.target, "fine"))(socket, request)
  );
}

function send(pair: Pair, path: string, body: unknown): Promise<RawAnswer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return ask(pair.port, post(path, text, NO_KEY));
}

interface Refused {
  readonly name: string;
  readonly path?: string;
  readonly body: unknown;
  readonly status: number;
  /** Must stand in the answer. */
  readonly says: string;
}

const REFUSED: readonly Refused[] = [
  {
    name: "row 25: an unknown model",
    body: { model: "made-up-model", messages: USER },
    status: 404,
    says: "model_not_found",
  },
  {
    name: "row 25: a model of an unknown provider",
    body: { model: "nobody/model", messages: USER },
    status: 404,
    says: "model_not_found",
  },
  {
    name: "row 26: a model that is an object",
    body: { model: { a: 1 }, messages: USER },
    status: 400,
    says: "model must be a string, it is an object",
  },
  {
    name: "row 26: no model",
    body: { messages: USER },
    status: 400,
    says: "model is missing; GET /v1/models lists",
  },
  {
    name: "row 26: model null",
    body: { model: null, messages: USER },
    status: 400,
    says: "model must be a string, it is null",
  },
  {
    name: "row 27: an empty model",
    body: { model: "", messages: USER },
    status: 400,
    says: "model is empty",
  },
  {
    name: "row 27: a model of 300 bytes",
    body: { model: "m".repeat(300), messages: USER },
    status: 400,
    says: "model has more than 256 bytes",
  },
  {
    name: "row 27: a model with a line break",
    body: { model: "fast\nx", messages: USER },
    status: 400,
    says: "model may hold",
  },
  {
    name: "row 28: no messages, translated",
    body: { model: "messages-only/m", messages: [] },
    status: 400,
    says: "messages",
  },
  {
    name: "row 29: an unknown role, translated",
    body: {
      model: "messages-only/m",
      messages: [{ role: "hacker", content: "hi" }],
    },
    status: 400,
    says: "role",
  },
  ...["0", "-1", "1e400", '"5"', "1.5", "[]", "true"].map((value) => ({
    name: `row 30: max_tokens ${value}`,
    body: `{"model":"fast","max_tokens":${value},"messages":[]}`,
    status: 400,
    says: "max_tokens must be a whole number of at least 1",
  })),
  {
    name: "row 30: max_completion_tokens 0",
    body: '{"model":"fast","max_completion_tokens":0,"messages":[]}',
    status: 400,
    says: "max_completion_tokens must be a whole number",
  },
  {
    name: "row 30: max_tokens -1 on messages",
    path: "/v1/messages",
    body: '{"model":"fast","max_tokens":-1,"messages":[]}',
    status: 400,
    says: "max_tokens must be a whole number of at least 0",
  },
  {
    name: "row 30: max_output_tokens as text",
    path: "/v1/responses",
    body: '{"model":"fast","max_output_tokens":"5","input":"hi"}',
    status: 400,
    says: "max_output_tokens must be a whole number",
  },
  {
    name: "row 31: stream as text",
    body: { model: "fast", stream: "true", messages: USER },
    status: 400,
    says: "stream must be true or false, it is a string",
  },
  {
    name: "row 31: stream as a number",
    body: { model: "fast", stream: 1, messages: USER },
    status: 400,
    says: "stream must be true or false, it is a number",
  },
  {
    name: "row 32: n 1000",
    body: { model: "fast", n: 1000, messages: USER },
    status: 400,
    says: "n must be a whole number of at least 1 and at most 128",
  },
  {
    name: "row 32: n 0",
    body: { model: "fast", n: 0, messages: USER },
    status: 400,
    says: "n must be a whole number",
  },
  {
    name: "row 33: a file as an image, translated",
    body: {
      model: "messages-only/m",
      messages: [{
        role: "user",
        content: [{
          type: "image_url",
          image_url: { url: "file:///etc/passwd" },
        }],
      }],
    },
    status: 400,
    says: "image",
  },
  {
    name: "the model given twice",
    body: '{"model":"fast","messages":[],"model":"other"}',
    status: 400,
    says: "model is given twice",
  },
  {
    name: "the model given twice, once with an escape",
    body: '{"model":"fast","messages":[],"mod\\u0065l":"other"}',
    status: 400,
    says: "",
  },
  {
    name: "stream given twice",
    body: '{"model":"fast","stream":false,"messages":[],"stream":true}',
    status: 400,
    says: "stream is given twice",
  },
  {
    name: "10,001 messages",
    body: `{"model":"fast","messages":[${"{},".repeat(10_000)}{}]}`,
    status: 400,
    says: "messages has 10001 items, the limit is 10000",
  },
  {
    name: "1,025 tools",
    body: `{"model":"fast","messages":[],"tools":[${"{},".repeat(1024)}{}]}`,
    status: 400,
    says: "tools has 1025 items, the limit is 1024",
  },
];

Deno.test("a refused body never reaches the upstream and says what is wrong", async (t) => {
  await using pair = await startAnswering();
  for (const refused of REFUSED) {
    await t.step(refused.name, async () => {
      const path = refused.path ?? "/v1/chat/completions";
      const { status, body, headers } = await send(pair, path, refused.body);
      assertEquals(status, refused.status, body);
      assertEquals(headers.get("content-type"), "application/json");
      const { error, type } = JSON.parse(body);
      assertStringIncludes(body, refused.says);
      assert(!error.message.includes("root:"), "a file was read");
      assertEquals(type, path === "/v1/messages" ? "error" : undefined);
      assertEquals(pair.provider.requests.length, 0, "the upstream was called");
    });
  }
  const health = await ask(pair.port, get("/health"));
  assertEquals(health.status, 200);
});

Deno.test("row 25: a name that a client made up is no label of any metric", async () => {
  await using pair = await startAnswering();
  for (const model of ["made-up-model", "up/made-up-model", "nobody/thing"]) {
    await send(pair, "/v1/chat/completions", { model, messages: USER });
  }
  const { body } = await ask(pair.port, get("/metrics"));
  assert(!body.includes("made-up-model"), "a made-up name is a label");
  assert(!body.includes("nobody"), "a made-up provider is a label");
});

Deno.test("row 30: max_tokens 0 passes on messages and 5e1 is fifty", async () => {
  await using pair = await startAnswering();
  const zero = '{"model":"fast","max_tokens":0,"messages":[]}';
  assertEquals((await send(pair, "/v1/messages", zero)).status, 200);
  const fifty = '{"model":"fast","max_tokens":5e1,"messages":[]}';
  assertEquals((await send(pair, "/v1/chat/completions", fifty)).status, 200);
  assertEquals(pair.provider.requests.length, 2);
});

Deno.test("rows 28 and 29: what the gateway does not act on goes upstream, native, as it came", async () => {
  await using pair = await startAnswering();
  const body = '{"model":"up/m","messages":[{"role":"hacker"}],"n":null}';
  const { status } = await send(pair, "/v1/chat/completions", body);
  assertEquals(status, 200);
  const [request] = pair.provider.requests;
  assertEquals(
    new TextDecoder().decode(request?.body),
    body.replace('"up/m"', '"m"'),
  );
});

Deno.test("row 35: base_url in the body changes no destination, native and translated", async () => {
  await using pair = await startAnswering();
  await using elsewhere = await FakeProvider.start(answer(200, "{}"));
  for (const model of ["fast", "messages-only/m", "responses-only/m"]) {
    const { status } = await send(pair, "/v1/chat/completions", {
      model,
      messages: USER,
      base_url: elsewhere.url,
    });
    assertEquals(status, 200, model);
  }
  assertEquals(pair.provider.requests.length, 3);
  assertEquals(elsewhere.requests.length, 0);
  const translated = pair.provider.requests[1]?.body;
  assert(!new TextDecoder().decode(translated).includes("base_url"));
});

Deno.test("row 62: a negative usage counts as nothing and is told", async () => {
  await using pair = await startPair(
    answer(
      200,
      '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":-5,"completion_tokens":-7,"total_tokens":-12}}',
    ),
  );
  const { status } = await send(pair, "/v1/chat/completions", {
    model: "fast",
    messages: USER,
  });
  assertEquals(status, 200);
  const { body } = await ask(pair.port, get("/metrics"));
  for (const line of body.split("\n")) {
    if (line.startsWith("#") || !line.includes("token")) continue;
    const value = Number(line.split(" ").at(-1));
    assert(value >= 0, line);
  }
});

Deno.test("row 63: an error inside a 200 becomes an error status", async () => {
  for (const path of PATHS) {
    for (const model of ["fast", "chat-only/m", "messages-only/m"]) {
      await using pair = await startPair(
        answer(200, '{"error":{"message":"boom","type":"server_error"}}'),
      );
      const answered = await send(pair, path, bodyFor(path, model, "hi"));
      assertEquals(answered.status, 502, `${path} ${model} ${answered.body}`);
    }
  }
});

Deno.test("row 64: a redirect becomes 502 and nobody is asked a second time", async () => {
  await using elsewhere = await FakeProvider.start(answer(200, "{}"));
  for (const status of [301, 302, 303, 307, 308]) {
    await using pair = await startPair(
      answer(status, "", { location: `${elsewhere.url}/v1/chat/completions` }),
    );
    for (const streamed of [false, true]) {
      const body = bodyFor("/v1/chat/completions", "fast", "hi", streamed);
      const answered = await send(pair, "/v1/chat/completions", body);
      assertEquals(answered.status, 502, answered.body);
      assert(!answered.headers.has("location"));
    }
    assertEquals(pair.provider.requests.length, 2);
  }
  assertEquals(elsewhere.requests.length, 0);
});

const TERMINAL = [
  "data: [DONE]",
  '"type":"message_stop"',
  '"type":"response.completed"',
];

Deno.test("row 65: a stream that ends without its terminal event ends in an error event, in all nine pairs", async () => {
  for (const path of PATHS) {
    for (const provider of ["chat-only", "messages-only", "responses-only"]) {
      await using pair = await startPair((socket, request) => {
        const events = eventsFor(request.target, "some text");
        // Everything up to and including the text, nothing of the end.
        const upTo = events.findIndex((event) => event.includes("some text"));
        return stream(events.slice(0, upTo + 1))(socket, request);
      });
      const body = bodyFor(path, `${provider}/m`, "hi", true);
      const response = await fetch(pair.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      const which = `${provider} as ${path}: ${text}`;
      assertEquals(response.status, 200, which);
      assertStringIncludes(text, "some text", which);
      const last = text.trimEnd().split("\n\n").at(-1) ?? "";
      assertStringIncludes(last, '"error"', which);
      for (const mark of TERMINAL) assert(!text.includes(mark), which);
    }
  }
});
