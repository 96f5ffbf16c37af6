/**
 * What converters before this one got wrong, one test each, by the numbers of
 * the list: cache tokens counted twice, arguments interleaved, ends invented.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ProtocolName } from "../../src/exchange/names.ts";
import { collect, partsOf } from "../../src/protocols/collect.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import type { StreamPart } from "../../src/protocols/stream_part.ts";
import { isJsonObject, type JsonObject } from "../../src/support/json.ts";
import { answer, FakeProvider } from "../fake_provider/fake_provider.ts";
import { TestRelay } from "../relay/harness.ts";
import {
  chatAnswer,
  messagesAnswer,
  responsesAnswer,
} from "./answer_features.ts";
import {
  decodeContext,
  decodeStream,
  encodeContext,
  encodeStream,
  eventsOf,
  fixtureText,
  requestOutcome,
} from "./fixtures.ts";

/** The body that a request becomes; a refusal is a failure of the test. */
function sent(
  from: ProtocolName,
  to: ProtocolName,
  body: JsonObject,
): JsonObject {
  const outcome = requestOutcome(from, to, JSON.stringify(body));
  assert("body" in outcome, JSON.stringify(outcome));
  return outcome.body;
}

function answered(
  from: ProtocolName,
  to: ProtocolName,
  body: JsonObject,
): JsonObject {
  return PROTOCOLS[to].encodeResponse(
    PROTOCOLS[from].decodeResponse(body, decodeContext()),
    encodeContext(to),
  );
}

function streamed(from: ProtocolName, to: ProtocolName, text: string): string {
  return encodeStream(to, decodeStream(from, eventsOf(text)));
}

function bodies(stream: string): JsonObject[] {
  return eventsOf(stream).filter(({ data }) => data !== "[DONE]").map(
    ({ data }) => {
      const value: unknown = JSON.parse(data);
      assert(isJsonObject(value));
      return value;
    },
  );
}

function types(stream: string): unknown[] {
  return bodies(stream).map((body) => body.type);
}

const EVERY: readonly ProtocolName[] = ["chat", "messages", "responses"];
const HI = { role: "user", content: "hi" };
const CHAT = { model: "m", messages: [HI] };
const MESSAGES = { model: "m", max_tokens: 100, messages: [HI] };
const RESPONSES = { model: "m", input: "hi" };
const TOOL = { type: "function", function: { name: "f" } };

Deno.test("defect 1: cache tokens are added and subtracted as each protocol counts", () => {
  const messages = messagesAnswer([{ type: "text", text: "x" }], "end_turn", {
    usage: {
      input_tokens: 13,
      cache_read_input_tokens: 22_000,
      cache_creation_input_tokens: 31,
      output_tokens: 4,
    },
  });
  const chat = answered("messages", "chat", messages).usage as JsonObject;
  assertEquals([chat.prompt_tokens, chat.total_tokens], [22_044, 22_048]);
  const own = answered("messages", "responses", messages).usage as JsonObject;
  assertEquals([own.input_tokens, own.total_tokens], [22_044, 22_048]);
  const back = answered(
    "chat",
    "messages",
    chatAnswer({ content: "x" }, "stop", {
      prompt_tokens: 120,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20 },
    }),
  ).usage as JsonObject;
  assertEquals(back.input_tokens, 70);
  assertEquals(back.cache_read_input_tokens, 30);
  assertEquals(back.cache_creation_input_tokens, 20);
});

Deno.test("defect 2: usage that comes after the finish is not lost", () => {
  const stream = streamed(
    "chat",
    "messages",
    fixtureText("chat", "rich.stream.sse"),
  );
  const delta = bodies(stream).find((body) => body.type === "message_delta");
  const usage = delta?.usage as JsonObject;
  assertEquals([usage.input_tokens, usage.output_tokens], [75, 60]);
  const chat = bodies(streamed(
    "messages",
    "chat",
    fixtureText("messages", "rich.stream.sse"),
  ));
  assertEquals((chat.at(-1)?.usage as JsonObject).prompt_tokens, 22_046);
});

Deno.test("defect 3: nothing comes after the end, and the end comes once", () => {
  for (const from of EVERY) {
    const parts = decodeStream(
      from,
      eventsOf(fixtureText(from, "rich.stream.sse")),
    );
    const finish = parts.at(-1);
    assert(finish?.type === "finish");
    const late: StreamPart[] = [
      ...parts,
      { type: "text-start", key: 99 },
      { type: "text-delta", key: 99, text: "late" },
      { type: "text-end", key: 99 },
      finish,
    ];
    for (const to of EVERY) {
      assertEquals(encodeStream(to, late), encodeStream(to, parts));
    }
    const messages = types(encodeStream("messages", late));
    const deltas = messages.filter((type) => type === "message_delta");
    assertEquals([deltas.length, messages.at(-1)], [1, "message_stop"]);
  }
});

Deno.test("defect 4: deltas of parallel calls that interleave keep apart", () => {
  const sources = [
    ["chat", "deviations", ['{"city":"Rome"}', '{"zone":"CET"}']],
    ["responses", "rich", ['{"city": "Röme"}', "{}"]],
  ] as const;
  for (const [from, name, expected] of sources) {
    const text = fixtureText(from, `${name}.stream.sse`);
    for (const to of EVERY) {
      const again = collect(
        decodeStream(to, eventsOf(streamed(from, to, text))),
      );
      const calls = again.content.flatMap((block) =>
        block.type === "tool-call" ? [block.arguments] : []
      );
      assertEquals(calls, [...expected], `${from} to ${to}`);
    }
  }
});

Deno.test("defect 5: text after a tool call is a block of its own", () => {
  const text = fixtureText("messages", "stop-sequence.stream.sse");
  const events = bodies(streamed("messages", "responses", text));
  const items = events.filter((body) =>
    body.type === "response.output_item.added"
  ).map((body) => (body.item as JsonObject).type);
  assertEquals(items, ["message", "function_call", "message"]);
  const chat = fixtureText("chat", "deviations.stream.sse");
  const starts = bodies(streamed("chat", "messages", chat)).filter((body) =>
    body.type === "content_block_start"
  ).map((body) => (body.content_block as JsonObject).type);
  assertEquals(starts, ["thinking", "text", "tool_use", "tool_use", "text"]);
});

Deno.test("defect 6: an answer with tool calls stops for tool calls, whatever the upstream says", () => {
  const call = {
    tool_calls: [{
      id: "c",
      type: "function",
      function: { name: "f", arguments: "{}" },
    }],
  };
  const whole = answered("chat", "messages", chatAnswer(call, "stop"));
  assertEquals(whole.stop_reason, "tool_use");
  const stream = fixtureText("chat", "deviations.stream.sse");
  assertStringIncludes(
    streamed("chat", "messages", stream),
    '"stop_reason":"tool_use"',
  );
  assertStringIncludes(
    streamed("chat", "chat", stream),
    '"finish_reason":"tool_calls"',
  );
  const limited = answered("chat", "messages", chatAnswer(call, "length"));
  assertEquals(limited.stop_reason, "max_tokens");
});

Deno.test("defect 7: an upstream that breaks off never becomes a clean end", () => {
  for (const from of EVERY) {
    const events = eventsOf(fixtureText(from, "rich.stream.sse"));
    const half = decodeStream(from, events.slice(0, events.length >> 1));
    for (const to of EVERY) {
      const stream = encodeStream(to, half);
      assertStringIncludes(stream, '"error"');
      for (
        const end of ["end_turn", "response.completed", '"stop"', "[DONE]"]
      ) assert(!stream.includes(end), `${from} to ${to}: ${end}`);
    }
  }
});

Deno.test("defect 8: an error inside a stream arrives in the client's shape", () => {
  const messages: Readonly<Record<string, string>> = {
    chat: "Provider disconnected",
    messages: "Overloaded",
    responses: "The model failed",
  };
  for (const from of EVERY) {
    for (const to of EVERY) {
      const text = fixtureText(from, "error.stream.sse");
      const stream = streamed(from, to, text);
      const error = bodies(stream).find((body) => body.error !== undefined);
      assertEquals(
        (error?.error as JsonObject).message,
        messages[from],
        `${from} to ${to}`,
      );
      assert(!stream.includes("[DONE]"));
      if (to === "messages") assertStringIncludes(stream, "event: error\n");
    }
  }
});

Deno.test("defect 9: an HTTP error has the client's shape, a legal type and its retry-after", async () => {
  await using provider = await FakeProvider.start(
    answer(
      429,
      '{"error":{"message":"Slow down","type":"odd_vendor_type","code":7}}',
      { "retry-after": "7" },
    ),
  );
  await using relay = new TestRelay([{ url: provider.url, protocol: "chat" }]);
  const client = relay.ask({ protocol: "messages", body: MESSAGES });
  await client.done;
  assertEquals(client.status, 429);
  assertEquals(client.header("retry-after"), "7");
  const body = JSON.parse(client.body);
  assertEquals([body.type, body.error.type], ["error", "rate_limit_error"]);
  assertStringIncludes(body.error.message, "Slow down");
});

Deno.test("defect 10: tool choices have each protocol's own words", () => {
  const tools = [{ name: "f", input_schema: { type: "object" } }];
  const any = {
    ...MESSAGES,
    tools,
    tool_choice: { type: "any", disable_parallel_tool_use: true },
  };
  for (const to of ["chat", "responses"] as const) {
    const body = sent("messages", to, any);
    assertEquals(body.tool_choice, "required");
    assertEquals(body.parallel_tool_calls, false);
  }
  const serial = sent("chat", "messages", {
    ...CHAT,
    tools: [TOOL],
    parallel_tool_calls: false,
  });
  assertEquals(serial.tool_choice, {
    type: "auto",
    disable_parallel_tool_use: true,
  });
});

Deno.test("defect 11: limits, stop sequences and the user are carried over", () => {
  const body = sent("chat", "messages", {
    ...CHAT,
    max_completion_tokens: 77,
    stop: "END",
    top_p: 0.5,
    user: "u",
  });
  assertEquals(body.max_tokens, 77);
  assertEquals(body.stop_sequences, ["END"]);
  assertEquals(body.top_p, 0.5);
  assertEquals(body.metadata, { user_id: "u" });
  const back = sent("messages", "chat", {
    ...MESSAGES,
    stop_sequences: ["A", "B"],
    top_p: 0.5,
  });
  assertEquals([back.stop, back.top_p], [["A", "B"], 0.5]);
});

Deno.test("defect 12: the schema of a tool stays whole", () => {
  const schema = {
    type: "object",
    $defs: { place: { type: "string", pattern: "^[A-Z]" } },
    properties: {
      city: { $ref: "#/$defs/place" },
      mode: { anyOf: [{ enum: ["a", "b"] }, { type: "null" }], default: null },
    },
    required: ["city"],
    additionalProperties: false,
    description: "Places",
  };
  const chat = {
    ...CHAT,
    tools: [{
      type: "function",
      function: { name: "f", parameters: schema },
    }],
  };
  const [messages] = sent("chat", "messages", chat).tools as JsonObject[];
  assertEquals(JSON.stringify(messages?.input_schema), JSON.stringify(schema));
  const [own] = sent("chat", "responses", chat).tools as JsonObject[];
  assertEquals(JSON.stringify(own?.parameters), JSON.stringify(schema));
  assertEquals(own?.strict, false);
});

Deno.test("defect 13: thinking and its proof reach nobody but their maker", () => {
  const history = {
    ...MESSAGES,
    messages: [HI, {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "SECRET", signature: "sigABC" },
        { type: "text", text: "Hello" },
      ],
    }, HI],
  };
  for (const to of ["chat", "responses"] as const) {
    const body = JSON.stringify(sent("messages", to, history));
    assert(!body.includes("SECRET") && !body.includes("sigABC"), to);
  }
  const whole = answered(
    "chat",
    "messages",
    chatAnswer({ reasoning_content: "thought", content: "x" }),
  );
  const [thinking] = whole.content as JsonObject[];
  assertEquals(typeof thinking?.signature, "string");
  const own = answered(
    "messages",
    "responses",
    messagesAnswer([
      { type: "thinking", thinking: "SECRET", signature: "sigABC" },
      { type: "text", text: "Hello" },
    ]),
  );
  const message = (own.output as JsonObject[]).find((item) =>
    item.type === "message"
  );
  assert(!JSON.stringify(message).includes("SECRET"));
});

Deno.test("defect 14: images in tool results stay images of their own type", () => {
  const body = {
    ...MESSAGES,
    tools: [{ name: "f", input_schema: { type: "object" } }],
    messages: [HI, {
      role: "assistant",
      content: [{ type: "tool_use", id: "t1", name: "f", input: {} }],
    }, {
      role: "user",
      content: [{
        type: "tool_result",
        tool_use_id: "t1",
        content: [{
          type: "image",
          source: {
            type: "base64",
            media_type: "image/webp",
            data: "UklGRg==",
          },
        }],
      }],
    }],
  };
  const chat = sent("messages", "chat", body).messages as JsonObject[];
  const result = chat.findIndex((message) => message.role === "tool");
  assert(!JSON.stringify(chat[result]).includes("UklGRg"));
  assertStringIncludes(
    JSON.stringify(chat[result + 1]),
    "data:image/webp;base64,UklGRg==",
  );
  assertStringIncludes(
    JSON.stringify(sent("messages", "responses", body)),
    '"image_url":"data:image/webp;base64,UklGRg=="',
  );
});

Deno.test("defect 15: results of one turn stand together, and ids are such as the target takes", () => {
  const call = (id: string) => ({
    id,
    type: "function",
    function: { name: "f", arguments: "{}" },
  });
  const body = sent("chat", "messages", {
    ...CHAT,
    tools: [TOOL],
    messages: [
      HI,
      { role: "assistant", tool_calls: [call("functions.f:0"), call("a b")] },
      { role: "tool", tool_call_id: "functions.f:0", content: "one" },
      { role: "tool", tool_call_id: "a b", content: "two" },
    ],
  });
  const [, assistant, results] = body.messages as {
    content: { id: string; tool_use_id: string }[];
  }[];
  assertEquals((body.messages as unknown[]).length, 3);
  const ids = assistant?.content.map((block) => block.id) ?? [];
  assertEquals(results?.content.map((block) => block.tool_use_id), ids);
  for (const id of ids) assert(/^[a-zA-Z0-9_-]+$/.test(id), id);
});

Deno.test("defect 16: empty or broken arguments become an empty object, not an exception", () => {
  for (const text of ["", "not json", "[1]", "null"]) {
    const body = sent("chat", "messages", {
      ...CHAT,
      tools: [TOOL],
      messages: [HI, {
        role: "assistant",
        tool_calls: [{
          id: "c",
          type: "function",
          function: { name: "f", arguments: text },
        }],
      }, { role: "tool", tool_call_id: "c", content: "x" }],
    });
    assertStringIncludes(JSON.stringify(body), '"input":{}');
  }
});

Deno.test("defect 17: every chunk has id, model and delta, and usage comes once", () => {
  for (const from of EVERY) {
    const text = fixtureText(from, "rich.stream.sse");
    const chunks = bodies(streamed(from, "chat", text));
    const ids = new Set(chunks.map((chunk) => chunk.id));
    assertEquals(ids.size, 1);
    for (const chunk of chunks) {
      assert(chunk.model !== undefined && chunk.model !== "");
      assert(Array.isArray(chunk.choices));
      for (const choice of chunk.choices as JsonObject[]) {
        assert(isJsonObject(choice.delta));
      }
    }
    const usages = chunks.filter((chunk) => isJsonObject(chunk.usage));
    assertEquals(usages.length, 1);
    assert(Number((usages[0]?.usage as JsonObject).prompt_tokens) > 0);
  }
});

Deno.test("defect 18: a hosted tool's call is no function call", () => {
  for (const to of ["chat", "responses"] as const) {
    const text = fixtureText("messages", "rich.stream.sse");
    const stream = streamed("messages", to, text);
    assert(!stream.includes("srvtoolu_1"), to);
    assert(!stream.includes('"name":"web_search"'), to);
  }
  const own = fixtureText("responses", "rich.stream.sse");
  for (const to of ["chat", "messages"] as const) {
    assert(!streamed("responses", to, own).includes("ws_1"), to);
  }
});

Deno.test("defect 19: what is incomplete or refused is told so", () => {
  const limited = answered(
    "messages",
    "responses",
    messagesAnswer([{ type: "text", text: "x" }], "max_tokens"),
  );
  assertEquals(limited.status, "incomplete");
  assertEquals(limited.incomplete_details, { reason: "max_output_tokens" });
  const refused = answered(
    "responses",
    "messages",
    responsesAnswer([{
      type: "message",
      id: "msg_1",
      role: "assistant",
      status: "completed",
      content: [{ type: "refusal", refusal: "No." }],
    }]),
  );
  assertEquals(refused.stop_reason, "refusal");
  const chat = answered("messages", "chat", messagesAnswer([], "refusal"));
  const [choice] = chat.choices as JsonObject[];
  assertEquals(choice?.finish_reason, "content_filter");
});

Deno.test("defect 20: items keep their ids, indexes count up, parts open before their deltas", () => {
  for (const from of EVERY) {
    const text = fixtureText(from, "rich.stream.sse");
    const events = bodies(streamed(from, "responses", text));
    assertEquals(
      events.map((event) => event.sequence_number),
      events.map((_, index) => index),
    );
    const ids = new Map<unknown, unknown>();
    const open = new Set<string>();
    for (const event of events) {
      const item = event.item as JsonObject | undefined;
      if (event.type === "response.output_item.added") {
        assertEquals(event.output_index, ids.size);
        ids.set(event.output_index, item?.id);
      }
      if (event.type === "response.output_item.done") {
        assertEquals(item?.id, ids.get(event.output_index));
      }
      if (event.item_id === undefined) continue;
      assertEquals(event.item_id, ids.get(event.output_index));
      const part = `${String(event.item_id)} ${
        String(event.content_index ?? event.summary_index)
      }`;
      if (String(event.type).endsWith("part.added")) open.add(part);
      const isText = /(output_text|summary_text|reasoning_text)\.delta$/;
      if (isText.test(String(event.type))) assert(open.has(part), part);
    }
    assertEquals(new Set(ids.values()).size, ids.size);
  }
});

Deno.test("defect 21: the id of a call's item is not its call_id", () => {
  const whole = answered(
    "messages",
    "responses",
    messagesAnswer(
      [{ type: "tool_use", id: "toolu_1", name: "f", input: {} }],
      "tool_use",
    ),
  );
  const [item] = whole.output as JsonObject[];
  assertEquals(item?.call_id, "toolu_1");
  assert(String(item?.id).startsWith("fc_"));
  const history = sent("messages", "responses", {
    ...MESSAGES,
    tools: [{ name: "f", input_schema: { type: "object" } }],
    messages: [HI, {
      role: "assistant",
      content: [{ type: "tool_use", id: "toolu_1", name: "f", input: {} }],
    }, {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "x" }],
    }],
  });
  for (const entry of history.input as JsonObject[]) {
    assertEquals(entry.id, undefined);
  }
});

Deno.test("defect 22: audio and several choices are refused, not dropped", () => {
  const audio = {
    ...CHAT,
    messages: [{
      role: "user",
      content: [{
        type: "input_audio",
        input_audio: { data: "UklGRg==", format: "wav" },
      }],
    }],
  };
  for (const to of ["messages", "responses"] as const) {
    for (const body of [audio, { ...CHAT, n: 2 }]) {
      const outcome = requestOutcome("chat", to, JSON.stringify(body));
      assert("refused" in outcome && outcome.status === 400, to);
      assert((outcome.refused.error as JsonObject).param !== null);
    }
  }
});

Deno.test("defect 23: the text of a refusal comes exactly once", () => {
  const sources = [
    ["responses", "I cannot help."],
    ["chat", "I cannot help."],
  ] as const;
  for (const [from, expected] of sources) {
    const text = fixtureText(from, "refusal.stream.sse");
    for (const to of EVERY) {
      const again = collect(
        decodeStream(to, eventsOf(streamed(from, to, text))),
      );
      const said = again.content.map((block) =>
        block.type === "refusal" || block.type === "text" ? block.text : ""
      ).join("");
      assertEquals(said, expected, `${from} to ${to}`);
    }
  }
});

Deno.test("defect 24: a reasoning item does not tear a turn and its calls apart", () => {
  const body = sent("responses", "chat", {
    ...RESPONSES,
    input: [
      HI,
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "SECRET-SUMMARY" }],
        encrypted_content: "x",
      },
      { role: "assistant", content: "Looking." },
      {
        type: "reasoning",
        id: "rs_2",
        summary: [],
        encrypted_content: "y",
      },
      {
        type: "function_call",
        call_id: "c1",
        name: "f",
        arguments: "{}",
      },
      {
        type: "function_call",
        call_id: "c2",
        name: "f",
        arguments: "{}",
      },
      { type: "function_call_output", call_id: "c1", output: "one" },
      { type: "function_call_output", call_id: "c2", output: "two" },
    ],
    tools: [{ type: "function", name: "f", parameters: null, strict: false }],
  });
  const messages = body.messages as JsonObject[];
  assertEquals(messages.map((message) => message.role), [
    "user",
    "assistant",
    "tool",
    "tool",
  ]);
  assertEquals((messages[1]?.tool_calls as unknown[]).length, 2);
  assertEquals(messages[1]?.content, "Looking.");
  assert(!JSON.stringify(body).includes("SECRET-SUMMARY"));
});

Deno.test("a chain of gateways shows thinking once", () => {
  const thought = PROTOCOLS.messages.decodeResponse(
    messagesAnswer([
      { type: "thinking", thinking: "thought", signature: "c2ln" },
      { type: "text", text: "Hello" },
    ]),
    decodeContext(),
  );
  const first = encodeStream("chat", partsOf(thought));
  const second = collect(decodeStream("chat", eventsOf(first)));
  const texts = second.content.map((block) =>
    block.type === "reasoning" ? block.text : ""
  );
  assertEquals(texts.join(""), "thought");
});
