import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ProtocolName } from "../../src/exchange/names.ts";
import { ReasoningProofs } from "../../src/simulator/proof.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { askJson, simulator } from "./harness.ts";

const USER = { role: "user", content: "hi" };
const SCHEMA: JsonObject = { type: "object", properties: {} };
const OPEN = { type: "object", properties: { a: { type: "string" } } };
const FUNCTION = {
  type: "function",
  function: { name: "f", parameters: SCHEMA },
};
const CALL = {
  id: "c1",
  type: "function",
  function: { name: "f", arguments: "{}" },
};
const TOOL = { name: "f", input_schema: SCHEMA };
const USE = { type: "tool_use", id: "t1", name: "f", input: {} };
const RESULT = { type: "tool_result", tool_use_id: "t1", content: "r" };
const ITEM_CALL = {
  type: "function_call",
  call_id: "c1",
  name: "f",
  arguments: "{}",
};

/** A wrong body, as fields over a right one, and words of the answer. */
type Case = readonly [JsonObject, string];

const CHAT: readonly Case[] = [
  [{ model: "" }, "model"],
  [{ messages: undefined }, "Missing required parameter: 'messages'"],
  [{ messages: [] }, "empty array"],
  [{ messages: ["hi"] }, "expected an object"],
  [{ messages: [{ role: "robot", content: "x" }] }, "Invalid value: 'robot'"],
  [{ messages: [{ role: "user", content: null }] }, "got null"],
  [{ messages: [{ role: "user", content: 5 }] }, "string or array"],
  [{
    messages: [{ role: "user", content: [{ type: "input_text", text: "x" }] }],
  }, "Invalid value: 'input_text'"],
  [{
    messages: [{
      role: "user",
      content: [{ type: "image_url", image_url: "http://x" }],
    }],
  }, "image_url.url"],
  [
    { messages: [USER, { role: "tool", tool_call_id: "c1", content: "x" }] },
    "must be a response to a preceding message",
  ],
  [
    { messages: [USER, { role: "assistant", tool_calls: [CALL] }, USER] },
    "did not have response messages: c1",
  ],
  [{
    messages: [USER, { role: "assistant", tool_calls: [CALL] }, {
      role: "tool",
      tool_call_id: "c2",
      content: "x",
    }],
  }, "'c2' not found"],
  [
    { messages: [USER, { role: "assistant", content: "x", tool_calls: [] }] },
    "empty array",
  ],
  [{
    messages: [USER, {
      role: "assistant",
      tool_calls: [{ ...CALL, function: { name: "f", arguments: {} } }],
    }],
  }, "function.arguments"],
  [{ max_tokens: 0 }, "below minimum"],
  [{ max_tokens: "many" }, "expected an integer"],
  [{ temperature: 3 }, "above maximum"],
  [{ stop: ["a", "b", "c", "d", "e"] }, "array too long"],
  [{ reasoning_effort: "extreme" }, "Invalid value: 'extreme'"],
  [{ stream_options: { include_usage: true } }, "only allowed when 'stream'"],
  [{ tool_choice: "auto" }, "only allowed when 'tools' are specified"],
  [{ parallel_tool_calls: true }, "only allowed when 'tools' are specified"],
  [{ tools: [FUNCTION], tool_choice: "any" }, "Invalid value: 'any'"],
  [{
    tools: [FUNCTION],
    tool_choice: { type: "function", function: { name: "g" } },
  }, "'g' not found"],
  [{ tools: [FUNCTION], tool_choice: { type: "any" } }, "tool_choice.function"],
  [{ tools: [TOOL] }, "tools[0].type"],
  [{ tools: [{ type: "function", name: "f" }] }, "tools[0].function"],
  [{
    tools: [{ type: "function", function: { name: "bad name" } }],
  }, "does not match pattern"],
  [{
    tools: [{
      type: "function",
      function: { name: "f", parameters: OPEN, strict: true },
    }],
  }, "'additionalProperties' is required"],
  [{
    response_format: { type: "json_schema", json_schema: { schema: SCHEMA } },
  }, "json_schema.name"],
  [{ max_output_tokens: 5 }, "Unrecognized request argument"],
];

const MESSAGES: readonly Case[] = [
  [{ model: undefined }, "model: Field required"],
  [{ max_tokens: undefined }, "max_tokens: Field required"],
  [{ max_tokens: 1.5 }, "valid integer"],
  [{ max_tokens: -1 }, "greater than or equal to 0"],
  [{ messages: undefined }, "messages: Field required"],
  [{ messages: [] }, "at least one message is required"],
  [{ messages: [{ role: "tool", content: "x" }] }, "got 'tool'"],
  [
    { messages: [{ role: "assistant", content: "x" }] },
    'first message must use the "user" role',
  ],
  [
    { messages: [{ role: "user", content: "" }] },
    "text content blocks must be non-empty",
  ],
  [
    { messages: [{ role: "user", content: [{ type: "text", text: "" }] }] },
    "messages.0.content.0: text content blocks must be non-empty",
  ],
  [{ messages: [{ role: "user" }] }, "content: Field required"],
  [{ system: [{ type: "text", text: "" }] }, "must be non-empty"],
  [{ temperature: 1.5 }, "temperature: range: 0..1"],
  [{ stop_sequences: [" "] }, "non-whitespace"],
  [{ tools: [{ name: "f" }] }, "input_schema: Field required"],
  [{ tools: [{ name: "f", input_schema: {} }] }, "Input should be 'object'"],
  [{
    tools: [{ name: "f", input_schema: { type: "object", anyOf: [SCHEMA] } }],
  }, "does not support oneOf, allOf, or anyOf"],
  [{ tools: [{ name: "a b", input_schema: SCHEMA }] }, "match pattern"],
  [{ tools: [TOOL, TOOL] }, "must be unique"],
  [{ tools: [TOOL], tool_choice: "auto" }, "expected tags"],
  [{ tools: [TOOL], tool_choice: { type: "required" } }, "expected tags"],
  [
    { tools: [TOOL], tool_choice: { type: "tool", name: "g" } },
    "'g' not found",
  ],
  [{ tool_choice: { type: "any" } }, "while providing tools"],
  [{
    tools: [TOOL],
    tool_choice: { type: "none", disable_parallel_tool_use: true },
  }, "Extra inputs"],
  [{ thinking: { type: "enabled" } }, "budget_tokens: Field required"],
  [{ thinking: { type: "enabled", budget_tokens: 100 } }, "equal to 1024"],
  [
    { thinking: { type: "enabled", budget_tokens: 5000 } },
    "must be greater than `thinking.budget_tokens`",
  ],
  [{
    thinking: { type: "enabled", budget_tokens: 1024 },
    temperature: 0.5,
  }, "may only be set to 1"],
  [{ thinking: { type: "enabled", budget_tokens: 1024 }, top_k: 5 }, "top_k"],
  [{
    thinking: { type: "enabled", budget_tokens: 1024 },
    tools: [TOOL],
    tool_choice: { type: "any" },
  }, "forces tool use"],
  [{
    output_config: {
      format: { type: "json_schema", name: "n", schema: SCHEMA },
    },
  }, "output_config.format.name: Extra inputs"],
  [
    { output_config: { format: { type: "json_schema", schema: OPEN } } },
    "'additionalProperties' must be explicitly set to false",
  ],
  [{
    tools: [TOOL],
    messages: [USER, { role: "assistant", content: [USE] }],
  }, "without `tool_result` blocks immediately after: t1"],
  [{
    tools: [TOOL],
    messages: [USER, { role: "assistant", content: [USE] }, {
      role: "user",
      content: [{ type: "text", text: "first" }, RESULT],
    }],
  }, "without `tool_result` blocks immediately after: t1"],
  [
    { tools: [TOOL], messages: [{ role: "user", content: [RESULT] }] },
    "unexpected `tool_use_id` found in `tool_result` blocks: t1",
  ],
  [{
    tools: [TOOL],
    messages: [USER, { role: "assistant", content: [USE] }, {
      role: "user",
      content: [RESULT, RESULT],
    }],
  }, "single result"],
  [{
    messages: [USER, { role: "assistant", content: [USE] }, {
      role: "user",
      content: [RESULT],
    }],
  }, "must define tools"],
  [{
    tools: [TOOL],
    messages: [USER, {
      role: "assistant",
      content: [{ ...USE, id: "functions.f:0" }],
    }],
  }, "tool_use.id: String should match pattern"],
  [{
    tools: [TOOL],
    messages: [USER, { role: "assistant", content: [{ ...USE, input: "{}" }] }],
  }, "tool_use.input: Input should be a valid dictionary"],
  [{
    messages: [{
      role: "user",
      content: [{
        type: "image",
        source: { type: "base64", media_type: "image/bmp", data: "AA==" },
      }],
    }],
  }, "media_type"],
  [{
    messages: [{
      role: "user",
      content: [{
        type: "image",
        source: {
          type: "base64",
          media_type: "image/png",
          data: "data:image/png;base64,AA==",
        },
      }],
    }],
  }, "Invalid base64 data"],
  [{
    system: [1, 2, 3, 4, 5].map((n) => ({
      type: "text",
      text: `s${n}`,
      cache_control: { type: "ephemeral" },
    })),
  }, "maximum of 4 blocks"],
  [{ response_format: { type: "json_object" } }, "Extra inputs"],
  [{
    messages: [USER, {
      role: "assistant",
      content: [{ type: "thinking", thinking: "hm", signature: "c2ln" }, {
        type: "text",
        text: "x",
      }],
    }],
  }, "messages.1.content.0: Invalid signature in thinking block"],
  [{
    messages: [USER, {
      role: "assistant",
      content: [{ type: "redacted_thinking", data: "Zm9yZWlnbg==" }],
    }],
  }, "Invalid data in redacted_thinking block"],
];

const RESPONSES: readonly Case[] = [
  [{ model: 5 }, "model"],
  [{ input: undefined }, "Missing required parameter: 'input'"],
  [{ input: [] }, "Missing required parameter: 'input'"],
  [{ input: 5 }, "string or array"],
  [{ input: ["x"] }, "expected an object"],
  [{ input: [{ type: "tool_use" }] }, "Invalid value: 'tool_use'"],
  [{ input: [{ role: "tool", content: "x" }] }, "Invalid value: 'tool'"],
  [{
    input: [{
      role: "assistant",
      content: [{ type: "input_text", text: "x" }],
    }],
  }, "Supported values are: 'output_text', 'refusal'"],
  [{
    input: [{ role: "user", content: [{ type: "text", text: "x" }] }],
  }, "Invalid value: 'text'"],
  [{
    input: [{
      role: "user",
      content: [{ type: "input_image", image_url: { url: "http://x" } }],
    }],
  }, "got an object"],
  [{ input: [USER, ITEM_CALL] }, "No tool output found for function call c1"],
  [{
    input: [USER, {
      type: "function_call_output",
      call_id: "c9",
      output: "x",
    }],
  }, "No tool call found for function call output with call_id c9"],
  [
    { input: [{ ...ITEM_CALL, id: "call_1" }] },
    "Expected an ID that begins with 'fc'",
  ],
  [{ input: [{ ...ITEM_CALL, arguments: {} }] }, "input[0].arguments"],
  [{ max_output_tokens: 5 }, ">= 16"],
  [{ previous_response_id: "resp_1" }, "'resp_1' not found"],
  [{ tools: [FUNCTION] }, "tools[0].name"],
  [{
    tools: [{
      type: "function",
      name: "f",
      parameters: { ...OPEN, additionalProperties: false },
      strict: true,
    }],
  }, "Missing 'a'"],
  [{ tool_choice: "required" }, "must be specified with 'tools'"],
  [{
    tools: [{ type: "function", name: "f", parameters: null }],
    tool_choice: { type: "function", function: { name: "f" } },
  }, "tool_choice.name"],
  [
    { text: { format: { type: "json_schema", schema: SCHEMA } } },
    "format.name",
  ],
  [{ reasoning: { summary: "long" } }, "Invalid value: 'long'"],
  [{ messages: [USER] }, "Unknown parameter: 'messages'"],
  [{ stop: ["x"] }, "Unknown parameter: 'stop'"],
  [{
    input: [{ type: "reasoning", summary: [], encrypted_content: "Zm9v" }],
  }, "could not be decrypted"],
];

const RIGHT: Record<ProtocolName, JsonObject> = {
  chat: { model: "any", messages: [USER] },
  messages: { model: "any", max_tokens: 4000, messages: [USER] },
  responses: { model: "any", input: [USER] },
};

function refusalTests(protocol: ProtocolName, cases: readonly Case[]): void {
  Deno.test(`createSimulator() refuses ${cases.length} wrong bodies in the words of ${protocol}`, async () => {
    const right = await askJson(simulator(), protocol, RIGHT[protocol]);
    assertEquals(right.status, 200);
    for (const [fields, words] of cases) {
      const body = { ...RIGHT[protocol], ...fields };
      const reply = await askJson(simulator(), protocol, body);
      const { error, type } = reply.body as { error: JsonObject; type: string };
      assertEquals(reply.status, 400, JSON.stringify(fields));
      assertStringIncludes(`${error.message} ${error.param}`, words);
      assertEquals(error.type, "invalid_request_error");
      assertEquals(type, protocol === "messages" ? "error" : undefined);
      assertEquals("param" in error, protocol !== "messages");
    }
  });
}

refusalTests("chat", CHAT);
refusalTests("messages", MESSAGES);
refusalTests("responses", RESPONSES);

Deno.test("createSimulator() takes what the official providers take", async () => {
  const bodies: readonly (readonly [ProtocolName, JsonObject])[] = [
    ["messages", { max_tokens: 0 }],
    ["messages", { messages: [USER, USER, { role: "system", content: "s" }] }],
    ["messages", {
      tools: [TOOL, { type: "web_search_20250305", name: "web_search" }],
      messages: [USER, { role: "assistant", content: [USE] }, {
        role: "user",
        content: [RESULT, { type: "text", text: "and?" }],
      }],
    }],
    ["chat", { messages: [{ role: "developer", content: "d" }, USER] }],
    ["chat", { top_k: 5, thinking: { type: "enabled" } }],
    ["chat", {
      messages: [
        USER,
        { role: "assistant", tool_calls: [CALL], reasoning_content: "hm" },
        { role: "tool", tool_call_id: "c1", content: "x" },
        USER,
      ],
    }],
    ["responses", { input: "text", tools: [{ type: "web_search" }] }],
    ["responses", {
      input: [USER, ITEM_CALL, {
        type: "function_call_output",
        call_id: "c1",
        output: [{ type: "input_text", text: "x" }],
      }],
    }],
    ["responses", { tool_choice: "auto", parallel_tool_calls: true }],
  ];
  for (const [protocol, fields] of bodies) {
    const body = { ...RIGHT[protocol], ...fields };
    const reply = await askJson(simulator(), protocol, body);
    assertEquals(reply.status, 200, JSON.stringify(reply.body));
  }
});

// deno-lint-ignore no-explicit-any -- answers are read as loosely as clients read them
type Loose = any;

Deno.test("createSimulator() knows its own thinking again and refuses that of another seed or with another text", async () => {
  const body: JsonObject = {
    ...RIGHT.messages,
    thinking: { type: "enabled", budget_tokens: 1024 },
  };
  const first = await askJson(simulator({ seed: 1 }), "messages", body);
  const { content } = first.body as Loose;
  const replay = async (blocks: Loose, seed: number) => {
    const messages = [USER, { role: "assistant", content: blocks }, USER];
    const reply = await askJson(simulator({ seed }), "messages", {
      ...body,
      messages,
    });
    return reply.status;
  };
  assertEquals(await replay(content, 1), 200);
  assertEquals(await replay(content, 2), 400);
  const [thinking, text] = content;
  const altered = { ...thinking, thinking: `${thinking.thinking} Or not.` };
  assertEquals(await replay([altered, text], 1), 400);
});

Deno.test("createSimulator() knows its own reasoning items again, by payload and by id, and refuses others", async () => {
  const body: JsonObject = {
    model: "any",
    reasoning: { effort: "low", summary: "auto" },
    include: ["reasoning.encrypted_content"],
  };
  const first = await askJson(simulator({ seed: 1 }), "responses", {
    ...body,
    input: [USER],
  });
  const [reasoning, message] = (first.body as Loose).output;
  const { encrypted_content: payload, ...bare } = reasoning;
  const replay = (item: Loose, seed = 1, next: Loose[] = [message]) =>
    askJson(simulator({ seed }), "responses", {
      ...body,
      input: [USER, item, ...next, USER],
    });
  assertEquals((await replay(reasoning)).status, 200);
  assertEquals((await replay(bare)).status, 200);
  assertEquals((await replay(reasoning, 2)).status, 400);
  assertEquals((await replay(bare, 2)).status, 404);
  const moved = await replay({ ...reasoning, id: "rs_other" });
  assertEquals(moved.status, 400);
  assertStringIncludes(
    JSON.stringify(moved.body),
    "item_id did not match the target item id",
  );
  const changed = `${payload.slice(0, -8)}AAAAAAA=`;
  const broken = await replay({ ...reasoning, encrypted_content: changed });
  assertEquals(broken.status, 400);
  const alone = await replay(bare, 1, []);
  assertEquals(alone.status, 400);
  assertStringIncludes(
    JSON.stringify(alone.body),
    "without its required following item",
  );
});

Deno.test("ReasoningProofs tells its own proofs from all others", () => {
  const own = new ReasoningProofs(1);
  const other = new ReasoningProofs(2);
  const signature = own.sign("text", "nonce");
  assert(own.signed("text", signature));
  assert(!own.signed("texts", signature));
  assert(!other.signed("text", signature));
  assert(!own.signed("text", ""));
  const payload = own.seal("größe", "rs_1");
  assertEquals(own.sealed(payload, "rs_1"), "own");
  assertEquals(own.sealed(payload, null), "own");
  assertEquals(own.sealed(payload, "rs_2"), "other-item");
  assertEquals(other.sealed(payload, "rs_1"), "foreign");
  assertEquals(own.sealed("", null), "foreign");
  assert(!payload.includes("größe"));
  const id = own.itemId("rs", "abc");
  assert(own.ownId("rs", id) && !other.ownId("rs", id));
  assert(!own.ownId("rs", "rs_"));
});
