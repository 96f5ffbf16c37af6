import { assertEquals } from "@std/assert";
import { chat } from "../../../src/protocols/chat/chat.ts";
import type { Observer } from "../../../src/protocols/protocol.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import { chunk, chunks, DONE } from "./chat_support.ts";

function observe(...list: readonly JsonObject[]): Observer {
  const observer = chat.observer();
  for (const event of chunks(...list)) observer.event(event);
  return observer;
}

const USAGE = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };

Deno.test("ChatObserver sees content in every kind of delta, and only there", () => {
  const content: JsonObject[] = [
    { content: "a" },
    { content: [{ type: "text", text: "a" }] },
    { reasoning_content: "a" },
    { reasoning: "a" },
    { reasoning_details: [{ type: "reasoning.text", text: "a" }] },
    { refusal: "a" },
    {
      tool_calls: [{
        index: 0,
        id: "c",
        function: { name: "f", arguments: "" },
      }],
    },
    { function_call: { name: "f" } },
  ];
  for (const delta of content) {
    assertEquals(observe(chunk(delta)).sawContent, true, JSON.stringify(delta));
  }
  const nothing: JsonObject[] = [
    { role: "assistant", content: "" },
    { content: null, refusal: null },
    { reasoning_details: [] },
    {},
  ];
  for (const delta of nothing) {
    assertEquals(
      observe(chunk(delta)).sawContent,
      false,
      JSON.stringify(delta),
    );
  }
});

Deno.test("ChatObserver counts characters alike whether a chunk is parsed or searched", () => {
  const texts = ["plain", 'a "quoted" word', "back\\slash\\", "", "\\", '"'];
  for (const text of texts) {
    const observer = observe(
      chunk({ content: "first" }),
      chunk({ content: text }),
      chunk({ reasoning_content: text }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
    );
    const escaped = JSON.stringify(text).length - 2;
    assertEquals(observer.contentChars, 5 + 3 * escaped, text);
  }
});

Deno.test("ChatObserver does not count what citations quote", () => {
  const url_citation = { url: "https://x/", content: "quoted ".repeat(200) };
  const observer = observe(
    chunk({ content: "first" }),
    chunk({
      content: "",
      annotations: [{ type: "url_citation", url_citation }],
    }),
  );
  assertEquals(observer.contentChars, 5);
});

Deno.test("ChatObserver reads chunks with spaces between their tokens", () => {
  const observer = observe(chunk({ content: "a" }));
  const spaced = (text: string) => observer.event({ event: null, data: text });
  spaced(
    '{"choices": [{"delta" : {"content" : "bc"}, "finish_reason" : null}], "usage" : null}',
  );
  assertEquals([observer.contentChars, observer.finished], [3, false]);
  spaced(
    '{"choices": [{"delta": {}, "finish_reason" : "stop"}], "usage" : {"prompt_tokens": 4, "completion_tokens": 1}}',
  );
  assertEquals([observer.usage.ledger.input, observer.finished], [4, true]);
});

Deno.test("ChatObserver is not fooled by text that speaks of usage and errors", () => {
  const text =
    '"usage":{"prompt_tokens":9},"error":{"message":"x"},"finish_reason":"stop"';
  const observer = observe(chunk({ content: "a" }), chunk({ content: text }));
  assertEquals(observer.usage.source, "none");
  assertEquals(observer.error, null);
  assertEquals([observer.finished, observer.finishReason], [false, null]);
});

Deno.test("ChatObserver takes usage, finish and error wherever they come", () => {
  const observer = observe(
    chunk({ content: "a" }, null, { usage: null }),
    chunk({ content: "b" }, null, { usage: null }),
    chunk({}, "length", { usage: null }),
    chunk({}, "stop", { x_groq: { usage: USAGE } }),
    { choices: [], usage: { ...USAGE, completion_tokens: 7 }, model: "m" },
  );
  assertEquals(observer.finishReason, "length");
  assertEquals(observer.usage.ledger.output, 7);
  assertEquals(observer.usage.model, "m");
  const failed = observe(chunk({ content: "a" }), {
    error: { message: "gone", code: 502 },
  });
  assertEquals(failed.error?.message, "gone");
  const event = chat.observer();
  event.event({ event: "error", data: '{"message":"gone"}' });
  assertEquals(event.error?.message, "gone");
});

Deno.test("ChatObserver is finished by a finish reason or [DONE], not by the end of bytes", () => {
  const observer = observe(chunk({ content: "a" }));
  assertEquals(observer.finished, false);
  observer.event(DONE);
  assertEquals(observer.finished, true);
  assertEquals(observe(chunk({}, "stop")).finished, true);
});

Deno.test("ChatObserver takes the first event that is no JSON for an error, later ones not", () => {
  const first = chat.observer();
  first.event({ event: null, data: "<html>" });
  assertEquals(first.error?.kind, "upstream");
  const later = observe(chunk({ content: "a" }));
  later.event({ event: null, data: "" });
  later.event({ event: null, data: "<html>" });
  assertEquals(later.error, null);
});

Deno.test("ChatObserver reads whole bodies, errors with status 200 among them", () => {
  const observer = chat.observer();
  observer.body({
    model: "m",
    choices: [{
      index: 0,
      message: { role: "assistant", content: "hello" },
      finish_reason: "stop",
    }],
    usage: USAGE,
  });
  assertEquals(
    [observer.finished, observer.finishReason, observer.contentChars],
    [true, "stop", 5],
  );
  assertEquals(observer.usage.ledger.input, 3);
  const failed = chat.observer();
  failed.body({ error: { message: "no", code: 400 } });
  assertEquals([failed.finished, failed.error?.message], [false, "no"]);
});
