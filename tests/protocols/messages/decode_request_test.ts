import { assertEquals, assertThrows } from "@std/assert";
import { RequestError } from "../../../src/exchange/gateway_error.ts";
import {
  type CanonicalRequest,
  textBlock,
} from "../../../src/protocols/canonical.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import { wrapProof } from "../../../src/protocols/reasoning_envelope.ts";
import type { JsonObject } from "../../../src/support/json.ts";

function decode(fields: JsonObject): CanonicalRequest {
  return messages.decodeRequest({
    model: "claude",
    max_tokens: 10,
    messages: [{ role: "user", content: "hi" }],
    ...fields,
  });
}

function turnsOf(...list: JsonObject[]) {
  return decode({ messages: list }).turns;
}

Deno.test("decodeRequest() strips the billing line that changes with every request", () => {
  const line = "x-anthropic-billing-header: cc_version=2.1; cch=abc;";
  assertEquals(
    decode({
      system: [
        { type: "text", text: line },
        { type: "text", text: "You are", cache_control: { type: "ephemeral" } },
      ],
    }).instructions,
    [{
      role: "system",
      blocks: [{ ...textBlock("You are"), cache: { ttl: null } }],
    }],
  );
  assertEquals(decode({ system: `${line}\n\nYou are` }).instructions, [
    { role: "system", blocks: [textBlock("You are")] },
  ]);
  assertEquals(decode({ system: line }).instructions, []);
});

Deno.test("decodeRequest() gathers the results of one assistant turn behind it", () => {
  const result = (id: string, content: JsonObject["content"]) => ({
    type: "tool_result",
    tool_use_id: id,
    content,
  });
  const turns = turnsOf(
    { role: "user", content: "go" },
    {
      role: "assistant",
      content: [
        { type: "tool_use", id: "a", name: "f", input: { x: 1 } },
        { type: "tool_use", id: "b", name: "f", input: {} },
      ],
    },
    { role: "user", content: [{ type: "text", text: "so" }, result("a", "A")] },
    { role: "system", content: "be brief" },
    {
      role: "user",
      content: [{
        ...result("b", [{ type: "text", text: "B" }]),
        is_error: true,
      }],
    },
  );
  assertEquals(turns.map((turn) => turn.role), [
    "user",
    "assistant",
    "tool",
    "user",
    "system",
  ]);
  assertEquals(turns[2], {
    role: "tool",
    blocks: [
      {
        type: "tool-result",
        callId: "a",
        content: [textBlock("A")],
        isError: false,
        kind: "function",
        cache: null,
      },
      {
        type: "tool-result",
        callId: "b",
        content: [textBlock("B")],
        isError: true,
        kind: "function",
        cache: null,
      },
    ],
  });
});

Deno.test("decodeRequest() opens envelopes of thinking and keeps bare signatures bare", () => {
  const origin = {
    protocol: "responses",
    provider: "openai",
    model: "gpt-5",
  } as const;
  const [turn] = turnsOf({
    role: "assistant",
    content: [
      {
        type: "thinking",
        thinking: "hm",
        signature: wrapProof(origin, "enc", false, "rs_1"),
      },
      { type: "redacted_thinking", data: wrapProof(origin, "enc2", true) },
      { type: "thinking", thinking: "own", signature: "EqQB" },
      { type: "thinking", thinking: "none", signature: "" },
    ],
  });
  assertEquals(turn?.blocks, [
    {
      type: "reasoning",
      text: "hm",
      proof: "enc",
      redacted: false,
      itemId: "rs_1",
      origin,
    },
    {
      type: "reasoning",
      text: "",
      proof: "enc2",
      redacted: true,
      itemId: null,
      origin,
    },
    {
      type: "reasoning",
      text: "own",
      proof: "EqQB",
      redacted: false,
      itemId: null,
      origin: null,
    },
    {
      type: "reasoning",
      text: "none",
      proof: null,
      redacted: false,
      itemId: null,
      origin: null,
    },
  ]);
});

Deno.test("decodeRequest() keeps what only this protocol has as native", () => {
  const request = decode({
    tools: [
      { type: "web_search_20250305", name: "web_search" },
      {
        type: "custom",
        name: "f",
        input_schema: { type: "object" },
        strict: true,
      },
    ],
    container: "c",
    cache_control: { type: "ephemeral" },
  });
  assertEquals(request.tools.map((tool) => tool.kind), ["native", "function"]);
  assertEquals(request.native, {
    messages: { container: "c", cache_control: { type: "ephemeral" } },
  });
  const [turn] = turnsOf({
    role: "assistant",
    content: [{
      type: "server_tool_use",
      id: "s",
      name: "web_search",
      input: {},
    }],
  });
  assertEquals(turn?.blocks[0]?.type, "native");
});

Deno.test("decodeRequest() flattens search results and documents made of text", () => {
  const [turn] = turnsOf({
    role: "user",
    content: [
      {
        type: "search_result",
        title: "T",
        source: "https://a.example",
        content: [{ type: "text", text: "one" }, { type: "text", text: "two" }],
      },
      {
        type: "document",
        source: { type: "content", content: [{ type: "text", text: "x" }] },
        citations: { enabled: true },
      },
      {
        type: "document",
        source: { type: "url", url: "https://a.example/b.pdf" },
      },
    ],
  });
  assertEquals(turn?.blocks, [
    textBlock("T\nhttps://a.example\n\none\n\ntwo"),
    {
      type: "document",
      source: { kind: "text", text: "x" },
      title: null,
      context: null,
      citations: true,
      cache: null,
    },
    {
      type: "document",
      source: { kind: "url", url: "https://a.example/b.pdf" },
      title: null,
      context: null,
      citations: false,
      cache: null,
    },
  ]);
});

Deno.test("decodeRequest() reads choice, thinking, format, tier and user", () => {
  const request = decode({
    tool_choice: { type: "any", disable_parallel_tool_use: true },
    thinking: { type: "between_tools" },
    output_config: {
      effort: "max",
      format: { type: "json_schema", schema: { type: "object" } },
    },
    service_tier: "standard_only",
    metadata: { user_id: "u" },
    stop_sequences: ["END"],
    top_k: 4,
  });
  assertEquals(request.toolChoice, { kind: "required" });
  assertEquals(request.parallelToolCalls, false);
  assertEquals(request.reasoning?.effort, "max");
  assertEquals(request.format?.kind, "json-schema");
  assertEquals(request.serviceTier, "default");
  assertEquals(request.userId, "u");
  assertEquals(request.stop, ["END"]);
  assertEquals(request.sampling.topK, 4);
  assertEquals(decode({ output_config: { effort: "low" } }).reasoning, {
    effort: "low",
    budgetTokens: null,
    mode: null,
    summary: null,
  });
});

Deno.test("decodeRequest() names the field of the wrong type", () => {
  for (
    const [fields, param] of [
      [{ model: 5 }, "model"],
      [{ messages: "hi" }, "messages"],
      [{ messages: [5] }, "messages[0]"],
      [{ messages: [{ role: "robot", content: "" }] }, "messages[0].role"],
      [{ messages: [{ role: "user", content: 5 }] }, "messages[0].content"],
      [
        { messages: [{ role: "user", content: [{ type: "text" }] }] },
        "messages[0].content[0].text",
      ],
      [
        {
          messages: [{
            role: "user",
            content: [{ type: "image", source: {} }],
          }],
        },
        "messages[0].content[0].source.type",
      ],
      [
        { messages: [{ role: "user", content: [{ type: "tool_result" }] }] },
        "messages[0].content[0].tool_use_id",
      ],
      [{ max_tokens: 1.5 }, "max_tokens"],
      [{ max_tokens: -1 }, "max_tokens"],
      [{ temperature: "hot" }, "temperature"],
      [{ stop_sequences: "END" }, "stop_sequences"],
      [{ tools: [{ name: 5 }] }, "tools[0].name"],
      [{ tool_choice: { type: "required" } }, "tool_choice.type"],
      [{ thinking: { type: "on" } }, "thinking.type"],
      [{ system: 5 }, "system"],
      [{ stream: "yes" }, "stream"],
    ] as const
  ) {
    const { error } = assertThrows(
      () => decode(fields as unknown as JsonObject),
      RequestError,
    );
    assertEquals([error.status, error.param], [400, param]);
  }
});
