import { assert, assertEquals, assertRejects } from "@std/assert";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, streamText, tool, type ToolSet } from "ai";
import OpenAI from "openai";
import { gatewayError } from "../../../src/exchange/gateway_error.ts";
import {
  emptyLedger,
  noUsage,
  type Usage,
} from "../../../src/exchange/usage.ts";
import {
  type CanonicalResponse,
  textBlock,
} from "../../../src/protocols/canonical.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import { partsOf } from "../../../src/protocols/collect.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { encodeContext, encodeParts } from "./chat_support.ts";

const USAGE: Usage = {
  ledger: {
    ...emptyLedger(),
    input: 10,
    cacheRead: 20,
    output: 5,
    reasoning: 7,
  },
  raw: null,
  source: "reported",
  serviceTier: null,
  model: null,
};

const ANSWER: CanonicalResponse = {
  id: "msg_1",
  model: "claude-x",
  createdAt: null,
  content: [
    {
      type: "reasoning",
      text: "thinking",
      proof: "signature",
      redacted: false,
      itemId: null,
      origin: { protocol: "messages", provider: "a", model: "claude-x" },
    },
    textBlock("Hello "),
    {
      ...textBlock("world"),
      citations: [{
        url: "https://example.com/",
        title: "Example",
        citedText: "cited",
        start: null,
        end: null,
        native: { protocol: "messages", value: {} },
      }],
    },
    {
      type: "tool-call",
      id: "toolu_1",
      name: "weather",
      arguments: '{"city":"Rome"}',
      kind: "function",
      cache: null,
    },
    {
      type: "tool-call",
      id: "toolu_2",
      name: "clock",
      arguments: "",
      kind: "function",
      cache: null,
    },
  ],
  finish: {
    kind: "tool-calls",
    raw: "tool_use",
    stopSequence: null,
    details: null,
  },
  usage: USAGE,
  serviceTier: null,
};

function streamed(text: string): typeof fetch {
  return () =>
    Promise.resolve(
      new Response(text, { headers: { "content-type": "text/event-stream" } }),
    );
}

function answered(body: unknown): typeof fetch {
  return () => Promise.resolve(Response.json(body));
}

function openAi(fetch: typeof globalThis.fetch): OpenAI {
  return new OpenAI({
    apiKey: "none",
    baseURL: "http://127.0.0.1/v1",
    fetch,
    maxRetries: 0,
  });
}

const ASK = {
  model: "claude-x",
  messages: [{ role: "user" as const, content: "hi" }],
};

Deno.test("the openai client's stream helper takes what chat.streamEncoder() writes", async () => {
  const client = openAi(streamed(encodeParts(partsOf(ANSWER))));
  const stream = client.chat.completions.stream({
    ...ASK,
    stream_options: { include_usage: true },
  });
  const completion = await stream.finalChatCompletion();
  const message = completion.choices[0]?.message;
  assertEquals(message?.content, "Hello world");
  assertEquals(completion.choices[0]?.finish_reason, "tool_calls");
  assertEquals(
    message?.tool_calls?.map((call) =>
      call.type === "function" &&
      [call.id, call.function.name, call.function.arguments]
    ),
    [["toolu_1", "weather", '{"city":"Rome"}'], ["toolu_2", "clock", "{}"]],
  );
  assertEquals(completion.usage?.prompt_tokens, 30);
  assertEquals(completion.usage?.completion_tokens, 12);
});

Deno.test("the openai client's stream helper takes interleaved calls and a refusal", async () => {
  const parts: StreamPart[] = [
    {
      type: "start",
      id: "",
      model: "m",
      createdAt: 1,
      serviceTier: "flex",
      usage: null,
    },
    { type: "tool-call-start", key: 0, id: "a", name: "x", kind: "function" },
    { type: "tool-call-start", key: 1, id: "b", name: "y", kind: "function" },
    { type: "tool-call-delta", key: 1, arguments: '{"b"' },
    { type: "tool-call-delta", key: 0, arguments: "{}" },
    { type: "tool-call-delta", key: 1, arguments: ":1}" },
    { type: "tool-call-end", key: 0 },
    { type: "tool-call-end", key: 1 },
    { type: "refusal-start", key: 2 },
    { type: "refusal-delta", key: 2, text: "no" },
    { type: "refusal-end", key: 2 },
    {
      type: "finish",
      finish: ANSWER.finish,
      usage: noUsage(),
      serviceTier: null,
    },
  ];
  const client = openAi(
    streamed(encodeParts(parts, encodeContext({ includeUsage: false }))),
  );
  const completion = await client.chat.completions.stream(ASK)
    .finalChatCompletion();
  const message = completion.choices[0]?.message;
  assertEquals(message?.refusal, "no");
  assertEquals(
    message?.tool_calls?.map((call) =>
      call.type === "function" && call.function.arguments
    ),
    ["{}", '{"b":1}'],
  );
  assertEquals(completion.id, "chatcmpl-1");
});

Deno.test("the openai client's stream helper throws the error that ends a stream", async () => {
  const parts: StreamPart[] = [
    ...partsOf(ANSWER).slice(0, 4),
    {
      type: "error",
      error: gatewayError("overloaded", "The upstream is gone"),
      usage: noUsage(),
    },
  ];
  const client = openAi(streamed(encodeParts(parts)));
  const thrown = await assertRejects(
    () => client.chat.completions.stream(ASK).finalChatCompletion(),
    OpenAI.APIError,
  );
  assert(thrown.message.includes("The upstream is gone"));
});

Deno.test("the openai client takes what chat.encodeResponse() writes", async () => {
  const client = openAi(answered(chat.encodeResponse(ANSWER, encodeContext())));
  const completion = await client.chat.completions.create(ASK);
  const message = completion.choices[0]?.message;
  assertEquals(message?.content, "Hello world");
  assertEquals(message?.tool_calls?.length, 2);
  assertEquals(message?.annotations?.[0]?.url_citation, {
    start_index: 6,
    end_index: 11,
    url: "https://example.com/",
    title: "Example",
  });
  assertEquals(completion.usage?.prompt_tokens_details?.cached_tokens, 20);
});

Deno.test("the openai client raises the error class that chat.encodeError() means", async () => {
  const cases = [
    ["authentication", OpenAI.AuthenticationError],
    ["rate_limit", OpenAI.RateLimitError],
    ["not_found", OpenAI.NotFoundError],
    ["invalid_request", OpenAI.BadRequestError],
    ["upstream", OpenAI.InternalServerError],
  ] as const;
  for (const [kind, errorClass] of cases) {
    const error = gatewayError(kind, "Cannot do it", { param: "model" });
    const body = chat.encodeError(error, "id");
    const client = openAi(() =>
      Promise.resolve(Response.json(body, { status: error.status }))
    );
    const thrown = await assertRejects(
      () => client.chat.completions.create(ASK),
      errorClass,
    );
    assertEquals(thrown.param, "model");
    assert(thrown.message.includes("Cannot do it"));
  }
});

// The SDK's own types do not hold under exactOptionalPropertyTypes.
const TOOLS = {
  weather: tool({
    inputSchema: jsonSchema({
      type: "object",
      properties: { city: { type: "string" } },
    }),
  }),
  clock: tool({ inputSchema: jsonSchema({ type: "object" }) }),
} as unknown as ToolSet;

Deno.test("the AI SDK reads streams and answers of chat", async () => {
  const model = (fetch: typeof globalThis.fetch) =>
    createOpenAI({ apiKey: "none", fetch }).chat("gpt-4o");
  const stream = streamText({
    model: model(streamed(encodeParts(partsOf(ANSWER)))),
    prompt: "hi",
    tools: TOOLS,
  });
  assertEquals(await stream.text, "Hello world");
  assertEquals(
    (await stream.toolCalls).map((call) => [call.toolName, call.input]),
    [["weather", { city: "Rome" }], ["clock", {}]],
  );
  assertEquals((await stream.usage).outputTokens, 12);
  const whole = await generateText({
    model: model(answered(chat.encodeResponse(ANSWER, encodeContext()))),
    prompt: "hi",
    tools: TOOLS,
  });
  assertEquals(whole.text, "Hello world");
  assertEquals(whole.finishReason, "tool-calls");
  assertEquals(whole.usage.inputTokens, 30);
});
