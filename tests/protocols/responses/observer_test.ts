import { assertEquals } from "@std/assert";
import { responses } from "../../../src/protocols/responses/responses.ts";
import type { JsonObject } from "../../../src/support/json.ts";

const USAGE = {
  input_tokens: 3,
  output_tokens: 2,
  total_tokens: 5,
};

function observe(...bodies: (JsonObject | string)[]) {
  const observer = responses.observer();
  for (const body of bodies) {
    const data = typeof body === "string" ? body : JSON.stringify(body);
    observer.event({ event: null, data });
  }
  return observer;
}

function completed(output: JsonObject[] = []): JsonObject {
  return {
    type: "response.completed",
    response: { status: "completed", model: "m", usage: USAGE, output },
  };
}

Deno.test("observer() knows the model before the end and the usage at the end", () => {
  const response = { model: "m", service_tier: "flex", usage: null };
  const observer = observe({ type: "response.created", response });
  assertEquals(observer.usage.model, "m");
  assertEquals([observer.usage.source, observer.finished], ["none", false]);
  observer.event({ event: null, data: JSON.stringify(completed()) });
  assertEquals(observer.usage.ledger.input, 3);
  assertEquals([observer.finishReason, observer.finished], ["completed", true]);
});

Deno.test("observer() sees content in deltas that say something, however they are spelled", () => {
  const cases: [string, boolean, number][] = [
    ['{"type":"response.output_text.delta","delta":"ab"}', true, 2],
    ['{"type":"response.output_text.delta","delta":""}', false, 0],
    ['{"delta":"a\\"b","type":"response.refusal.delta"}', true, 4],
    ['{ "type": "response.reasoning_text.delta", "delta": "abc" }', true, 3],
    ['{"type":"response.output_text.delta","delta":"x\\\\"}', true, 3],
    ['{"type":"response.mcp_call_arguments.delta","delta":"x"}', false, 0],
    [
      '{"type":"response.custom_tool_call_input.delta","delta":"ls","n":"\\""}',
      true,
      2,
    ],
    ["not JSON", false, 0],
  ];
  for (const [data, sawContent, contentChars] of cases) {
    const observer = observe(data);
    assertEquals(
      [observer.sawContent, observer.contentChars],
      [sawContent, contentChars],
      data,
    );
  }
});

Deno.test("observer() sees a call as content when it is announced, and a message when it speaks", () => {
  const added = (item: JsonObject) =>
    observe({ type: "response.output_item.added", item }).sawContent;
  assertEquals(
    added({ type: "function_call", call_id: "c", name: "f", arguments: "" }),
    true,
  );
  assertEquals(added({ type: "message", content: [] }), false);
  assertEquals(added({ type: "reasoning", summary: [] }), false);
  assertEquals(added({ type: "web_search_call" }), false);
});

Deno.test("observer() takes content from the end of a stream without deltas", () => {
  const observer = observe(completed([
    { type: "message", content: [{ type: "output_text", text: "hello" }] },
  ]));
  assertEquals([observer.sawContent, observer.contentChars], [true, 5]);
});

Deno.test("observer() finds errors in streams and in bodies", () => {
  const flat = observe({ type: "error", code: "server_error", message: "x" });
  assertEquals([flat.error?.message, flat.finished], ["x", true]);
  const failed = observe({
    type: "response.failed",
    response: { status: "failed", error: { code: "c", message: "y" } },
  });
  assertEquals([failed.error?.message, failed.finishReason], ["y", "failed"]);
  const bare = observe({ error: { message: "z" } });
  assertEquals(bare.error?.message, "z");
  const body = responses.observer();
  body.body({ error: { message: "no", type: "server_error", code: null } });
  assertEquals([body.error?.message, body.finished], ["no", true]);
});

Deno.test("observer() reads whole bodies", () => {
  const observer = responses.observer();
  observer.body({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    error: null,
    output: [{
      type: "message",
      content: [{ type: "output_text", text: "hello" }],
    }],
    usage: USAGE,
  });
  assertEquals(observer.finishReason, "max_output_tokens");
  assertEquals([observer.finished, observer.sawContent], [true, true]);
  assertEquals(observer.error, null);
  assertEquals(observer.usage.ledger.output, 2);
  const queued = responses.observer();
  queued.body({ status: "queued", output: [], error: null });
  assertEquals(queued.finished, false);
});
