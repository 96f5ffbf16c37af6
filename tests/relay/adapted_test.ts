import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { PatchName } from "../../src/config/patch_names.ts";
import type { EditConfig } from "../../src/config/schema.ts";
import type { ProtocolName } from "../../src/exchange/names.ts";
import { wrapProof } from "../../src/protocols/reasoning_envelope.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { requestAdapter } from "../../src/upstream/configured_adapter.ts";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { type Question, TestRelay } from "./harness.ts";

const ANSWERS: { readonly [P in ProtocolName]: string } = {
  chat:
    '{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}',
  messages:
    '{"id":"m","type":"message","role":"assistant","content":[{"type":"text","text":"x"}],"model":"m","stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}',
  responses:
    '{"id":"resp_1","object":"response","status":"completed","model":"m","output":[],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}',
};

interface Setting {
  readonly protocol: ProtocolName;
  readonly patches?: readonly PatchName[];
  readonly edits?: readonly unknown[];
  readonly onLoss?: "header" | "reject";
  readonly includeUsage?: boolean;
}

async function ask(setting: Setting, question: Question) {
  await using provider = await FakeProvider.start(
    answer(200, ANSWERS[setting.protocol]),
  );
  await using relay = new TestRelay([{
    url: setting.protocol === "messages" ? provider.url : `${provider.url}/v1`,
    protocol: setting.protocol,
    provider: {
      includeUsage: setting.includeUsage ?? true,
      adapter: requestAdapter("p0", {
        patches: setting.patches ?? [],
        edits: (setting.edits ?? []).map((edit) => ({
          models: [],
          ...edit as object,
        })) as unknown as EditConfig[],
      }),
    },
  }], { onLoss: setting.onLoss ?? "header" });
  const client = relay.ask(question);
  await client.done;
  const sent = new TextDecoder().decode(provider.requests[0]?.body);
  return { client, sent, calls: provider.requests.length };
}

const ODD =
  '{ "z":1.0,\n "model" : "m", "big":18446744073709551615,"max_tokens":9000, "logit_bias":{"50256":-100,"7":1},' +
  '"esc":"\\u00e9\\ud83d", "messages":[{"role":"developer","content":"h\u00efi","n":1.50}], "user":"u" }';

Deno.test("an edit on the native path changes its field and no other byte", async () => {
  const { sent, client } = await ask({
    protocol: "chat",
    edits: [{ cap: "max_tokens", at: 8192 }, { drop: "user" }, {
      set: "thinking.type",
      value: "disabled",
    }],
  }, { protocol: "chat", body: ODD });
  assertEquals(
    sent,
    ODD.replace('"m"', '"up-model"').replace("9000", "8192").replace(
      ', "user":"u" }',
      ',"thinking":{"type":"disabled"}}',
    ),
  );
  assertEquals(client.header("x-signalbox-losses"), null);
});

Deno.test("edits and patches with nothing to do leave every byte but the model's", async () => {
  const { sent } = await ask({
    protocol: "chat",
    patches: ["azure"],
    edits: [{ drop: "absent" }, { cap: "max_tokens", at: 10_000 }],
  }, { protocol: "chat", body: ODD });
  assertEquals(sent, ODD.replace('"m"', '"up-model"'));
});

Deno.test("a patch on the native path keeps numbers and key order inside what it changes", async () => {
  const { sent, client } = await ask(
    { protocol: "chat", patches: ["deepseek"] },
    { protocol: "chat", body: ODD },
  );
  assertStringIncludes(
    sent,
    '"messages":[{"role":"system","content":"h\u00efi","n":1.50}]',
  );
  assertStringIncludes(sent, '"big":18446744073709551615,"max_tokens":9000');
  assert(!sent.includes("logit_bias"));
  assertEquals(
    client.header("x-signalbox-losses"),
    "logit_bias: the provider does not take it, user: the provider does not take it",
  );
});

Deno.test("a patch's loss is a 400 that names the field where losses are refused", async () => {
  const { client, calls } = await ask(
    { protocol: "chat", patches: ["deepseek"], onLoss: "reject" },
    { protocol: "chat", body: ODD },
  );
  assertEquals([client.status, calls], [400, 0]);
  const { error } = JSON.parse(client.body);
  assertEquals(error.param, "logit_bias");
});

Deno.test("patches work on the translated path and speak of fields as the client knows them", async () => {
  const { client, sent } = await ask(
    { protocol: "chat", patches: ["glm"] },
    {
      protocol: "messages",
      body: {
        model: "m",
        max_tokens: 3000,
        messages: [{ role: "user", content: "hi" }],
        thinking: { type: "enabled", budget_tokens: 1024 },
      },
    },
  );
  assertEquals(JSON.parse(sent), {
    model: "up-model",
    messages: [{ role: "user", content: "hi" }],
    max_tokens: 3000,
    thinking: { type: "enabled" },
  });
  assertStringIncludes(
    client.header("x-signalbox-losses") ?? "",
    "thinking: the provider has no levels",
  );
});

Deno.test("thinking that is switched off is said in the provider's words, top_k and cache hints go where they are taken", async () => {
  const { client, sent } = await ask(
    { protocol: "chat", patches: ["qwen"] },
    {
      protocol: "messages",
      body: {
        model: "m",
        max_tokens: 30,
        top_k: 5,
        thinking: { type: "disabled" },
        messages: [{
          role: "user",
          content: [{
            type: "text",
            text: "hi",
            cache_control: { type: "ephemeral" },
          }],
        }],
      },
    },
  );
  const body: JsonObject = JSON.parse(sent);
  assertEquals(body.enable_thinking, false);
  assertEquals(body.top_k, 5);
  assertStringIncludes(sent, '"cache_control":{"type":"ephemeral"}');
  assertEquals(client.header("x-signalbox-losses"), null);
});

Deno.test("what a patch refuses is a 400 in the client's protocol and words", async () => {
  const { client, calls } = await ask(
    { protocol: "chat", patches: ["kimi"] },
    {
      protocol: "messages",
      body: {
        model: "m",
        max_tokens: 30,
        messages: [{ role: "user", content: "hi" }],
        tools: [{ name: "f", input_schema: { type: "object" } }],
        tool_choice: { type: "any" },
      },
    },
  );
  assertEquals([client.status, calls], [400, 0]);
  const body = JSON.parse(client.body);
  assertEquals(body.error.type, "invalid_request_error");
  assertStringIncludes(body.error.message, "tool_choice");
});

Deno.test("a provider that is not to be asked for usage is not asked on either path", async () => {
  for (const protocol of ["chat", "messages"] as const) {
    const { sent } = await ask(
      { protocol: "chat", includeUsage: false },
      {
        protocol,
        body: {
          model: "m",
          stream: true,
          max_tokens: 30,
          messages: [{ role: "user", content: "hi" }],
        },
      },
    );
    assert(!sent.includes("stream_options"), protocol);
  }
});

const FOREIGN = wrapProof(
  { protocol: "chat", provider: "other", model: "m" },
  "proof",
);

function own(protocol: ProtocolName): string {
  return wrapProof(
    { protocol, provider: "p0", model: "up-model" },
    "proof",
    false,
    "rs_1",
  );
}

Deno.test("thinking in envelopes does not reach a native messages provider; its own is opened", async () => {
  const { client, sent } = await ask({ protocol: "messages" }, {
    protocol: "messages",
    body: {
      model: "m",
      max_tokens: 30,
      messages: [{ role: "user", content: "a" }, {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "t", signature: FOREIGN },
          { type: "thinking", thinking: "u", signature: own("messages") },
          { type: "text", text: "b" },
        ],
      }, { role: "user", content: "c" }],
    },
  });
  assertEquals(JSON.parse(sent).messages[1].content, [
    { type: "thinking", thinking: "u", signature: "proof" },
    { type: "text", text: "b" },
  ]);
  assertStringIncludes(
    client.header("x-signalbox-losses") ?? "",
    "messages[1].content[0]",
  );
});

Deno.test("reasoning in envelopes does not reach a native responses provider; its own gets its id back", async () => {
  const { client, sent } = await ask({ protocol: "responses" }, {
    protocol: "responses",
    body: {
      model: "m",
      input: [
        {
          type: "reasoning",
          id: "rs_a",
          summary: [],
          encrypted_content: FOREIGN,
        },
        {
          type: "reasoning",
          id: "rs_b",
          summary: [],
          encrypted_content: own("responses"),
        },
        {
          type: "reasoning",
          id: "rs_c",
          summary: [],
          encrypted_content: "bare",
        },
        { role: "user", content: "c" },
      ],
    },
  });
  const { input } = JSON.parse(sent);
  assertEquals(
    input.slice(0, 2).map((item: JsonObject) => [
      item.id,
      item.encrypted_content,
    ]),
    [["rs_1", "proof"], ["rs_c", "bare"]],
  );
  assertStringIncludes(client.header("x-signalbox-losses") ?? "", "input[0]");
});

Deno.test("reasoning details in envelopes do not reach a native chat provider", async () => {
  const { sent } = await ask({ protocol: "chat" }, {
    protocol: "chat",
    body: {
      model: "m",
      messages: [{
        role: "assistant",
        content: "b",
        reasoning_content: "t",
        reasoning_details: [
          { type: "reasoning.text", text: "t", signature: FOREIGN },
        ],
      }, {
        role: "assistant",
        content: "d",
        reasoning_details: [{ type: "reasoning.encrypted", data: "own" }],
      }],
    },
  });
  const { messages } = JSON.parse(sent);
  assertEquals(messages[0], {
    role: "assistant",
    content: "b",
    reasoning_content: "t",
  });
  assertEquals(messages[1].reasoning_details.length, 1);
});
