import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RequestError } from "../../../src/exchange/gateway_error.ts";
import { UNKNOWN_CAPABILITIES } from "../../../src/exchange/capabilities.ts";
import {
  type CanonicalRequest,
  NO_SAMPLING,
  textBlock,
} from "../../../src/protocols/canonical.ts";
import { wrapProof } from "../../../src/protocols/reasoning_envelope.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import type { JsonObject, JsonValue } from "../../../src/support/json.ts";
import { request, target } from "./fixtures.ts";
import { withoutPlaces, withPlaces } from "../places.ts";
import { plainRequest } from "../plain_request.ts";

function encode(overrides: Partial<CanonicalRequest>, profile = target()) {
  return responses.encodeRequest(withPlaces(plainRequest(overrides)), profile);
}

function decode(body: JsonObject): CanonicalRequest {
  return responses.decodeRequest({ model: "m", input: "hi", ...body });
}

function refusal(action: () => unknown): { param: unknown; message: string } {
  const { error } = assertThrows(action, RequestError);
  assertEquals(error.status, 400);
  return { param: error.param, message: error.message };
}

Deno.test("encodeRequest() and decodeRequest() are inverse on everything the protocol can say", () => {
  fc.assert(
    fc.property(request(), (value) => {
      const encoded = responses.encodeRequest(
        value,
        target({ model: value.model }),
      );
      assertEquals(encoded.losses, []);
      const body = JSON.parse(JSON.stringify(encoded.body)) as JsonObject;
      assertEquals(withoutPlaces(responses.decodeRequest(body)), value);
    }),
    { numRuns: 10_000, seed: 20261121 },
  );
});

Deno.test("decodeRequest() takes a string and messages without a type", () => {
  assertEquals(decode({}).turns, [
    { role: "user", blocks: [textBlock("hi")] },
  ]);
  const { turns } = decode({
    input: [
      { role: "user", content: "a" },
      { role: "user", content: [{ type: "input_text", text: "b" }] },
      { role: "assistant", content: "c" },
    ],
  });
  assertEquals(turns, [
    { role: "user", blocks: [textBlock("a")] },
    { role: "user", blocks: [textBlock("b")] },
    { role: "assistant", blocks: [textBlock("c")] },
  ]);
});

Deno.test("decodeRequest() keeps reasoning, text and calls in one assistant turn", () => {
  const { turns } = decode({
    input: [
      { role: "user", content: "weather?" },
      {
        type: "reasoning",
        id: "rs_1",
        summary: [
          { type: "summary_text", text: "one" },
          { type: "summary_text", text: "two" },
        ],
        encrypted_content: "blob",
      },
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "let me see" }],
      },
      {
        type: "function_call",
        id: "fc_1",
        call_id: "call_1",
        name: "weather",
        arguments: '{"city":"Oslo"}',
      },
      {
        type: "custom_tool_call",
        call_id: "call_2",
        name: "sh",
        input: "ls",
      },
      { type: "function_call_output", call_id: "call_1", output: "rain" },
      { type: "custom_tool_call_output", call_id: "call_2", output: "" },
      { role: "user", content: "and?" },
    ],
  });
  assertEquals(turns.map((turn) => turn.role), [
    "user",
    "assistant",
    "tool",
    "user",
  ]);
  assertEquals(turns[1]?.blocks.map((block) => block.type), [
    "reasoning",
    "text",
    "tool-call",
    "tool-call",
  ]);
  assertEquals(turns[1]?.blocks[0], {
    type: "reasoning",
    text: "one\n\ntwo",
    proof: "blob",
    redacted: false,
    itemId: "rs_1",
    origin: null,
  });
  assertEquals(turns[2]?.blocks.length, 2);
});

Deno.test("decodeRequest() opens the envelope of a foreign proof", () => {
  const origin = {
    protocol: "messages",
    provider: "anthropic",
    model: "claude-opus-5",
  } as const;
  const { turns } = decode({
    input: [{
      type: "reasoning",
      id: "rs_9",
      summary: [],
      encrypted_content: wrapProof(origin, "sig", true),
    }],
  });
  assertEquals(turns[0]?.blocks[0], {
    type: "reasoning",
    text: "",
    proof: "sig",
    redacted: true,
    itemId: null,
    origin,
  });
});

Deno.test("decodeRequest() keeps what only the protocol can say where encoders of others refuse it", () => {
  const value = decode({
    input: [{ type: "item_reference", id: "msg_7" }, { id: "msg_8" }],
    previous_response_id: "resp_1",
    conversation: "conv_1",
    prompt: { id: "p" },
    background: true,
    max_tool_calls: 3,
    truncation: null,
    tools: [{ type: "web_search" }],
    tool_choice: { type: "web_search" },
    reasoning: { effort: "low", context: "all_turns" },
  });
  assertEquals(value.native.responses, {
    previous_response_id: "resp_1",
    conversation: "conv_1",
    prompt: { id: "p" },
    background: true,
    max_tool_calls: 3,
    tool_choice: { type: "web_search" },
    item_reference: ["msg_7", "msg_8"],
    reasoning: { context: "all_turns" },
  });
  assertEquals(value.toolChoice, null);
  assertEquals(value.tools, [
    { kind: "native", protocol: "responses", value: { type: "web_search" } },
  ]);
  const { body } = responses.encodeRequest(value, target());
  assertEquals(body.tool_choice, { type: "web_search" });
  assertEquals(body.reasoning, { context: "all_turns", effort: "low" });
  assertEquals(body.item_reference, undefined);
  assertEquals(body.input, [{ type: "item_reference", id: "msg_7" }, {
    id: "msg_8",
  }]);
});

Deno.test("decodeRequest() names the field that is wrong", () => {
  const cases: [JsonObject, string][] = [
    [{ input: null }, "input"],
    [{ input: 7 }, "input"],
    [{ model: 7 }, "model"],
    [{ stream: "yes" }, "stream"],
    [{ input: ["x"] }, "input[0]"],
    [{ input: [{ role: "robot", content: "" }] }, "input[0].role"],
    [{ input: [{ type: "function_call", name: "f" }] }, "input[0].call_id"],
    [{
      input: [{ role: "user", content: [{ type: "input_audio" }] }],
    }, "input[0].content[0].type"],
    [{
      input: [{ role: "user", content: [{ type: "input_image" }] }],
    }, "input[0].content[0].image_url"],
    [{
      input: [{
        role: "user",
        content: [{ type: "input_image", image_url: "ftp://x/y.png" }],
      }],
    }, "input[0].content[0].image_url"],
    [{
      input: [{ role: "user", content: [{ type: "input_file" }] }],
    }, "input[0].content[0].file_data"],
    [{ tools: [{ type: "function" }] }, "tools[0].name"],
    [{ tools: {} }, "tools"],
    [{ tool_choice: "any" }, "tool_choice"],
    [{ text: { format: { type: "xml" } } }, "text.format.type"],
    [{ text: { format: { type: "json_schema" } } }, "text.format.schema"],
    [{ temperature: "hot" }, "temperature"],
    [{ metadata: [] }, "metadata"],
    [{ max_output_tokens: 0 }, "max_output_tokens"],
    [{
      input: [{ role: "user", content: [{ type: "input_text" }] }],
    }, "input[0].content[0].text"],
  ];
  for (const [body, param] of cases) {
    assertEquals(refusal(() => decode(body)).param, param);
  }
});

Deno.test("encodeRequest() stores nothing and is not strict unless asked", () => {
  const tools = [{
    kind: "function",
    name: "f",
    description: null,
    parameters: null,
    strict: null,
    cache: null,
  }] as const;
  const { body } = encode({ tools });
  assertEquals(body.store, false);
  assertEquals(body.tools, [
    { type: "function", name: "f", parameters: null, strict: false },
  ]);
  assertEquals(encode({ store: true }).body.store, true);
});

Deno.test("encodeRequest() says nothing of tools where there are none", () => {
  const { body } = encode({
    toolChoice: { kind: "auto" },
    parallelToolCalls: false,
  });
  for (const field of ["tools", "tool_choice", "parallel_tool_calls"]) {
    assert(!(field in body), field);
  }
});

Deno.test("encodeRequest() raises the output limit to what the API takes, as a loss", () => {
  const { body, losses } = encode({ maxOutputTokens: 5 });
  assertEquals(body.max_output_tokens, 16);
  assertEquals(losses.map((loss) => loss.field), ["max_tokens"]);
});

Deno.test("encodeRequest() refuses what may not be dropped, naming field and fix", () => {
  const native = (chat: JsonObject) => ({ native: { chat } });
  const cases: [Partial<CanonicalRequest>, string][] = [
    [{ stop: ["END"] }, "stop"],
    [native({ n: 2 }), "n"],
    [native({ audio: { voice: "x" } }), "audio"],
    [native({ modalities: ["text", "audio"] }), "modalities"],
    [{ native: { messages: { container: "c" } } }, "container"],
    [{
      tools: [{
        kind: "native",
        protocol: "messages",
        value: { type: "web_search_20250305", name: "web_search" },
      }],
    }, "tools[0]"],
    [{
      turns: [{
        role: "user",
        blocks: [{
          type: "native",
          protocol: "chat",
          value: { type: "input_audio" },
        }],
      }],
    }, "messages[0].content[0]"],
    [{
      turns: [{
        role: "user",
        blocks: [{
          type: "image",
          source: { kind: "file", fileId: "file-1", protocol: "messages" },
          detail: null,
          cache: null,
        }],
      }],
    }, "messages[0].content[0]"],
  ];
  for (const [overrides, param] of cases) {
    assertEquals(refusal(() => encode(overrides)).param, param);
  }
  assertEquals(encode(native({ n: 1 })).losses, []);
  const forced = target({
    capabilities: { ...UNKNOWN_CAPABILITIES, forcedToolChoice: false },
  });
  const tools = [{
    kind: "custom",
    name: "f",
    description: null,
    format: null,
  }] as const;
  const choice = { tools, toolChoice: { kind: "required" } } as const;
  assertEquals(refusal(() => encode(choice, forced)).param, "tool_choice");
});

Deno.test("encodeRequest() lists what the protocol has no field for", () => {
  const { losses, body } = encode({
    sampling: {
      ...NO_SAMPLING,
      topK: 5,
      seed: 1,
      frequencyPenalty: 0.5,
      presencePenalty: 0.5,
      logitBias: { "50256": -100 },
    },
    serviceTier: "batch",
    turns: [{
      role: "user",
      blocks: [{ ...textBlock("x"), cache: { ttl: "5m" } }],
    }],
    native: { chat: { prediction: { type: "content" } } },
  });
  assertEquals(losses.map((loss) => loss.field).sort(), [
    "cache_control",
    "frequency_penalty",
    "logit_bias",
    "prediction",
    "presence_penalty",
    "seed",
    "service_tier",
    "top_k",
  ]);
  assertEquals(body.service_tier, undefined);
});

Deno.test("encodeRequest() sends the target's own proof with its id, and drops foreign reasoning as a loss", () => {
  const block = (provider: string, model: string) => ({
    type: "reasoning" as const,
    text: "thought",
    proof: "blob",
    redacted: false,
    itemId: "rs_1",
    origin: { protocol: "responses" as const, provider, model },
  });
  const turns = (provider: string, model: string) => ({
    turns: [
      { role: "user" as const, blocks: [textBlock("q")] },
      {
        role: "assistant" as const,
        blocks: [block(provider, model), textBlock("a")],
      },
    ],
  });
  const own = encode(turns("up", "gpt-5-mini-2026-01-01"));
  assertEquals(own.losses, []);
  assertEquals((own.body.input as JsonValue[])[1], {
    type: "reasoning",
    id: "rs_1",
    summary: [{ type: "summary_text", text: "thought" }],
    encrypted_content: "blob",
  });
  assertEquals(own.body.include, ["reasoning.encrypted_content"]);
  const foreign = encode(turns("other", "gpt-5-mini"));
  assertEquals(foreign.losses.map((loss) => loss.field), [
    "messages[1].content[0]",
  ]);
  assertEquals((foreign.body.input as JsonValue[]).length, 2);
  assertEquals(foreign.body.include, undefined);
});

Deno.test("encodeRequest() omits ids of history items and shortens what is too long", () => {
  const id = `call ${"x".repeat(80)}`;
  const name = `mcp__${"server".repeat(12)}__tool`;
  const { body, toolNames } = encode({
    tools: [{
      kind: "function",
      name,
      description: null,
      parameters: {},
      strict: true,
      cache: null,
    }],
    turns: [
      {
        role: "assistant",
        blocks: [{
          type: "tool-call",
          id,
          name,
          arguments: "",
          kind: "function",
          cache: null,
        }],
      },
      {
        role: "tool",
        blocks: [{
          type: "tool-result",
          callId: id,
          content: [],
          isError: true,
          kind: "function",
          cache: null,
        }],
      },
    ],
  });
  const [call, result] = body.input as JsonObject[];
  assertEquals(call?.id, undefined);
  assertEquals(call?.arguments, "{}");
  assertEquals(call?.call_id, result?.call_id);
  assert(String(call?.call_id).length <= 64);
  assertEquals(result?.output, "Error: ");
  assertEquals([...toolNames], [[String(call?.name), name]]);
  assertEquals((body.tools as JsonObject[])[0]?.name, call?.name);
});

Deno.test("encodeRequest() turns a messages client's thinking into effort and summary", () => {
  const reasoning = {
    effort: null,
    budgetTokens: 8000,
    mode: "enabled",
    summary: null,
  } as const;
  const { body } = encode({ reasoning });
  assertEquals(body.reasoning, { effort: "medium", summary: "auto" });
  assertEquals(body.include, ["reasoning.encrypted_content"]);
  const off = encode({
    reasoning: { ...reasoning, mode: "disabled", budgetTokens: null },
  });
  assertEquals(off.body.reasoning, undefined);
  assertEquals(off.losses.map((loss) => loss.field), ["thinking"]);
  const never = encode(
    { reasoning },
    target({ capabilities: { ...UNKNOWN_CAPABILITIES, thinking: "none" } }),
  );
  assertEquals(never.body.reasoning, undefined);
  assertEquals(never.losses.map((loss) => loss.field), ["reasoning"]);
});
