/** Stored Responses with the official client, towards providers that keep nothing. @module */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import OpenAI, { APIError, NotFoundError } from "openai";
import { startChain } from "./chain.ts";
import { FAST_SIMULATOR, startGateway } from "./gateway.ts";
import {
  answer,
  FakeProvider,
  stream,
} from "../fake_provider/fake_provider.ts";

function clientOf(url: string, apiKey = "unused"): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 });
}

const STORE = { responses: { store: true } };

for (const to of ["chat", "messages", "responses"] as const) {
  for (const streamed of [false, true]) {
    Deno.test(`responses to ${to}: previous_response_id carries the conversation on, ${streamed ? "streamed" : "whole"}`, async () => {
      await using chain = await startChain({}, STORE);
      const client = clientOf(chain.url);
      const ask = (body: { input: string; previous_response_id?: string }) => {
        const whole = { model: `${to}-only/sim-model`, ...body };
        return streamed
          ? client.responses.stream(whole).finalResponse()
          : client.responses.create(whole);
      };
      const first = await ask({ input: "Echo: the-first-word" });
      assertEquals(Reflect.get(first, "store"), true);
      const held = await client.responses.retrieve(first.id);
      assertEquals(held.output_text, first.output_text);
      const items = await client.responses.inputItems.list(first.id);
      assertStringIncludes(JSON.stringify(items.data), "the-first-word");
      // A provider of the same protocol is asked by reference, and the
      // simulator behind it keeps nothing.
      if (to === "responses") return;
      const second = await ask({
        input: "and now?",
        previous_response_id: first.id,
      });
      assertEquals(second.previous_response_id, first.id);
      const before = first.usage?.input_tokens ?? 0;
      assert((second.usage?.input_tokens ?? 0) > before + 3);
      const history = await client.responses.inputItems.list(second.id, {
        order: "asc",
      });
      assertEquals(history.data.length, 3);
      await client.responses.delete(first.id);
      await assertRejects(
        () => client.responses.retrieve(first.id),
        NotFoundError,
      );
    });
  }
}

Deno.test("a conversation that another target began is put into the input of a native provider; its own is left a reference", async () => {
  await using back = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    rules: [{ when: { model: "*" }, use: "sim/*" }],
  });
  const native = (id: string) =>
    answer(
      200,
      JSON.stringify({
        id,
        object: "response",
        status: "completed",
        model: "m",
        output: [{
          type: "message",
          id: `msg_${id}`,
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "native", annotations: [] }],
        }],
        usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
      }),
    );
  await using provider = await FakeProvider.start(native("resp_n1"));
  await using front = await startGateway({
    providers: {
      chat: { protocols: { chat: `${back.url}/v1` } },
      native: { protocols: { responses: `${provider.url}/v1` } },
    },
    ...STORE,
  });
  const client = clientOf(front.url);
  const first = await client.responses.create({
    model: "chat/m",
    input: "Echo: began-elsewhere",
  });
  const second = await client.responses.create({
    model: "native/m",
    input: "go on",
    previous_response_id: first.id,
  });
  assertEquals(second.id, "resp_n1");
  const sent = (index: number) =>
    JSON.parse(new TextDecoder().decode(provider.requests[index]?.body));
  assertEquals(sent(0).previous_response_id, undefined);
  assertEquals(sent(0).input.length, 3);
  provider.behaviour = native("resp_n2");
  await client.responses.create({
    model: "native/m",
    input: "and on",
    previous_response_id: "resp_n1",
  });
  assertEquals(sent(1).previous_response_id, "resp_n1");
  assertEquals(sent(1).input, "and on");
  // And back again: the chat provider gets all five turns.
  const last = await client.responses.create({
    model: "chat/m",
    input: "back",
    previous_response_id: "resp_n2",
  });
  const items = await client.responses.inputItems.list(last.id, {
    order: "asc",
  });
  assertEquals(items.data.length, 7);
  // What nobody knows here is the provider's to judge.
  await client.responses.create({
    model: "native/m",
    input: "x",
    previous_response_id: "resp_of_before",
  });
  assertEquals(sent(2).previous_response_id, "resp_of_before");
});

Deno.test("without a store previous_response_id is a 400 that names it, and nothing can be asked for", async () => {
  await using chain = await startChain();
  const client = clientOf(chain.url);
  for (const to of ["chat", "messages"]) {
    const first = await client.responses.create({
      model: `${to}-only/sim-model`,
      input: "hi",
    });
    assertEquals(Reflect.get(first, "store"), false);
    const error = await assertRejects(
      () =>
        client.responses.create({
          model: `${to}-only/sim-model`,
          input: "hi",
          previous_response_id: first.id,
        }),
      APIError,
    );
    assertEquals([error.status, error.param], [400, "previous_response_id"]);
    await assertRejects(
      () => client.responses.retrieve(first.id),
      NotFoundError,
      "responses.store",
    );
  }
});

for (
  const [field, value] of [
    ["previous_response_id", "resp_unknown"],
    ["conversation", "conv_1"],
    ["prompt", { id: "pmpt_1" }],
    ["background", true],
    ["input", [{ type: "item_reference", id: "msg_unknown" }]],
  ] as const
) {
  Deno.test(`${field} that the gateway does not hold is a 400 on the translated path, with and without a store`, async () => {
    for (const config of [STORE, {}]) {
      await using chain = await startChain({}, config);
      const response = await fetch(`${chain.url}/v1/responses`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "chat-only/m",
          input: "hi",
          [field]: value,
        }),
      });
      const { error } = await response.json();
      assertEquals(response.status, 400);
      assertStringIncludes(
        field === "input" ? "input[0].id item_reference" : field,
        error.param,
      );
    }
  });
}

Deno.test("store: false keeps nothing, and one client never sees another's", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    clients: {
      ann: { key: "${env:ANN}" },
      bob: { key: "${env:BOB}" },
    },
    ...STORE,
  }, { ANN: "key-of-ann-0123456789", BOB: "key-of-bob-0123456789" });
  const ann = clientOf(gateway.url, "key-of-ann-0123456789");
  const bob = clientOf(gateway.url, "key-of-bob-0123456789");
  const kept = await ann.responses.create({ model: "sim/m", input: "hi" });
  assertEquals((await ann.responses.retrieve(kept.id)).id, kept.id);
  await assertRejects(() => bob.responses.retrieve(kept.id), NotFoundError);
  await assertRejects(() => bob.responses.delete(kept.id), NotFoundError);
  await assertRejects(
    () => bob.responses.inputItems.list(kept.id),
    NotFoundError,
  );
  const unkept = await ann.responses.create({
    model: "sim/m",
    input: "hi",
    store: false,
  });
  await assertRejects(() => ann.responses.retrieve(unkept.id), NotFoundError);
});

Deno.test("bad queries for stored responses are a 400 that names the value", async () => {
  await using gateway = await startGateway({
    providers: { sim: FAST_SIMULATOR },
    ...STORE,
  });
  const kept = await clientOf(gateway.url).responses.create({
    model: "sim/m",
    input: "hi",
  });
  for (
    const [path, param] of [
      ["?stream=true", "stream"],
      ["/input_items?limit=0", "limit"],
      ["/input_items?limit=x", "limit"],
      ["/input_items?order=up", "order"],
    ] as const
  ) {
    const response = await fetch(
      `${gateway.url}/v1/responses/${kept.id}${path}`,
    );
    assertEquals(response.status, 400);
    assertEquals((await response.json()).error.param, param);
  }
});

Deno.test("stored responses survive a restart, in a file that only the owner reads", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
  await using _removal = {
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
  const config = {
    providers: { sim: FAST_SIMULATOR },
    ...STORE,
  };
  let id = "";
  {
    await using gateway = await startGateway(config, {}, folder);
    const answered = await clientOf(gateway.url).responses.create({
      model: "sim/m",
      input: "hi",
    });
    id = answered.id;
  }
  const { mode } = await Deno.stat(`${folder}/state/responses.jsonl`);
  assertEquals((mode ?? 0) & 0o777, 0o600);
  await using gateway = await startGateway(config, {}, folder);
  assertEquals((await clientOf(gateway.url).responses.retrieve(id)).id, id);
});

Deno.test("a stream that breaks is not kept", async () => {
  await using provider = await FakeProvider.start(stream([
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n',
  ], "cut"));
  await using gateway = await startGateway({
    providers: { up: { protocols: { chat: `${provider.url}/v1` } } },
    routing: { retry: { maxAttempts: 1 } },
    ...STORE,
  });
  let id = "";
  await assertRejects(async () => {
    const events = await clientOf(gateway.url).responses.create({
      model: "up/m",
      input: "hi",
      stream: true,
    });
    for await (const event of events) {
      if (event.type === "response.created") id = event.response.id;
    }
  });
  assert(id.startsWith("resp_"));
  await assertRejects(
    () => clientOf(gateway.url).responses.retrieve(id),
    NotFoundError,
  );
});
