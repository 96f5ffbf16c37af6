import { assert, assertEquals } from "@std/assert";
import { collect } from "../../../src/protocols/collect.ts";
import type { CanonicalResponse } from "../../../src/protocols/canonical.ts";
import type { SseEvent } from "../../../src/protocols/protocol.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import { checkFailed, checkFinished, checkParts } from "../check_parts.ts";
import {
  chunk,
  chunks,
  decodeContext,
  decodeEvents,
  DONE,
} from "./chat_support.ts";

function finished(list: readonly JsonObject[], done = true): CanonicalResponse {
  const parts = decodeEvents([...chunks(...list), ...(done ? [DONE] : [])]);
  checkFinished(parts);
  return collect(parts);
}

function failed(list: readonly SseEvent[]): StreamPart & { type: "error" } {
  const parts = decodeEvents(list);
  checkFailed(parts);
  const last = parts.at(-1);
  assert(last?.type === "error");
  return last;
}

function calls(response: CanonicalResponse): [string, string, string][] {
  return response.content.flatMap((block): [string, string, string][] =>
    block.type === "tool-call" ? [[block.id, block.name, block.arguments]] : []
  );
}

function call(
  index: number | null,
  id: string | null,
  name: string | null,
  args: string | null,
): JsonObject {
  const delta: JsonObject = { function: {} };
  if (index !== null) delta.index = index;
  if (id !== null) delta.id = id;
  const called: JsonObject = {};
  if (name !== null) called.name = name;
  if (args !== null) called.arguments = args;
  delta.function = called;
  return { tool_calls: [delta] };
}

const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };

Deno.test("ChatStreamDecoder takes usage before, on and after the finish chunk", () => {
  const shapes: JsonObject[][] = [
    [chunk({ content: "a" }), chunk({}, "stop", { usage: USAGE })],
    [chunk({ content: "a" }), chunk({}, "stop"), { choices: [], usage: USAGE }],
    [
      chunk({ content: "a" }),
      chunk({}, "stop"),
      chunk({ content: "" }, null, { usage: USAGE }),
    ],
    [
      chunk({ content: "a" }, null, {
        usage: { ...USAGE, completion_tokens: 1 },
      }),
      chunk({}, "stop", { usage: USAGE }),
    ],
    [{
      ...chunk({ content: "a" }),
      choices: [{
        index: 0,
        delta: { content: "a" },
        finish_reason: "stop",
        usage: USAGE,
      }],
    }],
    [chunk({ content: "a" }), chunk({}, "stop", { x_groq: { usage: USAGE } })],
  ];
  for (const shape of shapes) {
    const { usage } = finished(shape);
    assertEquals([usage.ledger.input, usage.ledger.output], [3, 2]);
    assertEquals(usage.model, "m");
  }
});

Deno.test("ChatStreamDecoder takes the first of repeated finish reasons and content in the last chunk", () => {
  const response = finished([
    chunk({ content: "a" }),
    chunk({ content: "b" }, "length"),
    chunk({ content: "" }, "stop"),
    chunk({}, null),
  ]);
  assertEquals(response.finish.kind, "length");
  assertEquals(response.content.length, 1);
  assert(response.content[0]?.type === "text");
  assertEquals(response.content[0].text, "ab");
});

Deno.test("ChatStreamDecoder needs no [DONE] after a finish reason", () => {
  const response = finished(
    [chunk({ content: "a" }), chunk({}, "stop")],
    false,
  );
  assertEquals(response.finish.kind, "stop");
});

Deno.test("ChatStreamDecoder never invents a finish: end and [DONE] without one fail", () => {
  const list = chunks(chunk({ content: "a" }));
  assertEquals(failed(list).error.code, "stream_broken");
  assertEquals(failed([...list, DONE]).error.status, 502);
  failed([]);
  failed([DONE]);
});

Deno.test("ChatStreamDecoder takes the end for a finish where the provider never says one", () => {
  const list = chunks(chunk({ content: "a", refusal: "" }));
  const context = decodeContext({ eofIsFinish: true });
  checkFinished(decodeEvents(list, context));
  checkFinished(decodeEvents([...list, DONE], context));
  checkFailed(decodeEvents([], context));
});

Deno.test("ChatStreamDecoder takes id and model from where they first come", () => {
  const preamble = {
    id: "",
    model: "",
    object: "",
    created: 0,
    choices: [],
    prompt_filter_results: [],
  };
  const response = finished([preamble, chunk({ content: "a" }, "stop")]);
  assertEquals([response.id, response.model, response.createdAt], [
    "c1",
    "m",
    5,
  ]);
  const nameless = finished([{
    ...chunk({ content: "a" }, "stop"),
    id: "",
    model: "",
    created: 0,
  }]);
  assertEquals(
    [nameless.id, nameless.model, nameless.createdAt],
    ["", "llama-3", null],
  );
});

Deno.test("ChatStreamDecoder ends with the error that a chunk says, with the usage so far", () => {
  const text = chunks(chunk({ content: "a" }, null, { usage: USAGE }));
  const top = failed([
    ...text,
    ...chunks({ error: { message: "slow down", code: 429 } }),
    DONE,
  ]);
  assertEquals(top.error.kind, "rate_limit");
  assertEquals(top.usage.ledger.input, 3);
  const event = failed([...text, {
    event: "error",
    data: '{"error":{"message":"bad call","code":"tool_use_failed"}}',
  }]);
  assertEquals([event.error.message, event.error.code], [
    "bad call",
    "tool_use_failed",
  ]);
  const bare = failed([{ event: "error", data: '{"message":"gone"}' }]);
  assertEquals(bare.error.message, "gone");
  const word = failed([{ event: "error", data: '"gone"' }]);
  assertEquals(word.error.message, "gone");
  const array = failed([{
    event: null,
    data: '[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]',
  }]);
  assertEquals([array.error.kind, array.error.code], [
    "overloaded",
    "UNAVAILABLE",
  ]);
  assertEquals(
    failed([{ event: null, data: "<html>" }]).error.kind,
    "upstream",
  );
  const refused = failed(chunks(chunk({ content: "a" }), chunk({}, "error")));
  assertEquals(refused.error.kind, "upstream");
});

Deno.test("ChatStreamDecoder never repeats what an upstream says of the gateway's key", () => {
  for (
    const error of [
      { code: 401, message: "key sk-123" },
      { code: "invalid_api_key", message: "key sk-123" },
      { type: "authentication_error", message: "key sk-123" },
    ]
  ) {
    const { message } = failed(chunks({ error })).error;
    assertEquals(message.includes("sk-123"), false);
  }
});

Deno.test("ChatStreamDecoder passes chunks with an empty error", () => {
  for (const error of [null, "", {}]) {
    finished([chunk({ content: "a" }, "stop", { error })]);
  }
});

Deno.test("ChatStreamDecoder puts tool calls together, however they are named", () => {
  const shapes: [string, JsonObject[], [string, string, string][]][] = [
    ["plain", [
      call(0, "a", "f", ""),
      call(0, null, null, '{"x"'),
      call(0, null, null, ":1}"),
    ], [["a", "f", '{"x":1}']]],
    ["index from 1, with a gap", [
      call(1, "a", "f", "{}"),
      call(3, "b", "g", "{}"),
    ], [["a", "f", "{}"], ["b", "g", "{}"]]],
    ["no index, whole calls", [
      call(null, "a", "f", "{}"),
      call(null, "b", "f", "[]"),
    ], [["a", "f", "{}"], ["b", "f", "[]"]]],
    ["no index, pieces", [
      call(null, "a", "f", "{"),
      call(null, null, null, "}"),
    ], [["a", "f", "{}"]]],
    ["empty id and repeated name in pieces", [
      call(0, "a", "f", "{"),
      call(0, "", "f", "}"),
    ], [["a", "f", "{}"]]],
    ["interleaved", [
      call(0, "a", "f", "{"),
      call(1, "b", "g", "["),
      call(0, null, null, "}"),
      call(1, null, null, "]"),
    ], [["a", "f", "{}"], ["b", "g", "[]"]]],
    ["one index for two calls", [
      call(0, "a", "f", "{}"),
      call(0, "b", "g", "[]"),
    ], [["a", "f", "{}"], ["b", "g", "[]"]]],
    ["a whole call twice", [
      call(0, "a", "f", '{"x":1}'),
      call(0, "a", "f", '{"x":1}'),
    ], [["a", "f", '{"x":1}']]],
    ["arguments before the name", [
      call(0, "a", null, "{"),
      call(0, null, "f", "}"),
    ], [["a", "f", "{}"]]],
    ["no name at all", [call(0, "a", null, "{}")], []],
    ["no arguments", [call(0, "a", "f", null)], [["a", "f", ""]]],
    ["the deprecated form with an id", [{
      tool_calls: [{
        index: 0,
        id: "a",
        function: { name: "f", arguments: { x: 1 } },
      }],
    }], [["a", "f", '{"x":1}']]],
  ];
  for (const [name, deltas, expected] of shapes) {
    const response = finished([
      ...deltas.map((delta) => chunk(delta)),
      chunk({}, "tool_calls"),
    ]);
    assertEquals(calls(response), expected, name);
    const kind = expected.length === 0 ? "stop" : "tool-calls";
    assertEquals(response.finish.kind, kind, name);
  }
});

Deno.test("ChatStreamDecoder ends a call with whole arguments when the next one begins", () => {
  const parts = decodeEvents(chunks(
    chunk(call(0, "a", "f", '{"x":1}')),
    chunk(call(1, "b", "g", "{")),
    chunk(call(0, null, null, " ")),
    chunk(call(2, "c", "h", "{}")),
    chunk(call(1, null, null, "}")),
    chunk({}, "tool_calls"),
  ));
  checkFinished(parts);
  assertEquals(
    parts.flatMap((part) =>
      "key" in part ? [`${part.type.slice(10)} ${part.key}`] : []
    ),
    [
      "start 0",
      "delta 0",
      "end 0",
      "start 1",
      "delta 1",
      "start 2",
      "delta 2",
      "delta 1",
      "end 1",
      "end 2",
    ],
  );
});

Deno.test("ChatStreamDecoder makes an id for a call without one, the same each time", () => {
  const list = [
    chunk(call(0, "", "f", "{}")),
    chunk(call(1, null, "f", "{}")),
    chunk({ function_call: { name: "g", arguments: "{" } }),
    chunk({ function_call: { arguments: "}" } }),
    chunk({}, "stop"),
  ];
  const [first, second, third] = calls(finished(list));
  assert(first && second && third);
  assertEquals(new Set([first[0], second[0], third[0]]).size, 3);
  assert(/^call_[0-9a-f]{20}$/.test(first[0]), first[0]);
  assertEquals(third.slice(1), ["g", "{}"]);
  assertEquals(calls(finished(list)).map(([id]) => id), [
    first[0],
    second[0],
    third[0],
  ]);
});

Deno.test("ChatStreamDecoder gives tools their client names and reads custom calls", () => {
  const parts = decodeEvents(
    chunks(
      chunk(call(0, "a", "short_1", "{}")),
      chunk({
        tool_calls: [{
          index: 1,
          id: "b",
          type: "custom",
          custom: { name: "patch", input: "***" },
        }],
      }),
      chunk({}, "tool_calls"),
    ),
    decodeContext({ toolNames: new Map([["short_1", "mcp.long/name"]]) }),
  );
  const response = collect(parts);
  assertEquals(calls(response), [["a", "mcp.long/name", "{}"], [
    "b",
    "patch",
    "***",
  ]]);
  assert(response.content[1]?.type === "tool-call");
  assertEquals(response.content[1].kind, "custom");
});

Deno.test("ChatStreamDecoder takes the text of an emulated custom call out of its function call", () => {
  const context = decodeContext({
    toolNames: new Map([["p_1", "my patch"]]),
    customTools: new Set(["my patch", "say"]),
  });
  const cases: [string, string][] = [
    ['{"input":"*** Begin\\n\\"x\\""}', '*** Begin\n"x"'],
    ['{"input":""}', ""],
    ['{"text":"x"}', '{"text":"x"}'],
    ["*** Begin", "*** Begin"],
    ['{"input":"cut of', '{"input":"cut of'],
  ];
  for (const [args, input] of cases) {
    const half = Math.ceil(args.length / 2);
    const parts = decodeEvents(
      chunks(
        chunk(call(0, "a", "p_1", args.slice(0, half))),
        chunk(call(0, null, null, args.slice(half))),
        chunk(call(1, "b", "f", '{"input":"x"}')),
        chunk({}, "tool_calls"),
      ),
      context,
    );
    checkParts(parts);
    const response = collect(parts);
    assertEquals(calls(response), [["a", "my patch", input], [
      "b",
      "f",
      '{"input":"x"}',
    ]]);
    assertEquals(
      response.content.map((block) =>
        block.type === "tool-call" ? block.kind : null
      ),
      ["custom", "function"],
    );
  }
});

Deno.test("ChatStreamDecoder says tool-calls after a plain stop, but keeps length", () => {
  const one = call(0, "a", "f", "{");
  assertEquals(
    finished([chunk(one), chunk({}, "stop")]).finish.kind,
    "tool-calls",
  );
  assertEquals(
    finished([chunk(one), chunk({}, "length")]).finish.kind,
    "length",
  );
});

Deno.test("ChatStreamDecoder knows the finish reasons of other providers", () => {
  const cases: [string, string][] = [
    ["model_length", "length"],
    ["sensitive", "content-filter"],
    ["content_filter", "content-filter"],
    ["eos", "stop"],
    ["STOP", "stop"],
  ];
  for (const [raw, kind] of cases) {
    const { finish } = finished([chunk({ content: "a" }, raw)]);
    assertEquals([finish.kind, finish.raw], [kind, raw]);
  }
  const hit = finished([{
    ...chunk({}),
    choices: [{
      index: 0,
      delta: { content: "a" },
      finish_reason: "stop",
      stop_reason: "END",
    }],
  }]).finish;
  assertEquals([hit.kind, hit.stopSequence], ["stop-sequence", "END"]);
  assertEquals(
    finished([chunk({ refusal: "no" }), chunk({}, "stop")]).finish.kind,
    "refusal",
  );
});

Deno.test("ChatStreamDecoder keeps thinking, text and refusal apart, also within one delta", () => {
  const response = finished([
    chunk({ role: "assistant", content: null, reasoning_content: "" }),
    chunk({ reasoning_content: "th" }),
    chunk({ reasoning_content: "ink", content: "say" }),
    chunk({ reasoning: "again" }),
    chunk({
      content: [
        { type: "thinking", thinking: [{ type: "text", text: " more" }] },
        { type: "text", text: "word" },
      ],
    }),
    chunk({ refusal: "no" }, "stop"),
  ]);
  assertEquals(
    response.content.map((block) =>
      "text" in block ? [block.type, block.text] : []
    ),
    [
      ["reasoning", "think"],
      ["text", "say"],
      ["reasoning", "again more"],
      ["text", "word"],
      ["refusal", "no"],
    ],
  );
});

Deno.test("ChatStreamDecoder begins a new text after a tool call", () => {
  const response = finished([
    chunk({ content: "before" }),
    chunk(call(0, "a", "f", "{")),
    chunk({ content: "after" }),
    chunk(call(0, null, null, "}")),
    chunk({}, "tool_calls"),
  ]);
  assertEquals(response.content.map((block) => block.type), [
    "text",
    "tool-call",
    "text",
  ]);
  assertEquals(calls(response), [["a", "f", "{}"]]);
});

Deno.test("ChatStreamDecoder gives nothing after its terminal", () => {
  const list = [
    ...chunks(chunk({ content: "a" }, "stop")),
    DONE,
    ...chunks(chunk({ content: "b" }), { error: { message: "late" } }),
    DONE,
  ];
  checkFinished(decodeEvents(list));
});

Deno.test("ChatStreamDecoder survives chunks of any shape", () => {
  const odd: JsonObject[] = [
    {},
    { choices: null },
    { choices: [null] },
    { choices: [{ index: 1, delta: { content: "other" } }] },
    { choices: [{ delta: null }] },
    {
      choices: [{
        index: 0,
        delta: { tool_calls: [null, { index: "x" }], annotations: [1] },
      }],
    },
    { choices: [{ index: 0, delta: { content: 5, reasoning_details: [1] } }] },
  ];
  checkParts(decodeEvents(chunks(...odd)));
  checkFinished(decodeEvents(chunks(...odd, chunk({}, "stop"))));
});
