import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type {
  CanonicalResponse,
  Citation,
} from "../../../src/protocols/canonical.ts";
import { collect, partsOf } from "../../../src/protocols/collect.ts";
import { unwrapProof } from "../../../src/protocols/reasoning_envelope.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { gatewayError } from "../../../src/exchange/gateway_error.ts";
import { noUsage } from "../../../src/exchange/usage.ts";
import type { JsonObject, JsonValue } from "../../../src/support/json.ts";
import { checkFailed, checkFinished } from "../check_parts.ts";
import {
  bodiesOf,
  decodeContext,
  decodeEvents,
  encodeContext,
  encodeParts,
  eventsOf,
  response,
  withoutWireDetails,
} from "./fixtures.ts";

const START: StreamPart = {
  type: "start",
  id: "msg_1",
  model: "claude",
  createdAt: null,
  serviceTier: null,
  usage: null,
};

function finish(
  kind: CanonicalResponse["finish"]["kind"] = "stop",
): StreamPart {
  return {
    type: "finish",
    finish: { kind, raw: null, stopSequence: null, details: null },
    usage: noUsage(),
    serviceTier: null,
  };
}

/** Cuts every delta into single characters. */
function shredded(parts: readonly StreamPart[]): StreamPart[] {
  return parts.flatMap((part): StreamPart[] => {
    if (part.type === "tool-call-delta") {
      return [...part.arguments].map((piece) => ({
        ...part,
        arguments: piece,
      }));
    }
    if ("text" in part) {
      return [...part.text].map((piece) => ({ ...part, text: piece }));
    }
    return [part];
  });
}

function types(bodies: readonly JsonObject[]): string[] {
  return bodies.map((body) => String(body.type));
}

function outputOf(body: JsonObject | undefined): JsonObject[] {
  const answer = body?.response as JsonObject;
  return answer.output as JsonObject[];
}

Deno.test("streamEncoder() and streamDecoder() are inverse on everything the protocol can say", () => {
  fc.assert(
    fc.property(response(), fc.boolean(), (value, shred) => {
      const parts = partsOf(value);
      const stream = encodeParts(shred ? shredded(parts) : parts);
      const decoded = decodeEvents(eventsOf(stream));
      checkFinished(decoded);
      assertEquals(withoutWireDetails(collect(decoded)), value);
    }),
    { numRuns: 2000, seed: 20261121 },
  );
});

Deno.test("encodeResponse() and decodeResponse() are inverse, and agree with the stream", () => {
  fc.assert(
    fc.property(response(), (value) => {
      const body = JSON.parse(
        JSON.stringify(responses.encodeResponse(value, encodeContext())),
      ) as JsonObject;
      const decoded = responses.decodeResponse(body, decodeContext());
      assertEquals(withoutWireDetails(decoded), value);
      const last = bodiesOf(encodeParts(partsOf(value))).at(-1);
      const streamed = last?.response as JsonObject;
      assertEquals(
        withoutIds(streamed as JsonValue),
        withoutIds(body as JsonValue),
      );
    }),
    { numRuns: 2000, seed: 20261121 },
  );
});

function withoutIds(value: JsonValue): JsonValue {
  return JSON.parse(
    JSON.stringify(value, (key, entry) => key === "id" ? undefined : entry),
  );
}

Deno.test("streamEncoder() numbers its events, and repeats all items at the end", () => {
  const bodies = bodiesOf(encodeParts([
    START,
    { type: "reasoning-start", key: 0 },
    { type: "reasoning-delta", key: 0, text: "hm" },
    {
      type: "reasoning-end",
      key: 0,
      proof: "sig",
      redacted: false,
      itemId: null,
      origin: { protocol: "messages", provider: "a", model: "claude" },
    },
    { type: "text-start", key: 1 },
    { type: "text-delta", key: 1, text: "hello" },
    { type: "text-end", key: 1 },
    {
      type: "tool-call-start",
      key: 2,
      id: "toolu_1",
      name: "f",
      kind: "function",
    },
    { type: "tool-call-delta", key: 2, arguments: "{}" },
    { type: "tool-call-end", key: 2 },
    finish("tool-calls"),
  ]));
  assertEquals(bodies.map((body) => body.sequence_number), [
    ...bodies.keys(),
  ]);
  assertEquals(types(bodies), [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done",
    "response.output_item.done",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "response.completed",
  ]);
  const done = bodies.filter((body) =>
    body.type === "response.output_item.done"
  );
  assertEquals(done.map((body) => body.output_index), [0, 1, 2]);
  assertEquals(outputOf(bodies.at(-1)), done.map((body) => body.item));
  const [reasoning, message, call] = outputOf(bodies.at(-1));
  const opened = unwrapProof(String(reasoning?.encrypted_content));
  assertEquals(opened?.proof, "sig");
  assertEquals(opened?.origin.provider, "a");
  assert(String(reasoning?.id).startsWith("rs_"));
  assert(String(message?.id).startsWith("msg_"));
  assert(String(call?.id).startsWith("fc_"));
  assertEquals(call?.call_id, "toolu_1");
  const created = bodies[0]?.response as JsonObject;
  assert(String(created.id).startsWith("resp_"));
  const ids = new Set(
    bodies.flatMap((body) => {
      const answer = body.response as JsonObject | undefined;
      return answer === undefined ? [] : [answer.id];
    }),
  );
  assertEquals([...ids], [created.id]);
});

Deno.test("streamEncoder() marks the item that was cut and says why", () => {
  const call: StreamPart[] = [
    START,
    { type: "text-start", key: 0 },
    { type: "text-delta", key: 0, text: "I will" },
    { type: "text-end", key: 0 },
    {
      type: "tool-call-start",
      key: 1,
      id: "c1",
      name: "f",
      kind: "function",
    },
    { type: "tool-call-delta", key: 1, arguments: '{"a' },
    { type: "tool-call-end", key: 1 },
    finish("length"),
  ];
  const last = bodiesOf(encodeParts(call)).at(-1);
  const answer = last?.response as JsonObject;
  assertEquals(last?.type, "response.incomplete");
  assertEquals(answer.status, "incomplete");
  assertEquals(answer.incomplete_details, { reason: "max_output_tokens" });
  assertEquals(
    outputOf(last).map((item) => [item.status, item.arguments]),
    [["completed", undefined], ["incomplete", '{"a']],
  );
});

Deno.test("streamEncoder() closes a message that was left open and goes on in another one", () => {
  const stream = encodeParts([
    START,
    { type: "text-start", key: 0 },
    { type: "text-delta", key: 0, text: "a" },
    {
      type: "tool-call-start",
      key: 1,
      id: "c1",
      name: "f",
      kind: "function",
    },
    {
      type: "tool-call-start",
      key: 2,
      id: "c1",
      name: "g",
      kind: "function",
    },
    { type: "tool-call-delta", key: 2, arguments: "[2]" },
    { type: "tool-call-delta", key: 1, arguments: "[1]" },
    { type: "text-delta", key: 0, text: "b" },
    { type: "text-end", key: 0 },
    { type: "tool-call-end", key: 2 },
    { type: "tool-call-end", key: 1 },
    finish("tool-calls"),
  ]);
  const output = outputOf(bodiesOf(stream).at(-1));
  assertEquals(output.map((item) => [item.type, item.arguments]), [
    ["message", undefined],
    ["function_call", "[1]"],
    ["function_call", "[2]"],
    ["message", undefined],
  ]);
  // A call id that came twice would make every client throw.
  assert(output[1]?.call_id !== output[2]?.call_id);
  checkFinished(decodeEvents(eventsOf(stream)));
});

Deno.test("streamEncoder() spans sources without offsets over the whole text", () => {
  const citation: Citation = {
    url: "https://x.test/",
    title: null,
    citedText: "hel",
    start: null,
    end: null,
    native: { protocol: "messages", value: {} },
  };
  const bodies = bodiesOf(encodeParts([
    START,
    { type: "text-start", key: 0 },
    { type: "text-citation", key: 0, citation },
    { type: "text-delta", key: 0, text: "hello" },
    { type: "text-end", key: 0 },
    finish(),
  ]));
  const added = bodies.find((body) =>
    body.type === "response.output_text.annotation.added"
  );
  assertEquals(added?.annotation, {
    type: "url_citation",
    start_index: 0,
    end_index: 5,
    url: "https://x.test/",
    title: "",
  });
});

Deno.test("streamEncoder() ends a failure with error and response.failed, and nothing after it", () => {
  const encoder = responses.streamEncoder(encodeContext());
  encoder.push(START);
  encoder.push({ type: "text-start", key: 0 });
  encoder.push({ type: "text-delta", key: 0, text: "par" });
  const error = gatewayError("upstream", "The upstream broke off", {
    code: "stream_broken",
  });
  const text = encoder.push({ type: "error", error, usage: noUsage() });
  const bodies = bodiesOf(text);
  assertEquals(types(bodies).slice(-2), ["error", "response.failed"]);
  const [event, failed] = bodies.slice(-2);
  assertEquals(event?.message, "The upstream broke off");
  assertEquals((event?.error as JsonObject).code, "stream_broken");
  // The schema lists the codes of a failed response; the event's is free.
  assertEquals((failed?.response as JsonObject).error, {
    code: "server_error",
    message: "The upstream broke off",
  });
  assertEquals(encoder.push(finish()), "");
  const early = responses.streamEncoder(encodeContext());
  const alone = bodiesOf(
    early.push({ type: "error", error, usage: noUsage() }),
  );
  assertEquals(types(alone), ["error"]);
});

Deno.test("encodeResponse() has every key of the live API and echoes the client's request", () => {
  const keys = "background completed_at created_at error frequency_penalty id \
incomplete_details instructions max_output_tokens max_tool_calls metadata model \
object output parallel_tool_calls presence_penalty previous_response_id \
prompt_cache_key reasoning safety_identifier service_tier status store \
temperature text tool_choice tools top_logprobs top_p truncation usage user";
  const request = {
    instructions: "be brief",
    temperature: 0.2,
    metadata: { a: "b" },
    tools: [{ type: "function", name: "f", parameters: {}, strict: true }],
    tool_choice: "none",
    text: { verbosity: "low" },
    reasoning: { effort: "high" },
    store: false,
    user: "u",
  };
  const value: CanonicalResponse = {
    id: "chatcmpl-1",
    model: "m",
    createdAt: null,
    content: [],
    finish: { kind: "stop", raw: null, stopSequence: null, details: null },
    usage: noUsage(),
    serviceTier: "standard",
  };
  const body = responses.encodeResponse(value, encodeContext(request));
  assertEquals(Object.keys(body).sort(), keys.split(" "));
  for (const [key, said] of Object.entries(request)) {
    if (key === "text" || key === "reasoning") continue;
    assertEquals(body[key], said, key);
  }
  assertEquals(body.text, { format: { type: "text" }, verbosity: "low" });
  assertEquals(body.reasoning, { effort: "high", summary: null });
  assertEquals(body.service_tier, "default");
  assertEquals(body.usage, {
    input_tokens: 0,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: 0,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 0,
  });
});

/** The SSE text of bodies. */
function sse(...bodies: JsonObject[]): string {
  return bodies.map((body) => `data: ${JSON.stringify(body)}\n\n`).join("");
}

const CREATED = {
  type: "response.created",
  response: { id: "r", model: "m", created_at: 5 },
};

Deno.test("streamDecoder() takes what deltas did not say from the events that repeat it", () => {
  const item = {
    type: "message",
    content: [{
      type: "output_text",
      text: "hi",
      annotations: [{ type: "url_citation", url: "https://x.test/" }],
    }],
  };
  const call = {
    type: "function_call",
    call_id: "c",
    name: "f",
    arguments: "[1]",
  };
  const streams = [
    // Nothing but the terminal event.
    sse(CREATED, {
      type: "response.completed",
      response: { status: "completed", output: [item, call] },
    }),
    // Whole items.
    sse(
      CREATED,
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.output_item.done", output_index: 1, item: call },
      {
        type: "response.completed",
        response: { status: "completed", output: [item, call] },
      },
    ),
    // Whole parts under indexes with a gap, and an empty list at the end.
    sse(
      CREATED,
      {
        type: "response.output_text.done",
        output_index: 3,
        content_index: 0,
        text: "hi",
      },
      { type: "response.output_item.done", output_index: 3, item },
      {
        type: "response.output_item.added",
        output_index: 4,
        item: { ...call, arguments: "" },
      },
      {
        type: "response.function_call_arguments.done",
        output_index: 4,
        arguments: "[1]",
      },
      { type: "response.completed", response: { output: [] } },
    ),
  ];
  for (const stream of streams) {
    const parts = decodeEvents(eventsOf(stream));
    checkFinished(parts);
    const { content, finish } = collect(parts);
    assertEquals(content.length, 2);
    const [text, toolCall] = content;
    assert(text?.type === "text" && toolCall?.type === "tool-call");
    assertEquals(text.text, "hi");
    assertEquals(text.citations.map((source) => source.url), [
      "https://x.test/",
    ]);
    assertEquals(toolCall.arguments, "[1]");
    assertEquals(finish.kind, "tool-calls");
  }
});

Deno.test("streamDecoder() joins summary parts and takes the proof of the final event only", () => {
  const added = { type: "reasoning", id: "rs_a", encrypted_content: "early" };
  const delta = (summary_index: number, delta: string) => ({
    type: "response.reasoning_summary_text.delta",
    output_index: 0,
    summary_index,
    delta,
  });
  const parts = decodeEvents(eventsOf(sse(
    CREATED,
    { type: "response.output_item.added", output_index: 0, item: added },
    delta(0, "one"),
    delta(1, "two"),
    delta(1, "."),
    {
      type: "response.output_item.done",
      output_index: 0,
      item: { ...added, id: "rs_b", encrypted_content: "final" },
    },
    { type: "response.completed", response: { status: "completed" } },
  )));
  assertEquals(collect(parts).content, [{
    type: "reasoning",
    text: "one\n\ntwo.",
    proof: "final",
    redacted: false,
    itemId: "rs_b",
    origin: { protocol: "responses", provider: "up", model: "gpt-5-mini" },
  }]);
});

Deno.test("streamDecoder() gives reasoning without text and proof no block", () => {
  const item = { type: "reasoning", id: "rs_a", summary: [] };
  const parts = decodeEvents(eventsOf(sse(
    CREATED,
    { type: "response.output_item.added", output_index: 0, item },
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: { status: "completed" } },
  )));
  assertEquals(parts.map((part) => part.type), ["start", "finish"]);
});

Deno.test("streamDecoder() tells errors, flat, nested and failed, by their code", () => {
  const cases: [JsonObject, string, string][] = [
    [
      { type: "error", code: "rate_limit_exceeded", message: "slow" },
      "rate_limit",
      "slow",
    ],
    [
      {
        type: "error",
        error: { type: "server_error", code: null, message: "oops" },
      },
      "upstream",
      "oops",
    ],
    [
      {
        type: "response.failed",
        response: {
          status: "failed",
          error: { code: "context_length_exceeded", message: "long" },
        },
      },
      "invalid_request",
      "long",
    ],
    [{ error: { message: "bare", code: 503 } }, "overloaded", "bare"],
    [
      { type: "error", code: "invalid_api_key", message: "key sk-1234" },
      "upstream",
      "The upstream refused the gateway's credentials",
    ],
    [
      { type: "response.failed", response: { status: "failed" } },
      "upstream",
      "The upstream reported a failure without saying why",
    ],
  ];
  for (const [body, kind, message] of cases) {
    const parts = decodeEvents(eventsOf(sse(CREATED, body, {
      type: "response.completed",
      response: {},
    })));
    checkFailed(parts);
    const last = parts.at(-1);
    assert(last?.type === "error");
    assertEquals([last.error.kind, last.error.message], [kind, message]);
  }
});

Deno.test("streamDecoder() ignores keepalives and [DONE], and fails on what is not JSON", () => {
  const stream = sse(CREATED, { type: "keepalive" }) + "data: [DONE]\n\n";
  const decoder = responses.streamDecoder(decodeContext());
  const parts = eventsOf(stream).flatMap((event) => decoder.push(event));
  assertEquals(parts.map((part) => part.type), ["start"]);
  const failed = decoder.push({ event: null, data: "<html>" });
  assertEquals(failed.map((part) => part.type), ["error"]);
  assertEquals(decoder.end(), []);
});

Deno.test("streamDecoder() takes the end of the body for the end where the provider is known for it", () => {
  const delta = {
    type: "response.output_text.delta",
    output_index: 0,
    delta: "hi",
  };
  const events = eventsOf(sse(CREATED, delta));
  checkFailed(decodeEvents(events));
  const parts = decodeEvents(events, decodeContext({ eofIsFinish: true }));
  checkFinished(parts);
  assertEquals(collect(parts).finish.kind, "stop");
});

Deno.test("streamDecoder() gives tools the client's names back", () => {
  const item = {
    type: "function_call",
    call_id: "c",
    name: "short",
    arguments: "{}",
  };
  const context = decodeContext({ toolNames: new Map([["short", "long"]]) });
  const parts = decodeEvents(
    eventsOf(sse(CREATED, {
      type: "response.completed",
      response: { status: "completed", output: [item] },
    })),
    context,
  );
  const call = collect(parts).content[0];
  assert(call?.type === "tool-call");
  assertEquals(call.name, "long");
});
