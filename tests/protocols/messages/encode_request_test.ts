import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { RequestError } from "../../../src/exchange/gateway_error.ts";
import {
  type CanonicalRequest,
  type InputBlock,
  NO_SAMPLING,
  textBlock,
  type ToolCallBlock,
  type Turn,
} from "../../../src/protocols/canonical.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import type { TargetProfile } from "../../../src/protocols/protocol.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import { requestWith, targetOf, UNKNOWN_TARGET, user } from "./support.ts";
import { withPlaces } from "../places.ts";

function encode(
  fields: Partial<CanonicalRequest>,
  target: TargetProfile = UNKNOWN_TARGET,
) {
  const { body, losses, toolNames } = messages.encodeRequest(
    withPlaces(requestWith(fields)),
    target,
  );
  return {
    body: JSON.parse(JSON.stringify(body)) as JsonObject,
    lost: losses.map((loss) => loss.field),
    toolNames,
  };
}

function refused(
  fields: Partial<CanonicalRequest>,
  target: TargetProfile = UNKNOWN_TARGET,
) {
  const { error } = assertThrows(
    () => messages.encodeRequest(withPlaces(requestWith(fields)), target),
    RequestError,
  );
  assertEquals(error.status, 400);
  return error;
}

function call(id: string, args = "{}"): ToolCallBlock {
  return {
    type: "tool-call",
    id,
    name: "f",
    arguments: args,
    kind: "function",
    cache: null,
  };
}

function results(...ids: string[]): Turn {
  return {
    role: "tool",
    blocks: ids.map((callId) => ({
      type: "tool-result",
      callId,
      content: [textBlock(`of ${callId}`)],
      isError: false,
      kind: "function",
      cache: null,
    })),
  };
}

const TOOL = {
  kind: "function",
  name: "f",
  description: null,
  parameters: null,
  strict: null,
  cache: null,
} as const;

Deno.test("encodeRequest() sends the model's own limit where the client says none", () => {
  assertEquals(encode({}).body.max_tokens, 8192);
  assertEquals(encode({}, targetOf("claude-opus-4-1")).body.max_tokens, 32_000);
  assertEquals(
    encode({}, targetOf("claude-opus-4-6")).body.max_tokens,
    128_000,
  );
  const { body, lost } = encode(
    { maxOutputTokens: 200_000 },
    targetOf("claude-sonnet-4-5"),
  );
  assertEquals(body.max_tokens, 64_000);
  assertEquals(lost, ["max_tokens"]);
});

Deno.test("encodeRequest() joins instructions and keeps them apart for a cache breakpoint", () => {
  const instructions: CanonicalRequest["instructions"] = [
    { role: "system", blocks: [textBlock("one"), textBlock(" ")] },
    { role: "developer", blocks: [textBlock("two")] },
  ];
  assertEquals(encode({ instructions }).body.system, "one\n\ntwo");
  assertEquals(
    encode({
      instructions: [{
        role: "system",
        blocks: [textBlock("one"), {
          ...textBlock("two"),
          cache: { ttl: "1h" },
        }],
      }],
    }).body.system,
    [
      { type: "text", text: "one" },
      {
        type: "text",
        text: "two",
        cache_control: { type: "ephemeral", ttl: "1h" },
      },
    ],
  );
});

Deno.test("encodeRequest() puts all results first into one user turn", () => {
  const { body, lost } = encode({
    tools: [TOOL],
    turns: [
      user("go"),
      { role: "assistant", blocks: [call("a"), call("b")] },
      user("before"),
      results("a", "b"),
      results("a"),
      user("after"),
    ],
  });
  assertEquals((body.messages as JsonObject[])[2], {
    role: "user",
    content: [
      { type: "tool_result", tool_use_id: "a", content: "of a" },
      { type: "tool_result", tool_use_id: "b", content: "of b" },
      { type: "text", text: "before" },
      { type: "text", text: "after" },
    ],
  });
  assertEquals((body.messages as JsonObject[]).length, 3);
  assertEquals(lost, ["messages[4].content[0]"]);
});

Deno.test("encodeRequest() repairs call ids on call and result alike", () => {
  const { body } = encode({
    tools: [TOOL],
    turns: [
      user("go"),
      { role: "assistant", blocks: [call("functions.f:0")] },
      results("functions.f:0"),
    ],
  });
  const text = JSON.stringify(body);
  const ids = [...text.matchAll(/"(?:id|tool_use_id)":"([^"]+)"/g)].map((
    match,
  ) => match[1]);
  assertEquals(ids.length, 2);
  assertEquals(ids[0], ids[1]);
  assertEquals(/^[a-zA-Z0-9_-]+$/.test(ids[0] ?? ""), true);
});

Deno.test("encodeRequest() makes an object of any arguments", () => {
  const inputs = ["", "{", "[1]", '{"id":12345678901234567890,"x":1.50}'].map(
    (args) => {
      const { body, losses } = messages.encodeRequest(
        requestWith({
          tools: [TOOL],
          turns: [
            user("go"),
            { role: "assistant", blocks: [call("a", args)] },
            results("a"),
          ],
        }),
        UNKNOWN_TARGET,
      );
      const text = JSON.stringify(body);
      return [/"input":(\{[^}]*\})/.exec(text)?.[1], losses.length];
    },
  );
  assertEquals(inputs, [
    ["{}", 0],
    ["{}", 1],
    ["{}", 1],
    ['{"id":12345678901234567890,"x":1.50}', 0],
  ]);
});

Deno.test("encodeRequest() drops blank text and begins with the user", () => {
  const { body } = encode({
    turns: [
      user("  "),
      { role: "assistant", blocks: [textBlock("")] },
      { role: "assistant", blocks: [textBlock("hello")] },
    ],
  });
  assertEquals(body.messages, [
    { role: "user", content: "Continue." },
    { role: "assistant", content: "hello" },
  ]);
  assertEquals(encode({ turns: [] }).body.messages, [{
    role: "user",
    content: "Continue.",
  }]);
});

Deno.test("encodeRequest() sends later instructions as the model takes them", () => {
  const turns: Turn[] = [user("a"), {
    role: "developer",
    blocks: [textBlock("be brief")],
  }];
  assertEquals(encode({ turns }, targetOf("claude-opus-5")).body.messages, [
    { role: "user", content: "a" },
    { role: "system", content: "be brief" },
  ]);
  assertEquals(encode({ turns }, targetOf("claude-sonnet-4-5")).body.messages, [
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        {
          type: "text",
          text: "<system-reminder>\nbe brief\n</system-reminder>",
        },
      ],
    },
  ]);
});

Deno.test("encodeRequest() never parts a call from its results for an instruction", () => {
  const { body } = encode({
    tools: [TOOL],
    turns: [
      user("a"),
      { role: "assistant", blocks: [call("c")] },
      { role: "system", blocks: [textBlock("be brief")] },
      results("c"),
    ],
  }, targetOf("claude-opus-5"));
  assertEquals((body.messages as JsonObject[]).map((message) => message.role), [
    "user",
    "assistant",
    "user",
    "system",
  ]);
});

Deno.test("encodeRequest() writes tools with whole schemas", () => {
  const parameters = {
    type: "object",
    properties: { a: { $ref: "#/$defs/A" } },
    $defs: { A: { anyOf: [{ type: "string" }, { type: "null" }] } },
    additionalProperties: false,
  };
  const { body, lost } = encode({
    tools: [{
      ...TOOL,
      parameters,
      strict: true,
      description: "d",
      cache: { ttl: null },
    }, {
      ...TOOL,
      name: "no_parameters",
    }],
  });
  assertEquals(body.tools, [
    {
      name: "f",
      description: "d",
      input_schema: parameters,
      strict: true,
      cache_control: { type: "ephemeral" },
    },
    { name: "no_parameters", input_schema: { type: "object", properties: {} } },
  ]);
  assertEquals(lost, []);
});

Deno.test("encodeRequest() makes one object of a union at a schema's root", () => {
  const { body, lost } = encode({
    tools: [{
      ...TOOL,
      parameters: {
        anyOf: [
          {
            type: "object",
            properties: { a: { type: "string" }, c: {} },
            required: ["a", "c"],
          },
          { $ref: "#/$defs/B" },
        ],
        $defs: {
          B: { type: "object", properties: { b: {}, c: {} }, required: ["c"] },
        },
      },
    }],
  });
  const [tool] = body.tools as JsonObject[];
  assertEquals((tool?.input_schema as JsonObject).type, "object");
  assertEquals((tool?.input_schema as JsonObject).anyOf, undefined);
  assertEquals((tool?.input_schema as JsonObject).properties, {
    a: { type: "string" },
    c: {},
    b: {},
  });
  assertEquals((tool?.input_schema as JsonObject).required, ["c"]);
  assertEquals(lost, ["tools[0].parameters"]);
});

Deno.test("encodeRequest() shortens long tool names and says how to read them back", () => {
  const long = `mcp__${"x".repeat(80)}`;
  const { body, toolNames } = encode({
    tools: [{ ...TOOL, name: long }],
    toolChoice: { kind: "tool", name: long, custom: false },
  });
  const sent = String((body.tools as JsonObject[])[0]?.name);
  assertEquals(sent.length <= 64, true);
  assertEquals((body.tool_choice as JsonObject).name, sent);
  assertEquals(toolNames.get(sent), long);
});

Deno.test("encodeRequest() writes every tool choice", () => {
  const tools = [TOOL, { ...TOOL, name: "g" }];
  const choiceOf = (fields: Partial<CanonicalRequest>) =>
    encode({ tools, ...fields }).body.tool_choice;
  assertEquals(choiceOf({}), undefined);
  assertEquals(choiceOf({ toolChoice: { kind: "auto" } }), { type: "auto" });
  assertEquals(choiceOf({ toolChoice: { kind: "required" } }), { type: "any" });
  assertEquals(
    choiceOf({ toolChoice: { kind: "none" }, parallelToolCalls: false }),
    { type: "none" },
  );
  assertEquals(choiceOf({ parallelToolCalls: false }), {
    type: "auto",
    disable_parallel_tool_use: true,
  });
  assertEquals(
    choiceOf({
      toolChoice: { kind: "tool", name: "g", custom: false },
      parallelToolCalls: false,
    }),
    { type: "tool", name: "g", disable_parallel_tool_use: true },
  );
  const allowed = encode({
    tools,
    toolChoice: { kind: "allowed", mode: "required", names: ["g"] },
  }).body;
  assertEquals((allowed.tools as JsonObject[]).map((tool) => tool.name), ["g"]);
  assertEquals(allowed.tool_choice, { type: "any" });
});

Deno.test("encodeRequest() omits the choice without tools and defines those of the history", () => {
  assertEquals(
    encode({ toolChoice: { kind: "auto" } }).body.tool_choice,
    undefined,
  );
  const { body } = encode({
    turns: [
      user("a"),
      { role: "assistant", blocks: [call("c")] },
      results("c"),
    ],
  });
  assertEquals(body.tools, [{ name: "f", input_schema: { type: "object" } }]);
  assertEquals(body.tool_choice, { type: "none" });
});

Deno.test("encodeRequest() refuses what the protocol or the model has not", () => {
  assertEquals(
    refused({ toolChoice: { kind: "required" } }).param,
    "tool_choice",
  );
  const forced = refused(
    { tools: [TOOL], toolChoice: { kind: "required" } },
    targetOf("claude-opus-5-5"),
  );
  assertEquals(forced.param, "tool_choice");
  assertStringIncludes(forced.message, "anthropic/claude-opus-5-5");
  assertEquals(
    refused({
      tools: [{
        kind: "custom",
        name: "patch",
        description: null,
        format: null,
      }],
    }).param,
    "tools[0]",
  );
  assertStringIncludes(
    refused({
      tools: [{
        kind: "native",
        protocol: "responses",
        value: { type: "web_search" },
      }],
    }).message,
    "web_search",
  );
  assertEquals(
    refused({ format: { kind: "json-object" } }).param,
    "response_format",
  );
  assertEquals(refused({ native: { chat: { n: 2 } } }).param, "n");
  assertEquals(
    refused({ sampling: { ...NO_SAMPLING, logprobs: true } }).param,
    "logprobs",
  );
  assertEquals(
    refused({ sampling: { ...NO_SAMPLING, topLogprobs: 3 } }).param,
    "top_logprobs",
  );
  const audio = refused({
    turns: [{
      role: "user",
      blocks: [{
        type: "native",
        protocol: "chat",
        value: { type: "input_audio" },
      }],
    }],
  });
  assertEquals(audio.param, "messages[0].content[0]");
  assertStringIncludes(audio.message, "input_audio");
});

Deno.test("encodeRequest() closes the schema of the answer and says so", () => {
  const schema = {
    type: "object",
    properties: {
      a: { type: "array", items: { type: "object", properties: {} } },
      open: { type: "object", additionalProperties: { type: "string" } },
    },
    required: ["a"],
  };
  const { body, lost } = encode({
    format: {
      kind: "json-schema",
      name: "n",
      description: null,
      schema,
      strict: true,
    },
  });
  assertEquals(body.output_config, {
    format: {
      type: "json_schema",
      schema: {
        type: "object",
        properties: {
          a: {
            type: "array",
            items: {
              type: "object",
              properties: {},
              additionalProperties: false,
            },
          },
          open: { type: "object", additionalProperties: { type: "string" } },
        },
        required: ["a"],
        additionalProperties: false,
      },
    },
  });
  assertEquals(lost, ["response_format.json_schema.schema"]);
});

Deno.test("encodeRequest() sends sampling as far as the model takes it", () => {
  const sampling = {
    ...NO_SAMPLING,
    temperature: 1.7,
    topP: 0.5,
    topK: 3,
    seed: 1,
  };
  const unknown = encode({ sampling });
  assertEquals([
    unknown.body.temperature,
    unknown.body.top_p,
    unknown.body.top_k,
  ], [1, 0.5, 3]);
  assertEquals(unknown.lost, ["temperature", "seed"]);
  const modern = encode({ sampling }, targetOf("claude-sonnet-4-5"));
  assertEquals([modern.body.temperature, modern.body.top_p], [1, undefined]);
  const strict = encode({ sampling }, targetOf("claude-opus-4-7"));
  assertEquals(
    [strict.body.temperature, strict.body.top_p, strict.body.top_k],
    [
      undefined,
      undefined,
      undefined,
    ],
  );
  assertEquals(strict.lost, ["temperature", "top_p", "top_k", "seed"]);
});

Deno.test("encodeRequest() drops thinking that another provider or family signed", () => {
  const proof = (provider: string, model: string): Turn => ({
    role: "assistant",
    blocks: [{
      type: "reasoning",
      text: "hm",
      proof: "sig",
      redacted: false,
      itemId: null,
      origin: { protocol: "messages", provider, model },
    }, textBlock("so")],
  });
  const target = targetOf("claude-opus-4-5-20251101");
  const kept = encode({
    turns: [user("a"), proof("anthropic", "claude-opus-4-5")],
  }, target);
  assertEquals((kept.body.messages as JsonObject[])[1]?.content, [
    { type: "thinking", thinking: "hm", signature: "sig" },
    { type: "text", text: "so" },
  ]);
  assertEquals(kept.lost, []);
  for (
    const [provider, model] of [["openai", "claude-opus-4-5"], [
      "anthropic",
      "gpt-5",
    ]] as const
  ) {
    const { body, lost } = encode({
      turns: [user("a"), proof(provider, model)],
    }, target);
    assertEquals((body.messages as JsonObject[])[1]?.content, "so");
    assertEquals(lost, ["messages[1].content[0]"]);
  }
});

Deno.test("encodeRequest() checks media before the provider does", () => {
  const turn = (
    source: InputBlock,
  ): Turn[] => [{
    role: "user",
    blocks: [source],
  }];
  const image = (mediaType: string) =>
    turn({
      type: "image",
      source: { kind: "base64", mediaType, data: "AAAA" },
      detail: "high",
      cache: null,
    });
  assertEquals(
    JSON.stringify(encode({ turns: image("image/JPG") }).body.messages)
      .includes('"image/jpeg"'),
    true,
  );
  assertStringIncludes(
    refused({ turns: image("image/bmp") }).message,
    "image/bmp",
  );
  const url = (text: string) =>
    turn({
      type: "image",
      source: { kind: "url", url: text },
      detail: null,
      cache: null,
    });
  assertEquals(
    (encode({ turns: url("data:image/png;charset=utf-8;base64,AAAA") }).body
      .messages as JsonObject[])[0]?.content,
    [{
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "AAAA" },
    }],
  );
  assertStringIncludes(
    refused({ turns: url("file:///etc/passwd") }).message,
    "file:///etc",
  );
  assertEquals(
    refused({ turns: url("data:image/png;base64,%%%") }).param,
    "messages[0].content[0]",
  );
  const document = (
    source: { kind: "base64"; mediaType: string; data: string } | {
      kind: "file";
      fileId: string;
      protocol: "responses";
    },
  ) =>
    turn({
      type: "document",
      source,
      title: "t",
      context: null,
      citations: false,
      cache: null,
    });
  assertEquals(
    (encode({
      turns: document({
        kind: "base64",
        mediaType: "text/markdown",
        data: btoa("# hi"),
      }),
    }).body.messages as JsonObject[])[0]?.content,
    [{
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "# hi" },
      title: "t",
    }],
  );
  refused({
    turns: document({
      kind: "base64",
      mediaType: "application/zip",
      data: "AAAA",
    }),
  });
  assertStringIncludes(
    refused({
      turns: document({
        kind: "file",
        fileId: "file-1",
        protocol: "responses",
      }),
    }).message,
    "file-1",
  );
});

Deno.test("encodeRequest() maps tier and user, and lists what has no place", () => {
  const { body, lost } = encode({
    serviceTier: "default",
    safetyIdentifier: "user-1",
    promptCacheKey: "k",
    metadata: { a: "b" },
    store: true,
    verbosity: "low",
    stop: ["END", " "],
    native: { chat: { min_p: 0.1 } },
  });
  assertEquals(body.service_tier, "standard_only");
  assertEquals(body.metadata, { user_id: "user-1" });
  assertEquals(body.stop_sequences, ["END"]);
  assertEquals(lost, [
    "min_p",
    "stop",
    "verbosity",
    "prompt_cache_key",
    "metadata",
    "store",
  ]);
  assertEquals(encode({ serviceTier: "flex" }).lost, ["service_tier"]);
});
