import { assertEquals, assertThrows } from "@std/assert";
import { RequestError } from "../../src/exchange/gateway_error.ts";
import {
  type CanonicalRequest,
  NO_SAMPLING,
} from "../../src/protocols/canonical.ts";
import { foreignFields } from "../../src/protocols/native_fields.ts";

const REQUEST: CanonicalRequest = {
  model: "m",
  stream: false,
  instructions: [],
  turns: [],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  maxOutputTokens: null,
  stop: [],
  sampling: NO_SAMPLING,
  format: null,
  verbosity: null,
  reasoning: null,
  serviceTier: null,
  userId: null,
  safetyIdentifier: null,
  promptCacheKey: null,
  metadata: null,
  store: null,
  includeUsage: false,
  native: {},
};

Deno.test("foreignFields() drops what tunes and keeps quiet on the own protocol's", () => {
  const request = {
    ...REQUEST,
    native: { messages: { speed: "fast", container: null }, chat: { n: 2 } },
  };
  assertEquals(foreignFields(request, "chat"), [
    { field: "speed", reason: "the chat protocol has no such field" },
  ]);
});

Deno.test("foreignFields() refuses what changes the answer's meaning", () => {
  for (
    const native of [
      { chat: { n: 2 } },
      { chat: { modalities: ["text", "audio"] } },
      { responses: { previous_response_id: "resp_1" } },
      { responses: { background: true } },
    ]
  ) {
    assertThrows(
      () => foreignFields({ ...REQUEST, native }, "messages"),
      RequestError,
      "Cannot express",
    );
  }
  for (const field of ["container", "mcp_servers", "thread", "fallbacks"]) {
    assertThrows(
      () =>
        foreignFields({
          ...REQUEST,
          native: { messages: { [field]: [{ x: 1 }] } },
        }, "chat"),
      RequestError,
      field,
    );
  }
});

Deno.test("foreignFields() takes harmless values for absent ones", () => {
  const native = {
    chat: { n: 1, modalities: ["text"], audio: null },
    responses: { background: false, previous_response_id: null },
  };
  assertEquals(foreignFields({ ...REQUEST, native }, "messages"), []);
});
