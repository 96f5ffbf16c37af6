import { assertEquals } from "@std/assert";
import {
  type ErrorKind,
  gatewayError,
  STATUS_OF_KIND,
} from "../../../src/exchange/gateway_error.ts";
import {
  decodeMessagesError,
  encodeMessagesError,
  encodeMessagesStreamError,
  kindOfMessagesError,
} from "../../../src/protocols/messages/errors.ts";
import { isJsonObject } from "../../../src/support/json.ts";

const LEGAL = new Set([
  "invalid_request_error",
  "authentication_error",
  "billing_error",
  "permission_error",
  "not_found_error",
  "conflict_error",
  "request_too_large",
  "rate_limit_error",
  "timeout_error",
  "api_error",
  "overloaded_error",
]);

Deno.test("encodeMessagesError() uses the legal types alone and all of them", () => {
  const seen = new Set<unknown>();
  for (const kind of Object.keys(STATUS_OF_KIND) as ErrorKind[]) {
    const body = encodeMessagesError(gatewayError(kind, "Cannot"), "01abc");
    assertEquals(body.type, "error");
    assertEquals(body.request_id, "01abc");
    if (isJsonObject(body.error)) seen.add(body.error.type);
  }
  assertEquals(seen, LEGAL);
});

Deno.test("encodeMessagesError() keeps code and parameter as details", () => {
  const error = gatewayError("invalid_request", "Cannot use n: n is 2", {
    param: "n",
    code: "unsupported_parameter",
  });
  assertEquals(encodeMessagesError(error, "01abc"), {
    type: "error",
    error: {
      type: "invalid_request_error",
      message: "Cannot use n: n is 2",
      details: { error_code: "unsupported_parameter", param: "n" },
    },
    request_id: "01abc",
  });
});

Deno.test("encodeMessagesStreamError() names the event", () => {
  assertEquals(
    encodeMessagesStreamError(gatewayError("timeout", "Too late"), "01abc"),
    `event: error\ndata: {"type":"error","error":{"type":"timeout_error","message":"Too late"},"request_id":"01abc"}\n\n`,
  );
});

Deno.test("decodeMessagesError() reads the protocol's own body and its imitations", () => {
  assertEquals(
    decodeMessagesError(400, {
      type: "error",
      error: { type: "invalid_request_error", message: "max_tokens: required" },
    }),
    {
      message: "max_tokens: required",
      code: null,
      type: "invalid_request_error",
      param: null,
    },
  );
  assertEquals(
    decodeMessagesError(404, {
      error: { message: "no such model", code: 404, param: "model" },
    }),
    { message: "no such model", code: "404", type: null, param: "model" },
  );
  assertEquals(decodeMessagesError(500, { error: "boom" }).message, "boom");
  assertEquals(
    decodeMessagesError(502, null).message,
    "The provider answered with status 502",
  );
  assertEquals(decodeMessagesError(502, { type: "error" }).type, null);
});

Deno.test("kindOfMessagesError() takes unknown types for the upstream's trouble", () => {
  assertEquals(kindOfMessagesError("overloaded_error"), "overloaded");
  assertEquals(kindOfMessagesError("api_error"), "upstream");
  assertEquals(kindOfMessagesError("internal_server_error"), "upstream");
  assertEquals(kindOfMessagesError(null), "upstream");
});
