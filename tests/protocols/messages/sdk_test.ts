/** The official client reads what the encoder writes. @module */

import Anthropic from "@anthropic-ai/sdk";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { gatewayError } from "../../../src/exchange/gateway_error.ts";
import { emptyLedger, noUsage } from "../../../src/exchange/usage.ts";
import type {
  CanonicalRequest,
  Finish,
} from "../../../src/protocols/canonical.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import { unwrapProof } from "../../../src/protocols/reasoning_envelope.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";

const ORIGIN = {
  protocol: "responses",
  provider: "openai",
  model: "gpt-5",
} as const;
const STOP: Finish = {
  kind: "stop",
  raw: "stop",
  stopSequence: null,
  details: null,
};
const USAGE = {
  ...noUsage(),
  ledger: {
    ...emptyLedger(),
    input: 11,
    cacheRead: 5,
    output: 7,
    reasoning: 3,
  },
  source: "reported" as const,
};
const START: StreamPart = {
  type: "start",
  id: "chatcmpl-1",
  model: "gpt-5",
  createdAt: 1,
  serviceTier: null,
  usage: null,
};

function encode(parts: readonly StreamPart[]): string {
  const encoder = messages.streamEncoder({
    request: {} as CanonicalRequest,
    body: {},
    newId: (prefix) => `${prefix}01`,
    now: () => 0,
  });
  return parts.map((part) => encoder.push(part)).join("");
}

function clientFor(body: string): Anthropic {
  return new Anthropic({
    apiKey: "test",
    baseURL: "http://127.0.0.1:1",
    maxRetries: 0,
    fetch: () =>
      Promise.resolve(
        new Response(body, {
          headers: { "content-type": "text/event-stream" },
        }),
      ),
  });
}

function streamOf(parts: readonly StreamPart[]) {
  return clientFor(encode(parts)).messages.stream({
    model: "gpt-5",
    max_tokens: 100,
    messages: [{ role: "user", content: "hi" }],
  });
}

Deno.test("streamEncoder() is understood by the official client: thinking, text, interleaved calls, text again", async () => {
  const message = await streamOf([
    START,
    { type: "reasoning-start", key: 0 },
    { type: "reasoning-delta", key: 0, text: "let me " },
    { type: "reasoning-delta", key: 0, text: "see" },
    {
      type: "reasoning-end",
      key: 0,
      proof: "gAAAA",
      redacted: false,
      itemId: "rs_1",
      origin: ORIGIN,
    },
    { type: "text-start", key: 1 },
    { type: "text-delta", key: 1, text: "I call" },
    {
      type: "tool-call-start",
      key: 2,
      id: "call_a",
      name: "weather",
      kind: "function",
    },
    {
      type: "tool-call-start",
      key: 3,
      id: "call_b",
      name: "time",
      kind: "function",
    },
    { type: "tool-call-delta", key: 2, arguments: '{"city":' },
    { type: "tool-call-delta", key: 3, arguments: '{"zone":"CET"' },
    { type: "text-delta", key: 1, text: " both" },
    { type: "tool-call-delta", key: 2, arguments: '"Rome"}' },
    { type: "tool-call-delta", key: 3, arguments: "}" },
    { type: "text-end", key: 1 },
    { type: "tool-call-end", key: 2 },
    { type: "tool-call-end", key: 3 },
    { type: "finish", finish: STOP, usage: USAGE, serviceTier: null },
  ]).finalMessage();
  assertEquals(message.id, "msg_01");
  assertEquals(message.stop_reason, "tool_use");
  assertEquals(message.usage.input_tokens, 11);
  assertEquals(message.usage.cache_read_input_tokens, 5);
  assertEquals(message.usage.output_tokens, 10);
  const [thinking, ...rest] = message.content;
  assert(thinking?.type === "thinking");
  assertEquals(thinking.thinking, "let me see");
  assertEquals(unwrapProof(thinking.signature)?.proof, "gAAAA");
  assertEquals(unwrapProof(thinking.signature)?.itemId, "rs_1");
  assertEquals(
    rest.map((block) =>
      block.type === "tool_use"
        ? [block.id, block.name, block.input]
        : block.type === "text"
        ? block.text
        : block.type
    ),
    [
      "I call",
      ["call_a", "weather", { city: "Rome" }],
      " both",
      ["call_b", "time", { zone: "CET" }],
    ],
  );
});

Deno.test("streamEncoder() writes thinking without a proof, redacted thinking and empty answers that the client takes", async () => {
  const thinking = await streamOf([
    START,
    { type: "reasoning-start", key: 0 },
    { type: "reasoning-delta", key: 0, text: "hm" },
    {
      type: "reasoning-end",
      key: 0,
      proof: null,
      redacted: false,
      itemId: null,
      origin: null,
    },
    { type: "reasoning-start", key: 1 },
    {
      type: "reasoning-end",
      key: 1,
      proof: "x",
      redacted: true,
      itemId: null,
      origin: ORIGIN,
    },
    { type: "text-start", key: 2 },
    { type: "text-end", key: 2 },
    { type: "finish", finish: STOP, usage: USAGE, serviceTier: null },
  ]).finalMessage();
  assertEquals(thinking.content.map((block) => block.type), [
    "thinking",
    "redacted_thinking",
  ]);
  assert(
    thinking.content[0]?.type === "thinking" &&
      thinking.content[0].thinking === "hm",
  );

  const empty = await streamOf([
    START,
    {
      type: "finish",
      finish: { ...STOP, kind: "content-filter" },
      usage: noUsage(),
      serviceTier: null,
    },
  ]).finalMessage();
  assertEquals(empty.content, []);
  assertEquals(empty.stop_reason, "refusal");
  assertEquals(empty.usage.output_tokens, 0);
});

Deno.test("streamEncoder() ends a broken answer in an error that the client throws", async () => {
  const stream = streamOf([
    START,
    { type: "text-start", key: 0 },
    { type: "text-delta", key: 0, text: "half" },
    {
      type: "error",
      error: gatewayError("overloaded", "The provider is overloaded"),
      usage: noUsage(),
    },
  ]);
  const error = await assertRejects(
    () => stream.finalMessage(),
    Anthropic.APIError,
  );
  assert(error.message.includes("overloaded_error"));
});

Deno.test("encodeResponse() is a message that the official client takes", async () => {
  const body = messages.encodeResponse({
    id: "resp_1",
    model: "gpt-5",
    createdAt: 1,
    content: [
      { type: "text", text: "hello", citations: [], cache: null },
      {
        type: "tool-call",
        id: "call_1",
        name: "f",
        arguments: "",
        kind: "function",
        cache: null,
      },
    ],
    finish: STOP,
    usage: USAGE,
    serviceTier: null,
  }, {
    request: {} as CanonicalRequest,
    body: {},
    newId: (prefix) => `${prefix}01`,
    now: () => 0,
  });
  const client = new Anthropic({
    apiKey: "test",
    baseURL: "http://127.0.0.1:1",
    maxRetries: 0,
    fetch: () => Promise.resolve(Response.json(body)),
  });
  const message = await client.messages.create({
    model: "gpt-5",
    max_tokens: 100,
    messages: [{ role: "user", content: "hi" }],
  });
  assertEquals(message.stop_reason, "tool_use");
  assertEquals(
    message.content[1],
    { type: "tool_use", id: "call_1", name: "f", input: {} } as never,
  );
});

Deno.test("encodeError() becomes the client's own error class", async () => {
  const error = gatewayError("not_found", "No model x", { param: "model" });
  const client = new Anthropic({
    apiKey: "test",
    baseURL: "http://127.0.0.1:1",
    maxRetries: 0,
    fetch: () =>
      Promise.resolve(
        Response.json(messages.encodeError(error, "01abc"), {
          status: error.status,
        }),
      ),
  });
  await assertRejects(
    () =>
      client.messages.create({
        model: "x",
        max_tokens: 1,
        messages: [{ role: "user", content: "hi" }],
      }),
    Anthropic.NotFoundError,
    "No model x",
  );
});
