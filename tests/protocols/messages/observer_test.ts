import { assertEquals } from "@std/assert";
import { messages } from "../../../src/protocols/messages/messages.ts";
import type { JsonObject } from "../../../src/support/json.ts";

function observe(...events: JsonObject[]) {
  const observer = messages.observer();
  for (const data of events) {
    observer.event({ event: String(data.type), data: JSON.stringify(data) });
  }
  return observer;
}

const START = {
  type: "message_start",
  message: { model: "claude", usage: { input_tokens: 5, output_tokens: 1 } },
};

Deno.test("observer() sees content with the first delta that has some", () => {
  const delta = (value: JsonObject) => ({
    type: "content_block_delta",
    index: 0,
    delta: value,
  });
  assertEquals(observe(START).sawContent, false);
  assertEquals(
    observe(START, delta({ type: "text_delta", text: "" })).sawContent,
    false,
  );
  assertEquals(
    observe(START, delta({ type: "signature_delta", signature: "x" }))
      .sawContent,
    false,
  );
  const text = observe(START, delta({ type: "text_delta", text: "hello" }));
  assertEquals([text.sawContent, text.contentChars], [true, 5]);
  assertEquals(
    observe(START, delta({ type: "thinking_delta", thinking: "hm" }))
      .contentChars,
    2,
  );
  assertEquals(
    observe(START, {
      type: "content_block_start",
      index: 0,
      content_block: { type: "tool_use", id: "a", name: "b", input: {} },
    }).sawContent,
    true,
  );
});

Deno.test("observer() tells partial usage from final", () => {
  const partial = observe(START);
  assertEquals([
    partial.usage.source,
    partial.usage.ledger.input,
    partial.finished,
  ], [
    "partial",
    5,
    false,
  ]);
  const whole = observe(START, {
    type: "message_delta",
    delta: { stop_reason: "max_tokens" },
    usage: { output_tokens: 8 },
  }, { type: "message_stop" });
  assertEquals([whole.usage.source, whole.usage.ledger.output], [
    "reported",
    8,
  ]);
  assertEquals([whole.finishReason, whole.finished, whole.usage.model], [
    "max_tokens",
    true,
    "claude",
  ]);
  assertEquals(observe().usage.source, "none");
});

Deno.test("observer() needs no event line", () => {
  const observer = messages.observer();
  observer.event({ event: null, data: JSON.stringify(START) });
  observer.event({ event: null, data: '{ "type" : "message_stop" }' });
  assertEquals([observer.usage.ledger.input, observer.finished], [5, true]);
});

Deno.test("observer() reports an error in the stream or in a body's place", () => {
  const body = {
    type: "error",
    error: { type: "overloaded_error", message: "Overloaded" },
  };
  assertEquals(observe(START, body).error?.kind, "overloaded");
  const observer = messages.observer();
  observer.body(body);
  assertEquals([observer.error?.message, observer.finished], [
    "Overloaded",
    false,
  ]);
  const other = messages.observer();
  other.body({ choices: [] });
  assertEquals(other.error?.kind, "upstream");
});

Deno.test("observer() reads a whole body", () => {
  const observer = messages.observer();
  observer.body({
    model: "claude",
    content: [
      { type: "thinking", thinking: "hm" },
      { type: "text", text: "hello" },
      { type: "tool_use", input: { a: 1 } },
    ],
    stop_reason: "tool_use",
    usage: { input_tokens: 3, output_tokens: 4 },
  });
  assertEquals(
    [observer.finished, observer.sawContent, observer.contentChars],
    [true, true, 14],
  );
  assertEquals([observer.finishReason, observer.usage.source], [
    "tool_use",
    "reported",
  ]);
});
