import { assertEquals } from "@std/assert";
import { gatewayError } from "../../../src/exchange/gateway_error.ts";
import { responses } from "../../../src/protocols/responses/responses.ts";
import type { JsonObject } from "../../../src/support/json.ts";

Deno.test("encodeError() has the four fields that clients read", () => {
  assertEquals(
    responses.encodeError(
      gatewayError("billing", "The budget is spent", {
        code: "budget_exceeded",
      }),
      "id",
    ),
    {
      error: {
        message: "The budget is spent",
        type: "insufficient_quota",
        param: null,
        code: "budget_exceeded",
      },
    },
  );
});

Deno.test("decodeError() reads errors wherever upstreams put them", () => {
  const cases: [JsonObject | null, string, string | null][] = [
    [{ error: { message: "a", code: "c" } }, "a", "c"],
    [{ error: { message: "a", code: 429 } }, "a", "429"],
    [{ error: "plain" }, "plain", null],
    [{ type: "error", message: "flat", code: "c" }, "flat", "c"],
    [{ response: { error: { message: "in", code: "c" } } }, "in", "c"],
    [{ detail: "d" }, "d", null],
    [{}, "The upstream answered with HTTP status 502", null],
    [null, "The upstream answered with HTTP status 502", null],
  ];
  for (const [body, message, code] of cases) {
    const read = responses.decodeError(502, body);
    assertEquals([read.message, read.code], [message, code]);
    assertEquals(read.type, null);
  }
});

Deno.test("encodeStreamError() is one event whose data names its type", () => {
  const text = responses.encodeStreamError(
    gatewayError("timeout", "Too slow"),
    "id",
  );
  assertEquals(text.startsWith("event: error\ndata: {"), true);
  assertEquals(text.endsWith("\n\n"), true);
  const body = JSON.parse(text.slice(text.indexOf("{"))) as JsonObject;
  assertEquals(body, {
    type: "error",
    sequence_number: 0,
    code: "timeout",
    message: "Too slow",
    param: null,
    error: {
      type: "server_error",
      code: "timeout",
      message: "Too slow",
      param: null,
    },
  });
});
