import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  gatewayError,
  RequestError,
} from "../../../src/exchange/gateway_error.ts";
import { noUsage } from "../../../src/exchange/usage.ts";
import type {
  CanonicalResponse,
  Finish,
  FinishKind,
} from "../../../src/protocols/canonical.ts";
import { textBlock } from "../../../src/protocols/canonical.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import { partsOf } from "../../../src/protocols/collect.ts";
import type { EncodeContext } from "../../../src/protocols/protocol.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { isJsonObject, type JsonObject } from "../../../src/support/json.ts";
import { encodeContext, encodeParts, eventsOf } from "./chat_support.ts";

function finish(kind: FinishKind): Finish {
  return { kind, raw: null, stopSequence: null, details: null };
}

const ANSWER: CanonicalResponse = {
  id: "",
  model: "m",
  createdAt: null,
  content: [textBlock("hi"), {
    type: "tool-call",
    id: "",
    name: "f",
    arguments: "",
    kind: "function",
    cache: null,
  }, {
    type: "tool-call",
    id: "b",
    name: "g",
    arguments: "x",
    kind: "custom",
    cache: null,
  }],
  finish: finish("tool-calls"),
  usage: noUsage(),
  serviceTier: "flex",
};

function chunksOf(text: string): JsonObject[] {
  return eventsOf(text).filter((event) => event.data !== "[DONE]").map((
    event,
  ) => JSON.parse(event.data) as JsonObject);
}

function deltas(text: string): JsonObject[] {
  return chunksOf(text).flatMap((chunk) =>
    Array.isArray(chunk.choices)
      ? chunk.choices.filter(isJsonObject).map((choice) =>
        choice.delta as JsonObject
      )
      : []
  );
}

Deno.test("ChatStreamEncoder writes role, deltas, finish, usage and [DONE] in this order", () => {
  const text = encodeParts(partsOf(ANSWER));
  assertEquals(deltas(text), [
    { role: "assistant", content: "", refusal: null },
    { content: "hi" },
    {
      tool_calls: [{
        index: 0,
        id: "call_2",
        type: "function",
        function: { name: "f", arguments: "" },
      }],
    },
    { tool_calls: [{ index: 0, function: { arguments: "{}" } }] },
    {
      tool_calls: [{
        index: 1,
        id: "b",
        type: "custom",
        custom: { name: "g", input: "" },
      }],
    },
    { tool_calls: [{ index: 1, custom: { input: "x" } }] },
    {},
  ]);
  const list = chunksOf(text);
  for (const chunk of list) {
    assertEquals(
      [chunk.id, chunk.object, chunk.created, chunk.model, chunk.service_tier],
      ["chatcmpl-1", "chat.completion.chunk", 1_700_000_000, "m", "flex"],
    );
  }
  assertEquals(list.slice(0, -1).every((chunk) => chunk.usage === null), true);
  assertEquals(list.at(-1)?.choices, []);
  assert(isJsonObject(list.at(-1)?.usage));
  assert(text.endsWith("data: [DONE]\n\n"));
});

Deno.test("ChatStreamEncoder says nothing of usage to a client that did not ask", () => {
  const text = encodeParts(
    partsOf(ANSWER),
    encodeContext({ includeUsage: false }),
  );
  assertEquals(text.includes('"usage"'), false);
});

Deno.test("ChatStreamEncoder ends a failed stream with the error alone", () => {
  const error = gatewayError("overloaded", "gone");
  const text = encodeParts([
    ...partsOf(ANSWER).slice(0, 3),
    { type: "error", error, usage: noUsage() },
    ...partsOf(ANSWER).slice(3),
  ]);
  assertEquals(
    eventsOf(text).at(-1)?.data,
    JSON.stringify(chat.encodeError(error, "")),
  );
  const whole = encodeParts(partsOf({ ...ANSWER, finish: finish("error") }));
  assert(whole.includes('"error"') && !whole.includes("[DONE]"));
});

const LEGACY: () => EncodeContext = () =>
  encodeContext({}, { functions: [{ name: "f" }] });

Deno.test("a client of the deprecated functions gets function_call, streamed and whole", () => {
  const text = encodeParts(partsOf(ANSWER), LEGACY());
  assertEquals(deltas(text).slice(2), [
    { function_call: { name: "f", arguments: "" } },
    { function_call: { arguments: "{}" } },
    {},
  ]);
  assert(text.includes('"finish_reason":"function_call"'));
  const body = chat.encodeResponse(ANSWER, LEGACY());
  assert(Array.isArray(body.choices) && isJsonObject(body.choices[0]));
  const { message, finish_reason } = body.choices[0];
  assert(isJsonObject(message));
  assertEquals(message.function_call, { name: "f", arguments: "{}" });
  assertEquals("tool_calls" in message, false);
  assertEquals(finish_reason, "function_call");
});

Deno.test("encodeChatResponse() writes content null beside calls and refusals, never without", () => {
  const message = (content: CanonicalResponse["content"]) => {
    const body = chat.encodeResponse({ ...ANSWER, content }, encodeContext());
    assert(Array.isArray(body.choices) && isJsonObject(body.choices[0]));
    return body.choices[0].message as JsonObject;
  };
  assertEquals(message(ANSWER.content.slice(1)).content, null);
  const refused = message([{ type: "refusal", text: "no" }]);
  assertEquals([refused.content, refused.refusal], [null, "no"]);
  assertEquals(message([]).content, "");
  assertEquals("tool_calls" in message([]), false);
});

Deno.test("the finish reason follows from the kind, and a shown refusal stops plainly", () => {
  const cases: [FinishKind, boolean, string][] = [
    ["stop", false, "stop"],
    ["stop-sequence", false, "stop"],
    ["pause", false, "stop"],
    ["length", false, "length"],
    ["tool-calls", false, "tool_calls"],
    ["content-filter", false, "content_filter"],
    ["refusal", false, "content_filter"],
    ["refusal", true, "stop"],
  ];
  for (const [kind, shown, reason] of cases) {
    const response: CanonicalResponse = {
      ...ANSWER,
      content: shown ? [{ type: "refusal", text: "no" }] : [],
      finish: finish(kind),
    };
    const body = chat.encodeResponse(response, encodeContext());
    assert(Array.isArray(body.choices) && isJsonObject(body.choices[0]));
    assertEquals(body.choices[0].finish_reason, reason);
    const last = chunksOf(encodeParts(partsOf(response))).at(-2);
    assert(Array.isArray(last?.choices) && isJsonObject(last.choices[0]));
    assertEquals(last.choices[0].finish_reason, reason);
  }
});

Deno.test("encodeChatResponse() throws for an answer that failed", () => {
  assertThrows(
    () =>
      chat.encodeResponse(
        { ...ANSWER, finish: finish("error") },
        encodeContext(),
      ),
    RequestError,
  );
});

Deno.test("decodeChatResponse() throws for an error with status 200 and for no choices", () => {
  const context = {
    provider: "up",
    model: "m",
    toolNames: new Map<string, string>(),
    eofIsFinish: false,
  };
  const failed = assertThrows(
    () => chat.decodeResponse({ error: { message: "no", code: 429 } }, context),
    RequestError,
  );
  assertEquals(failed.error.status, 429);
  for (const body of [{}, { choices: [] }, { choices: [null] }]) {
    const thrown = assertThrows(
      () => chat.decodeResponse(body, context),
      RequestError,
    );
    assertEquals(thrown.error.status, 502);
  }
});

Deno.test("decodeChatResponse() takes a body without a finish reason for complete", () => {
  const response = chat.decodeResponse({
    id: "1",
    choices: [{ message: { role: "assistant", content: "a" } }],
    usage: { prompt_tokens: 1, completion_tokens: 2 },
    service_tier: "default",
  }, {
    provider: "up",
    model: "asked",
    toolNames: new Map(),
    eofIsFinish: false,
  });
  assertEquals(response.finish.kind, "stop");
  assertEquals([response.model, response.serviceTier], ["asked", "default"]);
  assertEquals(response.usage.ledger.output, 2);
});

Deno.test("citations count from the start of the whole text, in streams as in answers", () => {
  const citation = {
    url: "https://example.com/",
    title: null,
    citedText: null,
    start: 1,
    end: 2,
    native: { protocol: "messages" as const, value: {} },
  };
  const content: CanonicalResponse["content"] = [
    textBlock("abc"),
    {
      ...textBlock("def"),
      citations: [citation, { ...citation, url: null }, {
        ...citation,
        start: null,
        end: null,
      }],
    },
  ];
  const expected = [[4, 5], [3, 6]].map(([start_index, end_index]) => ({
    type: "url_citation",
    url_citation: {
      start_index,
      end_index,
      url: "https://example.com/",
      title: "",
    },
  }));
  const parts: StreamPart[] = partsOf({ ...ANSWER, content });
  const streamed = deltas(encodeParts(parts)).flatMap((delta) =>
    delta.annotations ?? []
  );
  assertEquals(streamed, expected);
  const body = chat.encodeResponse({ ...ANSWER, content }, encodeContext());
  assert(Array.isArray(body.choices) && isJsonObject(body.choices[0]));
  const { message } = body.choices[0];
  assertEquals(isJsonObject(message) && message.annotations, expected as never);
});
