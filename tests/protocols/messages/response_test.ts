import { assertEquals, assertThrows } from "@std/assert";
import { RequestError } from "../../../src/exchange/gateway_error.ts";
import { noUsage } from "../../../src/exchange/usage.ts";
import type {
  CanonicalRequest,
  CanonicalResponse,
} from "../../../src/protocols/canonical.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import type { JsonObject } from "../../../src/support/json.ts";

const DECODE = {
  provider: "anthropic",
  model: "claude",
  toolNames: new Map([["short", "a_very_long_name"]]),
  eofIsFinish: false,
};

function encode(fields: Partial<CanonicalResponse>): JsonObject {
  return messages.encodeResponse({
    id: "msg_1",
    model: "m",
    createdAt: null,
    content: [],
    finish: { kind: "stop", raw: null, stopSequence: null, details: null },
    usage: noUsage(),
    serviceTier: null,
    ...fields,
  }, {
    request: {} as CanonicalRequest,
    body: {},
    newId: (prefix) => `${prefix}1`,
    now: () => 0,
  });
}

Deno.test("decodeResponse() throws for an error in a message's place", () => {
  const overloaded = assertThrows(
    () =>
      messages.decodeResponse({
        type: "error",
        error: { type: "overloaded_error", message: "Overloaded" },
      }, DECODE),
    RequestError,
    "Overloaded",
  );
  assertEquals(overloaded.error.kind, "overloaded");
  assertThrows(
    () => messages.decodeResponse({ choices: [] }, DECODE),
    RequestError,
    "no message",
  );
});

Deno.test("decodeResponse() keeps a refusal's details and names calls as the client does", () => {
  const stop_details = {
    type: "refusal",
    category: "cyber",
    explanation: "no",
  };
  const refused = messages.decodeResponse({
    content: [],
    stop_reason: "refusal",
    stop_details,
  }, DECODE);
  assertEquals([refused.finish.kind, refused.finish.details], [
    "refusal",
    stop_details,
  ]);
  assertEquals(refused.usage.source, "none");
  assertEquals(encode({ finish: refused.finish }).stop_details, stop_details);
  const called = messages.decodeResponse({
    content: [
      { type: "tool_use", id: "t", name: "short", input: {} },
      { type: "server_tool_use", id: "s", name: "web_search" },
    ],
    stop_reason: "end_turn",
  }, DECODE);
  assertEquals(called.finish.kind, "tool-calls");
  assertEquals(
    called.content[0]?.type === "tool-call" && called.content[0].name,
    "a_very_long_name",
  );
  assertEquals(called.content[1]?.type, "native");
});

Deno.test("encodeResponse() leaves out a call that the limit cut off", () => {
  const content = [{
    type: "tool-call",
    id: "a",
    name: "f",
    arguments: '{"x":',
    kind: "function",
    cache: null,
  }] as const;
  const cut = encode({
    content,
    finish: {
      kind: "length",
      raw: "length",
      stopSequence: null,
      details: null,
    },
  });
  assertEquals([cut.content, cut.stop_reason], [[], "max_tokens"]);
  assertEquals(encode({ content }).stop_reason, "tool_use");
});

Deno.test("encodeResponse() says why it stopped in this protocol's words", () => {
  const reasonOf = (
    kind: CanonicalResponse["finish"]["kind"],
    raw: string | null = null,
  ) =>
    encode({ finish: { kind, raw, stopSequence: "END", details: null } })
      .stop_reason;
  assertEquals(
    (["stop", "stop-sequence", "length", "content-filter", "pause"] as const)
      .map((kind) => reasonOf(kind)),
    ["end_turn", "stop_sequence", "max_tokens", "refusal", "pause_turn"],
  );
  assertEquals(
    reasonOf("length", "model_context_window_exceeded"),
    "model_context_window_exceeded",
  );
  assertThrows(() => reasonOf("error", "abort"), RequestError, "abort");
  const refusal = encode({ content: [{ type: "refusal", text: "no" }] });
  assertEquals([refusal.content, refusal.stop_reason], [[{
    type: "text",
    text: "no",
  }], "refusal"]);
});
