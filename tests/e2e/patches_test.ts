/** Patches, edits and onLoss from the config file to the wire. @module */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { startGateway } from "./gateway.ts";

const ANSWER =
  '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}';

async function startPair(section: Record<string, unknown>) {
  const provider = await FakeProvider.start(answer(200, ANSWER));
  const gateway = await startGateway({
    providers: {
      up: { protocols: { chat: `${provider.url}/v1` }, ...section },
    },
    models: {
      strict: { targets: ["up/glm-4.6"], onLoss: "reject" },
      loose: { targets: ["up/glm-4.6"] },
      other: { targets: ["up/other"] },
    },
    routing: { onLoss: "header", retry: { maxAttempts: 1 } },
  }, { UP_KEY: "key-of-the-provider" });
  return {
    provider,
    ask: (body: Record<string, unknown>, path = "/v1/chat/completions") =>
      fetch(gateway.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          messages: [{ role: "user", content: "hi" }],
          ...body,
        }),
      }),
    sent: (index: number) =>
      JSON.parse(new TextDecoder().decode(provider.requests[index]?.body)),
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

Deno.test("patches and edits of the config reach the wire, patches first, edits for their models alone", async () => {
  await using pair = await startPair({
    patches: ["glm"],
    edits: [
      { cap: "max_tokens", at: 100 },
      { set: "thinking.type", value: "disabled", models: ["glm-*"] },
      { default: "temperature", value: 0.5, models: ["other"] },
    ],
  });
  const asked = { max_completion_tokens: 500, reasoning_effort: "medium" };
  await (await pair.ask({ model: "loose", ...asked })).body?.cancel();
  await (await pair.ask({ model: "other", ...asked })).body?.cancel();
  const messages = [{ role: "user", content: "hi" }];
  assertEquals(pair.sent(0), {
    messages,
    model: "glm-4.6",
    max_tokens: 100,
    thinking: { type: "disabled" },
  });
  assertEquals(pair.sent(1), {
    messages,
    model: "other",
    max_tokens: 100,
    thinking: { type: "enabled" },
    temperature: 0.5,
  });
});

Deno.test("onLoss of an alias wins over the config's: one is a 400 that names the field, the other a header", async () => {
  await using pair = await startPair({ patches: ["glm"] });
  const refused = await pair.ask({ model: "strict", seed: 4 });
  assertEquals(refused.status, 400);
  const { error } = await refused.json();
  assertEquals(error.param, "seed");
  assertStringIncludes(error.message, "up/glm-4.6");
  assertEquals(pair.provider.requests.length, 0);
  const passed = await pair.ask({ model: "loose", seed: 4 });
  await passed.body?.cancel();
  assertEquals(
    passed.headers.get("x-signalbox-losses"),
    "seed: the provider does not take it",
  );
  const translated = await pair.ask({
    model: "strict",
    max_tokens: 10,
    top_k: 3,
  }, "/v1/messages");
  assertEquals(translated.status, 400);
  assertStringIncludes((await translated.json()).error.message, "top_k");
});

Deno.test("patch azure sends keys as api-key unless the config says how", async () => {
  for (
    const [auth, header] of [
      [{}, "api-key"],
      [{ auth: "bearer" }, "authorization"],
    ] as const
  ) {
    await using pair = await startPair({
      patches: ["azure"],
      keys: ["${env:UP_KEY}"],
      query: { "api-version": "2026-01-01" },
      ...auth,
    });
    await (await pair.ask({ model: "loose" })).body?.cancel();
    const [request] = pair.provider.requests;
    assertStringIncludes(request?.header(header) ?? "", "key-of-the-provider");
    assertEquals(
      request?.target,
      "/v1/chat/completions?api-version=2026-01-01",
    );
  }
});
