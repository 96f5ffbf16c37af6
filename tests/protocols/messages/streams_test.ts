import { assertEquals, assertStringIncludes } from "@std/assert";
import { gatewayError } from "../../../src/exchange/gateway_error.ts";
import { noUsage } from "../../../src/exchange/usage.ts";
import type {
  CanonicalRequest,
  Finish,
} from "../../../src/protocols/canonical.ts";
import { collect } from "../../../src/protocols/collect.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import type { DecodeContext } from "../../../src/protocols/protocol.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import { checkFailed, checkFinished } from "../check_parts.ts";
import { eventsOf } from "./sse_events.ts";

const CONTEXT: DecodeContext = {
  provider: "anthropic",
  model: "claude",
  toolNames: new Map([["short", "a_very_long_name"]]),
  eofIsFinish: false,
};
const START = {
  type: "message_start",
  message: {
    id: "msg_1",
    model: "claude",
    usage: { input_tokens: 702, output_tokens: 1 },
  },
};
const STOPPED = {
  type: "message_delta",
  delta: { stop_reason: "end_turn", stop_sequence: null },
  usage: { input_tokens: 1591, output_tokens: 9 },
};
const FINISH: Finish = {
  kind: "stop",
  raw: null,
  stopSequence: null,
  details: null,
};

function decode(
  events: readonly JsonObject[],
  context = CONTEXT,
): StreamPart[] {
  const decoder = messages.streamDecoder(context);
  const parts = events.flatMap((data) =>
    decoder.push({ event: null, data: JSON.stringify(data) + "   " })
  );
  return [...parts, ...decoder.end()];
}

function blockOf(
  content_block: JsonObject,
  ...deltas: JsonObject[]
): JsonObject[] {
  return [
    { type: "content_block_start", index: 0, content_block },
    ...deltas.map((delta) => ({
      type: "content_block_delta",
      index: 0,
      delta,
    })),
    { type: "content_block_stop", index: 0 },
  ];
}

function answerOf(...blocks: JsonObject[][]) {
  const parts = decode([START, { type: "ping" }, ...blocks.flat(), STOPPED, {
    type: "message_stop",
  }]);
  checkFinished(parts);
  return collect(parts);
}

function encode(
  parts: readonly StreamPart[],
): { event: string | null; data: JsonObject }[] {
  const encoder = messages.streamEncoder({
    request: {} as CanonicalRequest,
    body: {},
    newId: (prefix) => `${prefix}1`,
    now: () => 0,
  });
  return eventsOf(parts.map((part) => encoder.push(part)).join("")).map((
    { event, data },
  ) => ({
    event,
    data: JSON.parse(data),
  }));
}

const STARTED: StreamPart = {
  type: "start",
  id: "x",
  model: "m",
  createdAt: null,
  serviceTier: null,
  usage: null,
};
const FINISHED: StreamPart = {
  type: "finish",
  finish: FINISH,
  usage: noUsage(),
  serviceTier: null,
};

Deno.test("streamDecoder() lets later usage replace earlier", () => {
  const { usage, finish } = answerOf();
  assertEquals(usage.ledger.input, 1591);
  assertEquals(usage.ledger.output, 9);
  assertEquals(finish, {
    kind: "stop",
    raw: "end_turn",
    stopSequence: null,
    details: null,
  });
});

Deno.test("streamDecoder() reads calls, their names mapped back, in all spellings of their input", () => {
  const start = { type: "tool_use", id: "t1", name: "short", input: {} };
  const argumentsOf = (...blocks: JsonObject[][]) =>
    answerOf(...blocks).content.map((block) =>
      block.type === "tool-call" ? [block.name, block.arguments] : []
    );
  assertEquals(
    argumentsOf(
      blockOf(start, { type: "input_json_delta", partial_json: "" }),
      blockOf(
        start,
        { type: "input_json_delta", partial_json: '{"id":123456789' },
        { type: "input_json_delta", partial_json: "01234567890}" },
      ),
      blockOf({ ...start, name: "other", input: { x: 1 } }),
    ),
    [
      ["a_very_long_name", "{}"],
      ["a_very_long_name", '{"id":12345678901234567890}'],
      ["other", '{"x":1}'],
    ],
  );
  assertEquals(answerOf(blockOf(start)).finish.kind, "tool-calls");
});

Deno.test("streamDecoder() binds thinking to who was asked", () => {
  const origin = {
    protocol: "messages",
    provider: "anthropic",
    model: "claude",
  } as const;
  assertEquals(
    answerOf(
      blockOf(
        { type: "thinking", thinking: "", signature: "" },
        { type: "thinking_delta", thinking: "hm" },
        { type: "signature_delta", signature: "Eq" },
        { type: "signature_delta", signature: "QB" },
      ),
      blockOf({ type: "redacted_thinking", data: "Em" }),
    ).content,
    [
      {
        type: "reasoning",
        text: "hm",
        proof: "EqQB",
        redacted: false,
        itemId: null,
        origin,
      },
      {
        type: "reasoning",
        text: "",
        proof: "Em",
        redacted: true,
        itemId: null,
        origin,
      },
    ],
  );
});

Deno.test("streamDecoder() makes whole native blocks of what it does not know", () => {
  const { content } = answerOf(
    blockOf(
      { type: "server_tool_use", id: "s", name: "web_search", input: {} },
      { type: "input_json_delta", partial_json: '{"q":' },
      { type: "input_json_delta", partial_json: "1}" },
    ),
    blockOf({ type: "compaction", content: "" }, {
      type: "compaction_delta",
      content: "short",
    }),
  );
  assertEquals(content, [
    {
      type: "native",
      protocol: "messages",
      value: {
        type: "server_tool_use",
        id: "s",
        name: "web_search",
        input: { q: 1 },
      },
    },
    {
      type: "native",
      protocol: "messages",
      value: { type: "compaction", content: "short" },
    },
  ]);
});

Deno.test("streamDecoder() bears with what imitations leave out", () => {
  const parts = decode([
    START,
    START,
    {
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: "hi" },
    },
    STOPPED,
    { type: "message_stop" },
    { type: "message_stop" },
  ]);
  checkFinished(parts);
  assertEquals(collect(parts).content, [{
    type: "text",
    text: "hi",
    citations: [],
    cache: null,
  }]);
});

Deno.test("streamDecoder() takes the end of the body for the end only where it is told to", () => {
  const events = [START, ...blockOf({ type: "text", text: "hi" })];
  const failed = decode(events);
  checkFailed(failed);
  const last = failed.at(-1);
  assertEquals(
    last?.type === "error"
      ? [last.usage.source, last.usage.ledger.input]
      : null,
    [
      "partial",
      702,
    ],
  );
  checkFinished(decode(events, { ...CONTEXT, eofIsFinish: true }));
  checkFailed(decode([], { ...CONTEXT, eofIsFinish: true }));
});

Deno.test("streamDecoder() reports errors in the stream, never the gateway's own account", () => {
  const errorOf = (...events: JsonObject[]) => {
    const parts = decode(events);
    checkFailed(parts);
    const last = parts.at(-1);
    return last?.type === "error"
      ? [last.error.kind, last.error.message]
      : null;
  };
  const error = (type: string) => ({
    type: "error",
    error: { type, message: "Overloaded" },
  });
  assertEquals(errorOf(START, error("overloaded_error")), [
    "overloaded",
    "Overloaded",
  ]);
  assertEquals(errorOf(error("authentication_error"))?.[0], "upstream");
  assertEquals(errorOf(error("rate_limit_error"))?.[0], "rate_limit");
  assertEquals(errorOf({ error: { message: "boom" } }), ["upstream", "boom"]);
  assertEquals(errorOf(STOPPED)?.[0], "upstream");
});

Deno.test("streamDecoder() fails on an event that is no JSON and bears with chat's terminal", () => {
  const decoder = messages.streamDecoder(CONTEXT);
  assertEquals(decoder.push({ event: null, data: "[DONE]" }), []);
  checkFailed(decoder.push({ event: "message_start", data: '{"type":' }));
  assertEquals(
    decoder.push({ event: "message_start", data: JSON.stringify(START) }),
    [],
  );
  assertEquals(decoder.end(), []);
});

Deno.test("streamEncoder() writes start and end once and swallows what follows", () => {
  const events = encode([STARTED, STARTED, FINISHED, FINISHED, {
    type: "error",
    error: gatewayError("server", "late"),
    usage: noUsage(),
  }]);
  assertEquals(events.map(({ event }) => event), [
    "message_start",
    "message_delta",
    "message_stop",
  ]);
  assertEquals(events[1]?.data.delta, {
    stop_reason: "end_turn",
    stop_sequence: null,
  });
});

Deno.test("streamEncoder() makes an error event of a finish that is an error", () => {
  const events = encode([
    STARTED,
    {
      ...FINISHED,
      finish: { ...FINISH, kind: "error", raw: "abort" },
    } as StreamPart,
  ]);
  assertEquals(events.map(({ event }) => event), ["message_start", "error"]);
  assertStringIncludes(JSON.stringify(events[1]?.data), "abort");
});

Deno.test("streamEncoder() makes JSON of a custom call's text and text of a refusal", () => {
  const events = encode([
    STARTED,
    { type: "tool-call-start", key: 0, id: "c", name: "patch", kind: "custom" },
    { type: "tool-call-delta", key: 0, arguments: 'a "b"' },
    { type: "tool-call-delta", key: 0, arguments: "\nc" },
    { type: "tool-call-end", key: 0 },
    { type: "refusal-start", key: 1 },
    { type: "refusal-delta", key: 1, text: "no" },
    { type: "refusal-end", key: 1 },
    {
      type: "native",
      protocol: "messages",
      value: { type: "container_upload", file_id: "f" },
    },
    {
      type: "native",
      protocol: "responses",
      value: { type: "web_search_call" },
    },
    FINISHED,
  ]);
  const input = events.flatMap(({ data }) =>
    typeof (data.delta as JsonObject)?.partial_json === "string"
      ? [JSON.parse(String((data.delta as JsonObject).partial_json))]
      : []
  );
  assertEquals(input, [{ input: 'a "b"\nc' }]);
  const starts = events.filter(({ event }) => event === "content_block_start")
    .map(({ data }) => (data.content_block as JsonObject).type);
  assertEquals(starts, ["tool_use", "text", "container_upload"]);
});

Deno.test("streamEncoder() carries citations into the open text", () => {
  const value = { type: "char_location", cited_text: "c" };
  const citation = {
    url: null,
    title: null,
    citedText: "c",
    start: null,
    end: null,
    native: { protocol: "messages" as const, value },
  };
  const events = encode([
    STARTED,
    { type: "text-start", key: 0 },
    { type: "text-delta", key: 0, text: "x" },
    { type: "text-citation", key: 0, citation },
    {
      type: "text-citation",
      key: 0,
      citation: {
        ...citation,
        url: "https://a.example",
        native: { protocol: "responses", value: {} },
      },
    },
    { type: "text-end", key: 0 },
    FINISHED,
  ]);
  assertEquals(
    events.flatMap(({ data }) =>
      (data.delta as JsonObject)?.type === "citations_delta"
        ? [(data.delta as JsonObject).citation]
        : []
    ),
    [value, {
      type: "web_search_result_location",
      url: "https://a.example",
      title: null,
      cited_text: "c",
      encrypted_index: "",
    }],
  );
});
