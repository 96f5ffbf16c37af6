import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { PATCH_NAMES, type PatchName } from "../../src/config/patch_names.ts";
import { RequestError } from "../../src/exchange/gateway_error.ts";
import type { AdaptedCall } from "../../src/providers/request_adapter.ts";
import type { JsonObject, JsonValue } from "../../src/support/json.ts";
import {
  patchedAuth,
  requestAdapter,
} from "../../src/upstream/configured_adapter.ts";

const CALL: AdaptedCall = {
  protocol: "chat",
  operation: "generate",
  model: "some-model",
  stream: true,
};

function patched(
  name: PatchName,
  body: JsonObject,
  call: Partial<AdaptedCall> = {},
) {
  const adapter = requestAdapter("p", { patches: [name], edits: [] });
  return adapter.adapt(body, { ...CALL, ...call });
}

interface Case {
  readonly patch: PatchName;
  readonly model?: string;
  readonly stream?: boolean;
  readonly sent: JsonObject;
  readonly becomes: JsonObject;
  readonly losses?: readonly string[];
}

const TOOL = { type: "function", function: { name: "f", strict: true } };
const PLAIN_TOOL = { type: "function", function: { name: "f" } };
const CALLED: JsonObject = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "call_1", type: "function", function: { name: "f" } }],
};

const CASES: readonly Case[] = [
  {
    patch: "glm",
    sent: {
      messages: [{ role: "developer", content: "x" }],
      max_completion_tokens: 5,
      reasoning_effort: "high",
      user: "u",
      seed: 1,
      store: false,
      parallel_tool_calls: false,
      response_format: { type: "json_schema", json_schema: {} },
    },
    becomes: {
      messages: [{ role: "system", content: "x" }],
      max_tokens: 5,
      user_id: "u",
      thinking: { type: "enabled" },
      response_format: { type: "json_object" },
    },
    losses: ["response_format", "reasoning_effort", "seed"],
  },
  {
    patch: "glm",
    sent: { tools: [TOOL], tool_choice: "none", reasoning_effort: "none" },
    becomes: { thinking: { type: "disabled" } },
  },
  {
    patch: "qwen",
    sent: {
      reasoning_effort: "medium",
      tools: [TOOL],
      tool_choice: "auto",
      top_k: 4,
      max_tokens: 9,
    },
    becomes: {
      enable_thinking: true,
      thinking_budget: 8192,
      tools: [PLAIN_TOOL],
      tool_choice: "auto",
      top_k: 4,
      max_tokens: 9,
    },
    losses: ["tools[0].function.strict"],
  },
  {
    patch: "qwen",
    model: "Qwen/qwen3-32b",
    stream: false,
    sent: {},
    becomes: { enable_thinking: false },
  },
  {
    patch: "qwen",
    model: "qwen3-32b",
    sent: { reasoning_effort: "none" },
    becomes: { enable_thinking: false },
  },
  {
    patch: "deepseek",
    sent: {
      messages: [
        { role: "user", content: "x" },
        { ...CALLED, reasoning_content: "because" },
        { role: "tool", tool_call_id: "call_1", content: "r" },
        { role: "assistant", content: "done" },
      ],
      reasoning_effort: "medium",
    },
    becomes: {
      messages: [
        { role: "user", content: "x" },
        { ...CALLED, reasoning_content: "because" },
        { role: "tool", tool_call_id: "call_1", content: "r" },
        { role: "assistant", content: "done", reasoning_content: "" },
      ],
      thinking: { type: "enabled" },
    },
  },
  {
    patch: "deepseek",
    sent: {
      messages: [{ role: "assistant", content: "done" }],
      n: 1,
      metadata: {},
    },
    becomes: { messages: [{ role: "assistant", content: "done" }] },
  },
  {
    patch: "openrouter",
    sent: { usage: { other: 1 }, provider: { order: ["a"] } },
    becomes: { usage: { other: 1, include: true }, provider: { order: ["a"] } },
  },
  {
    patch: "openrouter",
    sent: { usage: { include: false } },
    becomes: { usage: { include: false } },
  },
  {
    patch: "groq",
    sent: {
      max_tokens: 7,
      logit_bias: { "1": 2 },
      logprobs: false,
      messages: [
        { role: "user", name: "ann", content: "x" },
        {
          role: "assistant",
          content: "y",
          reasoning: "r",
          reasoning_content: "r",
        },
      ],
    },
    becomes: {
      max_completion_tokens: 7,
      messages: [{ role: "user", content: "x" }, {
        role: "assistant",
        content: "y",
        reasoning: "r",
      }],
    },
    losses: ["messages[0].name", "logit_bias"],
  },
  {
    patch: "groq",
    model: "qwen/qwen3-32b",
    sent: { reasoning_effort: "high" },
    becomes: { reasoning_effort: "default", reasoning_format: "parsed" },
    losses: ["reasoning_effort"],
  },
  {
    patch: "ollama",
    sent: {
      tools: [TOOL],
      tool_choice: "auto",
      max_completion_tokens: 3,
      user: "u",
      parallel_tool_calls: true,
    },
    becomes: { tools: [PLAIN_TOOL], max_tokens: 3 },
    losses: ["tools[0].function.strict", "user"],
  },
  {
    patch: "vllm",
    sent: { reasoning_effort: "none", min_p: 0.1, guided_json: {} },
    becomes: {
      min_p: 0.1,
      guided_json: {},
      chat_template_kwargs: { enable_thinking: false },
    },
  },
  {
    patch: "vllm",
    sent: { reasoning_effort: "xhigh", chat_template_kwargs: { a: 1 } },
    becomes: {
      reasoning_effort: "high",
      chat_template_kwargs: { a: 1, enable_thinking: true },
    },
    losses: ["reasoning_effort"],
  },
  {
    patch: "gemini-openai",
    model: "gemini-3-pro-preview",
    sent: {
      messages: [CALLED],
      frequency_penalty: 0,
      presence_penalty: 1,
      store: true,
    },
    becomes: {
      messages: [{
        ...CALLED,
        tool_calls: [{
          id: "call_1",
          type: "function",
          function: { name: "f" },
          extra_content: {
            google: { thought_signature: "skip_thought_signature_validator" },
          },
        }],
      }],
    },
    losses: ["presence_penalty", "store"],
  },
  {
    patch: "gemini-openai",
    model: "gemini-2.5-flash",
    sent: { messages: [CALLED], reasoning_effort: "max" },
    becomes: { messages: [CALLED], reasoning_effort: "high" },
    losses: ["reasoning_effort"],
  },
  {
    patch: "kimi",
    model: "kimi-k2.5",
    sent: {
      temperature: 1.5,
      messages: [{
        ...CALLED,
        tool_calls: [{ id: "functions.f:0", type: "function" }],
      }, { role: "tool", tool_call_id: "functions.f:0", content: "r" }],
    },
    becomes: {
      temperature: 1,
      messages: [{
        ...CALLED,
        tool_calls: [{ id: "functions.f:0", type: "function" }],
        reasoning_content: " ",
      }, { role: "tool", tool_call_id: "functions.f:0", content: "r" }],
    },
    losses: ["temperature"],
  },
  {
    patch: "kimi",
    model: "kimi-k2.5",
    sent: { messages: [CALLED], reasoning_effort: "none" },
    becomes: { messages: [CALLED], thinking: { type: "disabled" } },
  },
  {
    patch: "mistral",
    sent: {
      stream_options: { include_usage: true },
      seed: 4,
      tool_choice: "required",
      reasoning_effort: "high",
      messages: [{ role: "assistant", content: "y", reasoning_content: "r" }],
    },
    becomes: {
      tool_choice: "any",
      reasoning_effort: "high",
      random_seed: 4,
      messages: [{ role: "assistant", content: "y" }],
    },
  },
  {
    patch: "xai",
    model: "grok-4-0709",
    sent: {
      presence_penalty: 1,
      frequency_penalty: 0,
      reasoning_effort: "low",
    },
    becomes: {},
    losses: ["reasoning_effort", "presence_penalty"],
  },
  {
    patch: "xai",
    model: "grok-3",
    sent: { presence_penalty: 1, stop: ["x"] },
    becomes: { presence_penalty: 1, stop: ["x"] },
  },
  {
    patch: "azure",
    sent: { max_completion_tokens: 4, store: true },
    becomes: { max_completion_tokens: 4, store: true },
  },
  {
    patch: "minimax",
    sent: { temperature: 2, reasoning_split: false },
    becomes: { temperature: 1, reasoning_split: false },
    losses: ["temperature"],
  },
  { patch: "minimax", sent: {}, becomes: { reasoning_split: true } },
];

for (const [index, one] of CASES.entries()) {
  const { patch, model = "some-model", stream = true } = one;
  Deno.test(`patch ${patch}, case ${index + 1}: what goes over the wire and what is lost`, () => {
    const { body, losses } = patched(patch, one.sent, { model, stream });
    assertEquals(body, one.becomes);
    assertEquals(losses.map((loss) => loss.field), one.losses ?? []);
  });
}

const REFUSED: readonly [PatchName, JsonObject, string][] = [
  ["glm", { tool_choice: "required" }, "tool_choice"],
  ["glm", { tool_choice: { type: "function" } }, "tool_choice"],
  ["qwen", { tool_choice: "required" }, "tool_choice"],
  ["kimi", { tool_choice: "required" }, "tool_choice"],
  ["ollama", { tool_choice: "required" }, "tool_choice"],
  ["groq", { n: 2 }, "n"],
  ["groq", { logprobs: true }, "logprobs"],
  ["mistral", { top_logprobs: 3 }, "top_logprobs"],
  ["deepseek", { n: 3 }, "n"],
  ["ollama", {
    messages: [{
      role: "user",
      content: [{ type: "image_url", image_url: { url: "https://a/b.png" } }],
    }],
  }, "messages[0].content[0]"],
];

for (const [patch, body, field] of REFUSED) {
  Deno.test(`patch ${patch} refuses ${JSON.stringify(body)} with a 400 that names ${field}`, () => {
    const error = assertThrows(() => patched(patch, body), RequestError);
    assertEquals(error.error.status, 400);
    assertEquals(error.error.param, field);
    assertMatch(error.message, /^Cannot send .+ to p\/some-model: /);
  });
}

Deno.test("patch xai refuses stop sequences for reasoning models alone", () => {
  assertThrows(
    () => patched("xai", { stop: ["x"] }, { model: "grok-4" }),
    RequestError,
  );
});

Deno.test("every patch leaves a plain request as it is but for its defaults", () => {
  const plain: JsonObject = {
    model: "m",
    messages: [{ role: "system", content: "s" }, {
      role: "user",
      content: "u",
    }],
    temperature: 0.5,
    tools: [PLAIN_TOOL],
  };
  for (const name of PATCH_NAMES) {
    const { body, losses } = patched(name, plain);
    assertEquals(losses, [], name);
    for (const [field, value] of Object.entries(plain)) {
      assert(body[field] === value, `${name} copies ${field}`);
    }
  }
});

Deno.test("patches are for Chat Completions and for generation", () => {
  const body: JsonObject = { max_completion_tokens: 3, reasoning_split: null };
  for (const name of PATCH_NAMES) {
    for (
      const call of [
        { protocol: "messages" },
        { protocol: "responses" },
        { operation: "embeddings" },
      ] as const
    ) {
      assert(patched(name, body, call).body === body, name);
    }
  }
});

Deno.test("patch mistral gives every foreign call id nine characters, the same for call and result, in every request", () => {
  const ids = ["call_1", "call_2", "abcDEF123", "functions.f:0"];
  const body: JsonObject = {
    messages: [
      { role: "assistant", tool_calls: ids.map((id) => ({ id })) },
      ...ids.map((id) => ({ role: "tool", tool_call_id: id })),
    ],
  };
  const first = patched("mistral", body).body.messages as JsonObject[];
  const calls = (first[0]?.tool_calls as JsonObject[]).map((call) => call.id);
  assertEquals(first.slice(1).map((message) => message.tool_call_id), calls);
  assertEquals(new Set(calls).size, ids.length);
  for (const id of calls) assertMatch(String(id), /^[A-Za-z0-9]{9}$/);
  assertEquals(calls[2], "abcDEF123");
  const second = patched("mistral", body).body.messages as JsonValue[];
  assertEquals(second, first);
});

Deno.test("the dialect says what the translation may add", () => {
  const dialect = (name: PatchName, model = "m") =>
    requestAdapter("p", { patches: [name], edits: [] }).dialect("chat", model);
  const taking = (field: "cacheControl" | "topK" | "stopsThinking") =>
    PATCH_NAMES.filter((name) => dialect(name)[field]);
  assertEquals(taking("cacheControl"), ["qwen", "openrouter"]);
  assertEquals(taking("topK"), ["qwen", "openrouter", "ollama", "vllm"]);
  assertEquals(taking("stopsThinking"), [
    "glm",
    "qwen",
    "deepseek",
    "vllm",
    "gemini-openai",
    "kimi",
    "mistral",
  ]);
  assertEquals(dialect("kimi", "moonshot-v1-8k").stopsThinking, false);
});

Deno.test("patchedAuth() lets azure send its keys as api-key", () => {
  assertEquals(patchedAuth(["openrouter", "azure"]), "api-key");
  assertEquals(patchedAuth(["glm"]), null);
});
