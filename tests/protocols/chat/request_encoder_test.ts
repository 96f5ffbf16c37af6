import { assert, assertEquals, assertThrows } from "@std/assert";
import { UNKNOWN_CAPABILITIES } from "../../../src/exchange/capabilities.ts";
import { RequestError } from "../../../src/exchange/gateway_error.ts";
import {
  type CanonicalRequest,
  NO_SAMPLING,
  type OutputBlock,
  textBlock,
  type Tool,
  type ToolResultBlock,
  type Turn,
} from "../../../src/protocols/canonical.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import { chatProof } from "../../../src/protocols/chat/reasoning.ts";
import type { TargetProfile } from "../../../src/protocols/protocol.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import { withPlaces } from "../places.ts";
import { plainRequest } from "../plain_request.ts";
import { target } from "./chat_support.ts";

const OPENAI = target({ provider: "openai", model: "gpt-5-mini" });

function encode(
  details: Partial<CanonicalRequest>,
  profile: TargetProfile = target(),
) {
  return chat.encodeRequest(withPlaces(plainRequest(details)), profile);
}

function messages(turns: readonly Turn[], profile?: TargetProfile) {
  return encode({ turns }, profile).body.messages;
}

function tool(name: string): Tool {
  return {
    kind: "function",
    name,
    description: null,
    parameters: null,
    strict: null,
    cache: null,
  };
}

function call(id: string, name: string, args = "{}"): OutputBlock {
  return {
    type: "tool-call",
    id,
    name,
    arguments: args,
    kind: "function",
    cache: null,
  };
}

function result(
  callId: string,
  content: ToolResultBlock["content"],
  isError = false,
): ToolResultBlock {
  return {
    type: "tool-result",
    callId,
    content,
    isError,
    kind: "function",
    cache: null,
  };
}

const IMAGE = {
  type: "image",
  source: { kind: "base64", mediaType: "image/png", data: "AAAA" },
  detail: null,
  cache: null,
} as const;

Deno.test("encodeChatRequest() names the limit as the model takes it", () => {
  const cases: [string, string][] = [
    ["gpt-5-mini", "max_completion_tokens"],
    ["openai/o3", "max_completion_tokens"],
    ["o1-preview", "max_completion_tokens"],
    ["gpt-4o", "max_tokens"],
    ["gpt-oss-120b", "max_tokens"],
    ["llama-3", "max_tokens"],
    ["deepseek/deepseek-chat", "max_tokens"],
  ];
  for (const [model, field] of cases) {
    const { body } = encode({ maxOutputTokens: 7 }, target({ model }));
    assertEquals(body[field], 7, model);
    assertEquals(body.model, model);
  }
});

Deno.test("encodeChatRequest() always asks a stream for usage", () => {
  const { body } = encode({ stream: true, includeUsage: false });
  assertEquals([body.stream, body.stream_options], [true, {
    include_usage: true,
  }]);
  assertEquals("stream_options" in encode({ stream: false }).body, false);
});

Deno.test("encodeChatRequest() says system where the developer role is not known", () => {
  const details: Partial<CanonicalRequest> = {
    instructions: [
      { role: "developer", blocks: [textBlock("a"), textBlock("b")] },
      { role: "system", blocks: [textBlock("c")] },
    ],
  };
  const expected = (role: string) => [
    { role, content: "a\n\nb" },
    { role: "system", content: "c" },
    { role: "user", content: "hi" },
  ];
  assertEquals(encode(details).body.messages, expected("system"));
  assertEquals(encode(details, OPENAI).body.messages, expected("developer"));
});

Deno.test("encodeChatRequest() writes cache hints only where the target takes them", () => {
  const block = { ...textBlock("a"), cache: { ttl: "1h" as const } };
  const details: Partial<CanonicalRequest> = {
    instructions: [{ role: "system", blocks: [block] }],
    turns: [{ role: "user", blocks: [block] }],
  };
  assertEquals(encode(details).body.messages, [
    { role: "system", content: "a" },
    { role: "user", content: "a" },
  ]);
  const content = [{
    type: "text",
    text: "a",
    cache_control: { type: "ephemeral", ttl: "1h" },
  }];
  assertEquals(encode(details, target({ cacheControl: true })).body.messages, [
    { role: "system", content },
    { role: "user", content },
  ]);
});

Deno.test("encodeChatRequest() puts text, refusal and calls of a turn into one message", () => {
  assertEquals(
    messages([{
      role: "assistant",
      blocks: [
        textBlock("be"),
        call("a", "f", ""),
        textBlock("fore"),
        { type: "refusal", text: "no" },
      ],
    }]),
    [{
      role: "assistant",
      content: "before",
      refusal: "no",
      tool_calls: [{
        id: "a",
        type: "function",
        function: { name: "f", arguments: "{}" },
      }],
    }],
  );
  assertEquals(messages([{ role: "assistant", blocks: [call("a", "f")] }]), [{
    role: "assistant",
    content: null,
    tool_calls: [{
      id: "a",
      type: "function",
      function: { name: "f", arguments: "{}" },
    }],
  }]);
});

Deno.test("encodeChatRequest() moves pictures of results behind the last tool message", () => {
  const encoded = messages([
    { role: "assistant", blocks: [call("a", "f"), call("b", "f")] },
    {
      role: "tool",
      blocks: [
        result("a", [textBlock("one"), IMAGE, textBlock("two")]),
        result("b", [textBlock("bad")], true),
      ],
    },
    { role: "user", blocks: [textBlock("next")] },
  ]);
  assert(Array.isArray(encoded));
  const note = "The rest of this result follows in the next user message.";
  assertEquals(encoded.slice(1), [
    { role: "tool", tool_call_id: "a", content: `one\n\ntwo\n\n${note}` },
    { role: "tool", tool_call_id: "b", content: "Error: bad" },
    {
      role: "user",
      content: [
        { type: "text", text: "Content of the result of tool call a:" },
        {
          type: "image_url",
          image_url: { url: "data:image/png;base64,AAAA" },
        },
      ],
    },
    { role: "user", content: "next" },
  ]);
});

Deno.test("encodeChatRequest() shortens long call ids alike on call and result, and no others", () => {
  const long = "x".repeat(90);
  const encoded = messages([
    {
      role: "assistant",
      blocks: [call(long, "f"), call("functions.f:0", "f")],
    },
    { role: "tool", blocks: [result(long, []), result("functions.f:0", [])] },
  ]);
  assert(Array.isArray(encoded));
  const [assistant, first, second] = encoded as JsonObject[];
  const [one, two] = assistant?.tool_calls as JsonObject[];
  assertEquals(
    [one?.id, two?.id],
    [first?.tool_call_id, second?.tool_call_id] as never,
  );
  assertEquals(two?.id, "functions.f:0");
  assert(typeof one?.id === "string" && one.id.length === 64);
});

Deno.test("encodeChatRequest() renames tools everywhere alike and tells the way back", () => {
  const name = "mcp/tool.with.a.name".padEnd(80, "x");
  const { body, toolNames } = encode({
    tools: [tool(name)],
    toolChoice: { kind: "tool", name, custom: false },
    turns: [{ role: "assistant", blocks: [call("a", name)] }],
  });
  const [[upstream, client] = []] = [...toolNames];
  assertEquals(client, name);
  const text = JSON.stringify(body);
  assertEquals(text.split(JSON.stringify(upstream)).length - 1, 3);
  assertEquals(text.includes(name), false);
});

Deno.test("encodeChatRequest() writes tools, choices and formats", () => {
  const { body } = encode({
    tools: [{
      kind: "function",
      name: "f",
      description: "d",
      parameters: { type: "object", $defs: {} },
      strict: true,
      cache: null,
    }, {
      kind: "custom",
      name: "g",
      description: null,
      format: { type: "text" },
    }],
    toolChoice: { kind: "tool", name: "g", custom: true },
    parallelToolCalls: false,
    format: {
      kind: "json-schema",
      name: null,
      description: null,
      schema: { type: "object" },
      strict: true,
    },
  }, OPENAI);
  assertEquals(body.tools, [
    {
      type: "function",
      function: {
        name: "f",
        description: "d",
        parameters: { type: "object", $defs: {} },
        strict: true,
      },
    },
    { type: "custom", custom: { name: "g", format: { type: "text" } } },
  ]);
  assertEquals(body.tool_choice, { type: "custom", custom: { name: "g" } });
  assertEquals(body.parallel_tool_calls, false);
  assertEquals(body.response_format, {
    type: "json_schema",
    json_schema: { name: "response", schema: { type: "object" }, strict: true },
  });
});

Deno.test("encodeChatRequest() leaves the choice out where there are no tools", () => {
  const { body } = encode({
    toolChoice: { kind: "none" },
    parallelToolCalls: true,
  });
  assertEquals(
    ["tools", "tool_choice", "parallel_tool_calls"].filter((name) =>
      name in body
    ),
    [],
  );
});

Deno.test("encodeChatRequest() leaves tools out where allowed tools are not known", () => {
  const details: Partial<CanonicalRequest> = {
    tools: [tool("f"), tool("g")],
    toolChoice: { kind: "allowed", mode: "required", names: ["g"] },
  };
  const elsewhere = encode(details).body;
  assertEquals(elsewhere.tools, [{
    type: "function",
    function: { name: "g" },
  }]);
  assertEquals(elsewhere.tool_choice, "required");
  const openai = encode(details, OPENAI).body;
  assert(Array.isArray(openai.tools));
  assertEquals(openai.tools.length, 2);
  assertEquals(openai.tool_choice, {
    type: "allowed_tools",
    allowed_tools: {
      mode: "required",
      tools: [{ type: "function", function: { name: "g" } }],
    },
  });
});

Deno.test("encodeChatRequest() maps thinking to an effort", () => {
  const unsaid = {
    effort: null,
    budgetTokens: null,
    mode: null,
    summary: null,
  };
  const cases: [Partial<CanonicalRequest["reasoning"]>, string, unknown][] = [
    [{ effort: "high" }, "llama-3", "high"],
    [{ budgetTokens: 8000, mode: "enabled" }, "llama-3", "medium"],
    [{ mode: "adaptive" }, "llama-3", undefined],
    [{ mode: "disabled" }, "gpt-5.1", "none"],
    [{ mode: "disabled" }, "gpt-5-mini", "minimal"],
    [{ mode: "disabled" }, "llama-3", undefined],
  ];
  for (const [reasoning, model, effort] of cases) {
    const { body } = encode(
      { reasoning: { ...unsaid, ...reasoning } },
      target({ model }),
    );
    assertEquals(body.reasoning_effort, effort as never);
  }
  const mute = encode(
    { reasoning: { ...unsaid, effort: "high" } },
    target({ capabilities: { ...UNKNOWN_CAPABILITIES, thinking: "none" } }),
  );
  assertEquals(mute.body.reasoning_effort, undefined);
  assertEquals(mute.losses.map((loss) => loss.field), ["reasoning_effort"]);
});

function thought(provider: string, proof: string): OutputBlock {
  return {
    type: "reasoning",
    text: "t",
    proof,
    redacted: false,
    itemId: null,
    origin: { protocol: "chat", provider, model: "llama-3" },
  };
}

Deno.test("encodeChatRequest() gives thinking back to the upstream that made it, as it came", () => {
  const field = chatProof({ field: "reasoning_content", details: [] });
  const detail = { type: "reasoning.text", signature: "s", index: 0 };
  const details = chatProof({ field: "reasoning", details: [detail] });
  assertEquals(
    messages([
      { role: "assistant", blocks: [thought("up", field), call("a", "f")] },
      { role: "assistant", blocks: [thought("up", field), textBlock("x")] },
      { role: "assistant", blocks: [thought("up", details), textBlock("x")] },
    ]),
    [
      {
        role: "assistant",
        content: null,
        reasoning_content: "t",
        tool_calls: [{
          id: "a",
          type: "function",
          function: { name: "f", arguments: "{}" },
        }],
      },
      { role: "assistant", content: "x" },
      {
        role: "assistant",
        content: "x",
        reasoning_details: [{ ...detail, text: "t" }],
      },
    ],
  );
});

Deno.test("encodeChatRequest() never sends thinking of another maker and says so", () => {
  const foreign = thought("elsewhere", "signature");
  const { body, losses } = encode({
    turns: [
      { role: "user", blocks: [textBlock("hi")] },
      { role: "assistant", blocks: [foreign, textBlock("x")] },
      { role: "assistant", blocks: [{ ...foreign }] },
    ],
  });
  assertEquals(body.messages, [
    { role: "user", content: "hi" },
    { role: "assistant", content: "x" },
  ]);
  assertEquals(losses.map((loss) => loss.field), [
    "messages[1].content[0]",
    "messages[2].content[0]",
  ]);
});

Deno.test("encodeChatRequest() lists what the target cannot take", () => {
  const details: Partial<CanonicalRequest> = {
    sampling: { ...NO_SAMPLING, topK: 5, temperature: 1 },
    verbosity: "low",
    promptCacheKey: "k",
    metadata: { a: "b" },
    native: { messages: { inference_geo: "eu" } },
  };
  const fields = (profile: TargetProfile) =>
    encode(details, profile).losses.map((loss) => loss.field);
  assertEquals(fields(target()), [
    "inference_geo",
    "top_k",
    "verbosity",
    "prompt_cache_key",
    "metadata",
  ]);
  assertEquals(fields(OPENAI), ["inference_geo", "top_k", "metadata"]);
  const fixed = target({
    cacheControl: true,
    capabilities: { ...UNKNOWN_CAPABILITIES, sampling: false },
  });
  assertEquals(fields(fixed).includes("temperature"), true);
  assertEquals(encode(details, fixed).body.top_k, 5);
});

Deno.test("encodeChatRequest() writes text documents as text and names PDFs", () => {
  const document = {
    type: "document",
    context: null,
    citations: false,
    cache: null,
  } as const;
  assertEquals(
    messages([{
      role: "user",
      blocks: [
        { ...document, title: "T", source: { kind: "text", text: "body" } },
        {
          ...document,
          title: null,
          source: {
            kind: "base64",
            mediaType: "application/pdf",
            data: "AAAA",
          },
        },
      ],
    }]),
    [{
      role: "user",
      content: [
        { type: "text", text: "T\n\nbody" },
        {
          type: "file",
          file: {
            file_data: "data:application/pdf;base64,AAAA",
            filename: "document.pdf",
          },
        },
      ],
    }],
  );
});

const DOCUMENT = {
  type: "document",
  title: null,
  context: null,
  citations: false,
  cache: null,
} as const;

const FORCED = target({
  capabilities: { ...UNKNOWN_CAPABILITIES, forcedToolChoice: false },
});

const REFUSED: [string, Partial<CanonicalRequest>, TargetProfile, string][] = [
  [
    "a field that may not be dropped",
    {
      native: { responses: { previous_response_id: "r" } },
    },
    target(),
    "previous_response_id",
  ],
  [
    "a tool that another provider runs",
    {
      tools: [{
        kind: "native",
        protocol: "messages",
        value: { type: "web_search_20250305", name: "web_search" },
      }],
    },
    target(),
    "tools[0]",
  ],
  [
    "a forced choice where none is taken",
    {
      tools: [tool("f")],
      toolChoice: { kind: "required" },
    },
    FORCED,
    "tool_choice",
  ],
  [
    "a file of another provider",
    {
      turns: [{
        role: "user",
        blocks: [{
          ...DOCUMENT,
          source: { kind: "file", fileId: "f", protocol: "messages" },
        }],
      }],
    },
    target(),
    "messages[0].content[0]",
  ],
  [
    "a document by URL",
    {
      turns: [{
        role: "user",
        blocks: [{ ...DOCUMENT, source: { kind: "url", url: "https://x/" } }],
      }],
    },
    target(),
    "messages[0].content[0]",
  ],
  [
    "an image by id",
    {
      turns: [{
        role: "user",
        blocks: [{
          ...IMAGE,
          source: { kind: "file", fileId: "f", protocol: "responses" },
        }],
      }],
    },
    target(),
    "messages[0].content[0]",
  ],
  [
    "a block that only another protocol has",
    {
      turns: [{
        role: "user",
        blocks: [{
          type: "native",
          protocol: "messages",
          value: { type: "search_result" },
        }],
      }],
    },
    target(),
    "messages[0].content[0]",
  ],
];

for (const [name, details, profile, field] of REFUSED) {
  Deno.test(`encodeChatRequest() refuses ${name}`, () => {
    const thrown = assertThrows(() => encode(details, profile), RequestError);
    assertEquals(thrown.error.status, 400);
    assertEquals(thrown.error.param, field);
    assert(thrown.message.includes("up/llama-3"), thrown.message);
  });
}

Deno.test("encodeChatRequest() writes custom tools, their calls and their choice as functions where only OpenAI knows them", () => {
  const grammar = {
    type: "grammar",
    syntax: "lark",
    definition: 'start: "a"',
  };
  const custom = (name: string, format: JsonObject | null): Tool => ({
    kind: "custom",
    name,
    description: format === null ? null : "Edits files",
    format,
  });
  const called = { ...call("c1", "patch", 'a "b"\n'), kind: "custom" } as const;
  const details = {
    tools: [tool("f"), custom("patch", grammar), custom("say", null)],
    toolChoice: { kind: "tool", name: "patch", custom: true },
    turns: [
      { role: "assistant", blocks: [called] },
      { role: "tool", blocks: [result("c1", [textBlock("done")])] },
    ],
  } as const;
  const { body, losses, customTools } = encode(details);
  const parameters = {
    type: "object",
    properties: {
      input: { type: "string", description: "The whole input, as raw text" },
    },
    required: ["input"],
    additionalProperties: false,
  };
  assertEquals(body.tools, [
    { type: "function", function: { name: "f" } },
    {
      type: "function",
      function: {
        name: "patch",
        description:
          'Edits files\n\nThe input must match this lark grammar:\nstart: "a"',
        parameters,
      },
    },
    { type: "function", function: { name: "say", parameters } },
  ]);
  assertEquals(body.tool_choice, {
    type: "function",
    function: { name: "patch" },
  });
  assertEquals(body.messages, [
    {
      role: "assistant",
      content: null,
      tool_calls: [{
        id: "c1",
        type: "function",
        function: { name: "patch", arguments: '{"input":"a \\"b\\"\\n"}' },
      }],
    },
    { role: "tool", tool_call_id: "c1", content: "done" },
  ]);
  assertEquals([...customTools ?? []], ["patch", "say"]);
  assertEquals(losses.map(({ field }) => field), ["tools[1].format"]);
  assertEquals(encode(details, OPENAI).losses, []);
});
