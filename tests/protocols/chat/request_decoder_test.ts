import { assert, assertEquals, assertThrows } from "@std/assert";
import { RequestError } from "../../../src/exchange/gateway_error.ts";
import {
  type CanonicalRequest,
  textBlock,
} from "../../../src/protocols/canonical.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import { wrapProof } from "../../../src/protocols/reasoning_envelope.ts";
import type { JsonObject } from "../../../src/support/json.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUg==";

function decode(
  messages: JsonObject[],
  rest: JsonObject = {},
): CanonicalRequest {
  return chat.decodeRequest({ model: "m", messages, ...rest });
}

const HI: JsonObject = { role: "user", content: "hi" };

function userBlocks(content: JsonObject[]) {
  return decode([{ role: "user", content }]).turns[0]?.blocks;
}

Deno.test("decodeChatRequest() takes leading system messages as instructions and keeps later ones in place", () => {
  const request = decode([
    { role: "system", content: "a" },
    { role: "developer", content: [{ type: "text", text: "b" }] },
    HI,
    { role: "system", content: "c" },
  ]);
  assertEquals(request.instructions.map((item) => [item.role, item.blocks]), [
    ["system", [textBlock("a")]],
    ["developer", [textBlock("b")]],
  ]);
  assertEquals(request.turns.map((turn) => turn.role), ["user", "system"]);
});

Deno.test("decodeChatRequest() reads images by data URL and by URL", () => {
  assertEquals(
    userBlocks([
      {
        type: "image_url",
        image_url: {
          url: `data:image/png;charset=x;base64,${PNG}`,
          detail: "low",
        },
      },
      { type: "image_url", image_url: { url: `data:;base64,${PNG}` } },
      { type: "image_url", image_url: "https://example.com/a.png" },
    ]),
    [
      {
        type: "image",
        source: { kind: "base64", mediaType: "image/png", data: PNG },
        detail: "low",
        cache: null,
      },
      {
        type: "image",
        source: { kind: "base64", mediaType: "image/png", data: PNG },
        detail: null,
        cache: null,
      },
      {
        type: "image",
        source: { kind: "url", url: "https://example.com/a.png" },
        detail: null,
        cache: null,
      },
    ],
  );
});

Deno.test("decodeChatRequest() reads files by data URL, bare base64, URL and id", () => {
  const sources = userBlocks([
    {
      type: "file",
      file: { file_data: "data:application/pdf;base64,JVBERi0=" },
    },
    { type: "file", file: { file_data: "JVBERi0=", filename: "a.pdf" } },
    { type: "file", file: { file_data: "https://example.com/a.pdf" } },
    { type: "file", file: { file_id: "file-1" } },
  ])?.map((block) => block.type === "document" && block.source);
  const pdf = {
    kind: "base64",
    mediaType: "application/pdf",
    data: "JVBERi0=",
  };
  assertEquals(sources, [
    pdf as never,
    pdf as never,
    { kind: "url", url: "https://example.com/a.pdf" },
    { kind: "file", fileId: "file-1", protocol: "chat" },
  ]);
});

Deno.test("decodeChatRequest() keeps parts that only chat has as they came", () => {
  const audio = {
    type: "input_audio",
    input_audio: { data: "AAAA", format: "wav" },
  };
  assertEquals(userBlocks([audio]), [
    { type: "native", protocol: "chat", value: audio },
  ]);
});

Deno.test("decodeChatRequest() reads cache hints on parts, messages and tools; the part wins", () => {
  const ephemeral = { type: "ephemeral" };
  const request = decode([
    {
      role: "user",
      cache_control: { ...ephemeral, ttl: "1h" },
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    },
    {
      role: "user",
      cache_control: { ...ephemeral, ttl: "1h" },
      content: [{ type: "text", text: "c", cache_control: ephemeral }],
    },
  ], {
    tools: [{
      type: "function",
      function: { name: "f" },
      cache_control: ephemeral,
    }],
  });
  const hints = request.turns.flatMap((turn) =>
    turn.blocks.map((block) => "cache" in block ? block.cache : null)
  );
  assertEquals(hints, [null, { ttl: "1h" }, { ttl: null }]);
  assert(request.tools[0]?.kind === "function");
  assertEquals(request.tools[0].cache, { ttl: null });
});

Deno.test("decodeChatRequest() groups the results that follow one assistant turn", () => {
  const request = decode([
    HI,
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "a", type: "function", function: { name: "f", arguments: "" } },
        { id: "b", type: "custom", custom: { name: "g", input: "x" } },
        { id: "c", function: { name: "h", arguments: { x: 1 } } },
      ],
    },
    { role: "tool", tool_call_id: "b", content: "B" },
    { role: "tool", tool_call_id: "a", content: [{ type: "text", text: "A" }] },
    HI,
    { role: "tool", tool_call_id: "z", content: "orphan" },
  ]);
  assertEquals(request.turns.map((turn) => [turn.role, turn.blocks.length]), [
    ["user", 1],
    ["assistant", 3],
    ["tool", 2],
    ["user", 1],
    ["tool", 1],
  ]);
  const [, assistant, results] = request.turns;
  assert(assistant?.role === "assistant" && results?.role === "tool");
  assertEquals(
    assistant.blocks.map((block) =>
      block.type === "tool-call" ? [block.kind, block.arguments] : []
    ),
    [["function", ""], ["custom", "x"], ["function", '{"x":1}']],
  );
  assertEquals(results.blocks.map((block) => [block.callId, block.kind]), [
    ["b", "custom"],
    ["a", "function"],
  ]);
});

Deno.test("decodeChatRequest() reads the deprecated functions as tools", () => {
  const request = decode([
    HI,
    {
      role: "assistant",
      content: null,
      function_call: { name: "f", arguments: "{}" },
    },
    { role: "function", name: "f", content: "done" },
  ], {
    functions: [{
      name: "f",
      description: "d",
      parameters: { type: "object" },
    }],
    function_call: { name: "f" },
  });
  assertEquals(request.tools, [{
    kind: "function",
    name: "f",
    description: "d",
    parameters: { type: "object" },
    strict: null,
    cache: null,
  }]);
  assertEquals(request.toolChoice, { kind: "tool", name: "f", custom: false });
  const call = request.turns[1]?.blocks[0];
  const result = request.turns[2]?.blocks[0];
  assert(call?.type === "tool-call" && result?.type === "tool-result");
  assertEquals(result.callId, call.id);
  assertEquals(request.native, { chat: {} });
});

Deno.test("decodeChatRequest() reads every tool choice", () => {
  const cases: [JsonObject[string], CanonicalRequest["toolChoice"]][] = [
    ["auto", { kind: "auto" }],
    ["none", { kind: "none" }],
    ["required", { kind: "required" }],
    ["any", { kind: "required" }],
    [{ type: "function", function: { name: "f" } }, {
      kind: "tool",
      name: "f",
      custom: false,
    }],
    [{ type: "custom", custom: { name: "g" } }, {
      kind: "tool",
      name: "g",
      custom: true,
    }],
    [{
      type: "allowed_tools",
      allowed_tools: {
        mode: "required",
        tools: [{ type: "function", function: { name: "f" } }],
      },
    }, { kind: "allowed", mode: "required", names: ["f"] }],
    [null, null],
  ];
  for (const [wire, choice] of cases) {
    assertEquals(decode([HI], { tool_choice: wire }).toolChoice, choice);
  }
});

Deno.test("decodeChatRequest() reads the dialects of reasoning", () => {
  const cases: [JsonObject, Partial<CanonicalRequest["reasoning"]> | null][] = [
    [{}, null],
    [{ reasoning_effort: "high" }, { effort: "high" }],
    [{ reasoning: { effort: "low" } }, { effort: "low" }],
    [{ reasoning: { max_tokens: 2000 } }, { budgetTokens: 2000 }],
    [{ reasoning: { enabled: false } }, { mode: "disabled" }],
    [{ reasoning: { exclude: true } }, { summary: "omitted" }],
    [{ include_reasoning: false }, { summary: "omitted" }],
    [{ thinking: { type: "enabled", budget_tokens: 5 } }, {
      mode: "enabled",
      budgetTokens: 5,
    }],
    [{ thinking: { type: "auto" } }, { mode: "adaptive" }],
    [{ enable_thinking: true, thinking_budget: 7 }, {
      mode: "enabled",
      budgetTokens: 7,
    }],
  ];
  for (const [wire, expected] of cases) {
    const unsaid = {
      effort: null,
      budgetTokens: null,
      mode: null,
      summary: null,
    };
    assertEquals(
      decode([HI], wire).reasoning,
      expected === null ? null : { ...unsaid, ...expected },
    );
  }
});

const ORIGIN = {
  protocol: "messages" as const,
  provider: "a",
  model: "claude",
};

function thinking(message: JsonObject) {
  const turn =
    decode([HI, { role: "assistant", content: "x", ...message }]).turns[1];
  return turn?.blocks.filter((block) => block.type === "reasoning");
}

Deno.test("decodeChatRequest() reads thinking that a client gives back and opens its proofs", () => {
  const plain = {
    type: "reasoning",
    text: "t",
    proof: null,
    redacted: false,
    itemId: null,
    origin: null,
  } as const;
  assertEquals(thinking({ reasoning_content: "t" }), [plain]);
  assertEquals(thinking({ reasoning: "t" }), [plain]);
  const wrapped = wrapProof(ORIGIN, "sig");
  const signed = { ...plain, proof: "sig", origin: ORIGIN };
  assertEquals(
    thinking({
      reasoning_content: "t",
      reasoning_details: [
        { type: "reasoning.text", text: "t", signature: wrapped, index: 0 },
      ],
    }),
    [signed],
  );
  assertEquals(
    thinking({
      reasoning_details: [
        { type: "reasoning.text", text: "t", index: 0 },
        { type: "reasoning.text", signature: wrapped, index: 0 },
        {
          type: "reasoning.encrypted",
          data: wrapProof(ORIGIN, "blob", true),
          index: 1,
        },
      ],
    }),
    [signed, {
      ...plain,
      text: "",
      proof: "blob",
      redacted: true,
      origin: ORIGIN,
    }],
  );
  assertEquals(
    thinking({
      reasoning_content: "t",
      reasoning_details: [{
        type: "reasoning.encrypted",
        data: wrapped,
        index: 0,
      }],
    }),
    [signed],
  );
});

Deno.test("decodeChatRequest() leaves out proofs of an unknown maker", () => {
  assertEquals(
    thinking({
      reasoning_details: [{
        type: "reasoning.encrypted",
        data: "gAAAA",
        index: 0,
      }],
    }),
    [],
  );
});

Deno.test("decodeChatRequest() reads refusals in either place", () => {
  const turn = decode([HI, {
    role: "assistant",
    content: [{ type: "refusal", refusal: "a" }],
    refusal: "b",
  }]).turns[1];
  assertEquals(turn?.blocks, [{ type: "refusal", text: "a" }, {
    type: "refusal",
    text: "b",
  }]);
});

Deno.test("decodeChatRequest() names fields of its own by their path", () => {
  const request = decode([{ ...HI, name: "ann" }], { n: 2, min_p: 0.1 });
  assertEquals(request.native, {
    chat: { n: 2, min_p: 0.1, "messages[0].name": "ann" },
  });
});

Deno.test("decodeChatRequest() prefers max_completion_tokens and takes stop as text", () => {
  const request = decode([HI], {
    max_tokens: 5,
    max_completion_tokens: 9,
    stop: "END",
    stream: true,
    stream_options: { include_usage: true },
    response_format: { type: "text" },
  });
  assertEquals(request.maxOutputTokens, 9);
  assertEquals(request.stop, ["END"]);
  assertEquals(request.includeUsage, true);
  assertEquals(request.format, null);
});

const WRONG: [JsonObject, string][] = [
  [{ model: "", messages: [HI] }, "model"],
  [{ model: 5, messages: [HI] }, "model"],
  [{ model: "m" }, "messages"],
  [{ model: "m", messages: [] }, "messages"],
  [{ model: "m", messages: ["hi"] }, "messages[0]"],
  [{ model: "m", messages: [{ content: "hi" }] }, "messages[0].role"],
  [{ model: "m", messages: [{ role: "robot" }] }, "messages[0].role"],
  [
    { model: "m", messages: [{ role: "user", content: 5 }] },
    "messages[0].content",
  ],
  [
    { model: "m", messages: [{ role: "tool", content: "x" }] },
    "messages[0].tool_call_id",
  ],
  [
    {
      model: "m",
      messages: [{
        role: "user",
        content: [{ type: "image_url", image_url: { url: "gs://x" } }],
      }],
    },
    "messages[0].content[0].image_url.url",
  ],
  [
    {
      model: "m",
      messages: [{
        role: "user",
        content: [{
          type: "image_url",
          image_url: { url: "data:image/png;base64,*" },
        }],
      }],
    },
    "messages[0].content[0].image_url.url",
  ],
  [
    {
      model: "m",
      messages: [{ role: "user", content: [{ type: "file", file: {} }] }],
    },
    "messages[0].content[0].file",
  ],
  [
    {
      model: "m",
      messages: [{
        role: "tool",
        tool_call_id: "a",
        content: [{ type: "input_audio" }],
      }],
    },
    "messages[0].content[0]",
  ],
  [{ model: "m", messages: [HI], temperature: "hot" }, "temperature"],
  [{ model: "m", messages: [HI], stream: "yes" }, "stream"],
  [{ model: "m", messages: [HI], max_tokens: 0 }, "max_tokens"],
  [{ model: "m", messages: [HI], max_tokens: 1.5 }, "max_tokens"],
  [{ model: "m", messages: [HI], n: 0 }, "n"],
  [{ model: "m", messages: [HI], stop: [5] }, "stop[0]"],
  [
    { model: "m", messages: [HI], tools: [{ type: "function" }] },
    "tools[0].function.name",
  ],
  [{ model: "m", messages: [HI], tool_choice: "maybe" }, "tool_choice"],
  [
    { model: "m", messages: [HI], response_format: { type: "xml" } },
    "response_format",
  ],
];

Deno.test("decodeChatRequest() refuses what is wrong in itself and names the field", () => {
  for (const [body, field] of WRONG) {
    const thrown = assertThrows(() => chat.decodeRequest(body), RequestError);
    assertEquals(thrown.error.param, field, JSON.stringify(body));
    assertEquals(thrown.error.status, 400);
    assert(thrown.message.startsWith("Cannot "), thrown.message);
  }
});
