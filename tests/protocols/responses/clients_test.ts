import { assert, assertEquals, assertRejects } from "@std/assert";
import { createOpenAI } from "@ai-sdk/openai";
import { streamText } from "ai";
import fc from "fast-check";
import OpenAI from "openai";
import { gatewayError } from "../../../src/exchange/gateway_error.ts";
import { noUsage } from "../../../src/exchange/usage.ts";
import type { CanonicalResponse } from "../../../src/protocols/canonical.ts";
import { partsOf } from "../../../src/protocols/collect.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { encodeContext, encodeParts, response } from "./fixtures.ts";

type Fetch = typeof globalThis.fetch;

function answering(body: string, contentType: string): Fetch {
  return () =>
    Promise.resolve(
      new Response(body, { headers: { "content-type": contentType } }),
    );
}

function client(fetch: Fetch): OpenAI {
  return new OpenAI({ apiKey: "none", maxRetries: 0, fetch });
}

function streaming(stream: string): OpenAI {
  return client(answering(stream, "text/event-stream"));
}

/** Hosted items of made-up shape would be refused by the client's types, not by its checks. */
function answer(): fc.Arbitrary<CanonicalResponse> {
  return response().map((value) => ({
    ...value,
    content: value.content.filter((block) => block.type !== "native"),
  }));
}

/** Lets the deltas of neighbouring calls come in turns. */
function interleaved(parts: readonly StreamPart[]): StreamPart[] {
  const ends: StreamPart[] = [];
  const early: StreamPart[] = [];
  for (const part of parts) {
    if (part.type === "tool-call-delta" || part.type === "tool-call-end") {
      ends.push(part);
    } else if (part.type === "finish") {
      ends.sort((left, right) => left.type < right.type ? -1 : 1);
      early.push(...ends, part);
    } else early.push(part);
  }
  return early;
}

Deno.test("streamEncoder() satisfies the checks of openai's responses.stream()", async () => {
  await fc.assert(
    fc.asyncProperty(answer(), fc.boolean(), async (value, mix) => {
      const parts = partsOf(value);
      const stream = encodeParts(mix ? interleaved(parts) : parts);
      const final = await streaming(stream).responses.stream({
        model: "m",
        input: "hi",
      }).finalResponse();
      const texts = value.content.flatMap((block) =>
        block.type === "text" ? [block.text] : []
      );
      assertEquals(final.output_text, texts.join(""));
      const calls = final.output.flatMap((item) =>
        item.type === "function_call" ? [[item.call_id, item.arguments]] : []
      );
      assertEquals(
        calls,
        value.content.flatMap((block) =>
          block.type === "tool-call" && block.kind === "function"
            ? [[block.id, block.arguments]]
            : []
        ),
      );
      const { input, cacheRead, cacheWrite5m } = value.usage.ledger;
      assertEquals(
        final.usage?.input_tokens,
        input + cacheRead + cacheWrite5m,
      );
      const cut = value.finish.kind === "length" ||
        value.finish.kind === "content-filter";
      assertEquals(final.status, cut ? "incomplete" : "completed");
    }),
    { numRuns: 300, seed: 20261121 },
  );
});

Deno.test("streamEncoder() makes openai's responses.stream() throw the error that ended the stream", async () => {
  const stream = encodeParts([
    {
      type: "start",
      id: "",
      model: "m",
      createdAt: null,
      serviceTier: null,
      usage: null,
    },
    { type: "text-start", key: 0 },
    { type: "text-delta", key: 0, text: "par" },
    {
      type: "error",
      error: gatewayError("upstream", "The upstream broke off"),
      usage: noUsage(),
    },
  ]);
  const runner = streaming(stream).responses.stream({
    model: "m",
    input: "hi",
  });
  await assertRejects(
    () => runner.finalResponse(),
    OpenAI.APIError,
    "The upstream broke off",
  );
});

Deno.test("encodeStreamError() reaches the client as an error without any event before it", async () => {
  const stream = responses.encodeStreamError(
    gatewayError("overloaded", "Everything is busy"),
    "id",
  );
  const runner = streaming(stream).responses.stream({
    model: "m",
    input: "hi",
  });
  await assertRejects(
    () => runner.finalResponse(),
    OpenAI.APIError,
    "Everything is busy",
  );
});

Deno.test("encodeError() is read by openai with type, code and param", async () => {
  const body = responses.encodeError(
    gatewayError("not_found", "No model 'x'", {
      code: "model_not_found",
      param: "model",
    }),
    "id",
  );
  const failing = client(() =>
    Promise.resolve(Response.json(body, { status: 404 }))
  );
  const error = await assertRejects(
    () => failing.responses.create({ model: "x", input: "hi" }),
    OpenAI.NotFoundError,
    "No model 'x'",
  );
  assertEquals([error.code, error.param, error.type], [
    "model_not_found",
    "model",
    "invalid_request_error",
  ]);
});

Deno.test("encodeResponse() is read by openai's responses.create()", async () => {
  const [value] = fc.sample(
    answer().filter(({ content }) =>
      content.some((block) => block.type === "text")
    ),
    { numRuns: 1, seed: 7 },
  );
  assert(value !== undefined);
  const body = JSON.stringify(responses.encodeResponse(value, encodeContext()));
  const read = await client(answering(body, "application/json")).responses
    .create({ model: "m", input: "hi" });
  const texts = value.content.flatMap((block) =>
    block.type === "text" ? [block.text] : []
  );
  assertEquals(read.output_text, texts.join(""));
});

Deno.test("streamEncoder() gives the AI SDK text, thinking, calls, sources and usage", async () => {
  const stream = encodeParts([
    {
      type: "start",
      id: "msg_1",
      model: "m",
      createdAt: null,
      serviceTier: null,
      usage: null,
    },
    { type: "reasoning-start", key: 0 },
    { type: "reasoning-delta", key: 0, text: "thinking" },
    {
      type: "reasoning-end",
      key: 0,
      proof: "sig",
      redacted: false,
      itemId: null,
      origin: { protocol: "messages", provider: "a", model: "claude" },
    },
    { type: "text-start", key: 1 },
    { type: "text-delta", key: 1, text: "hel" },
    { type: "text-delta", key: 1, text: "lo" },
    {
      type: "text-citation",
      key: 1,
      citation: {
        url: "https://x.test/",
        title: "X",
        citedText: null,
        start: 0,
        end: 5,
        native: { protocol: "chat", value: {} },
      },
    },
    { type: "text-end", key: 1 },
    {
      type: "tool-call-start",
      key: 2,
      id: "call_1",
      name: "f",
      kind: "function",
    },
    { type: "tool-call-delta", key: 2, arguments: '{"a":1}' },
    { type: "tool-call-end", key: 2 },
    {
      type: "finish",
      finish: {
        kind: "tool-calls",
        raw: null,
        stopSequence: null,
        details: null,
      },
      usage: {
        ...noUsage(),
        ledger: {
          ...noUsage().ledger,
          input: 10,
          cacheRead: 5,
          output: 3,
          reasoning: 2,
        },
        source: "reported",
      },
      serviceTier: null,
    },
  ]);
  const openai = createOpenAI({
    apiKey: "none",
    fetch: answering(stream, "text/event-stream"),
  });
  const result = streamText({
    model: openai.responses("gpt-5-mini"),
    prompt: "hi",
    onError: ({ error }) => {
      throw error;
    },
  });
  const kinds = new Set<string>();
  for await (const part of result.stream) {
    assert(part.type !== "error", JSON.stringify(part));
    kinds.add(part.type);
  }
  for (const kind of ["text-delta", "reasoning-delta", "tool-call", "source"]) {
    assert(kinds.has(kind), `${kind} is missing in ${[...kinds].join()}`);
  }
  assertEquals(await result.text, "hello");
  assertEquals((await result.toolCalls).map((call) => call.toolCallId), [
    "call_1",
  ]);
  const usage = await result.totalUsage;
  assertEquals([usage.inputTokens, usage.outputTokens], [15, 5]);
});
