import { assertEquals } from "@std/assert";
import {
  type ErrorKind,
  gatewayError,
  STATUS_OF_KIND,
} from "../../../src/exchange/gateway_error.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import type { JsonObject } from "../../../src/support/json.ts";

Deno.test("encodeChatError() gives every kind a type and keeps the code it has", () => {
  const types: { [K in ErrorKind]: [string, string | null] } = {
    invalid_request: ["invalid_request_error", null],
    authentication: ["invalid_request_error", "invalid_api_key"],
    permission: ["permission_error", "permission_denied"],
    billing: ["insufficient_quota", "insufficient_quota"],
    not_found: ["invalid_request_error", "not_found"],
    method_not_allowed: ["invalid_request_error", "method_not_allowed"],
    conflict: ["invalid_request_error", "conflict"],
    request_too_large: ["invalid_request_error", "request_too_large"],
    unsupported_media_type: ["invalid_request_error", "unsupported_media_type"],
    rate_limit: ["rate_limit_exceeded", "rate_limit_exceeded"],
    timeout: ["server_error", "timeout"],
    overloaded: ["service_unavailable", "service_unavailable"],
    server: ["server_error", null],
    upstream: ["server_error", null],
  };
  for (const kind of Object.keys(STATUS_OF_KIND) as ErrorKind[]) {
    const [type, code] = types[kind];
    assertEquals(chat.encodeError(gatewayError(kind, "no"), "id"), {
      error: { message: "no", type, param: null, code },
    });
  }
  const own = gatewayError("not_found", "no", {
    code: "model_not_found",
    param: "model",
  });
  assertEquals(chat.encodeError(own, "id"), {
    error: {
      message: "no",
      type: "invalid_request_error",
      param: "model",
      code: "model_not_found",
    },
  });
});

Deno.test("encodeChatStreamError() is one data event and no [DONE]", () => {
  const text = chat.encodeStreamError(gatewayError("timeout", "late"), "id");
  assertEquals(
    text,
    'data: {"error":{"message":"late","type":"server_error","param":null,"code":"timeout"}}\n\n',
  );
});

Deno.test("decodeChatError() reads what upstreams answer errors with", () => {
  const cases: [
    unknown,
    [string, string | null, string | null, string | null],
  ][] = [
    [
      { error: { message: "no", type: "t", code: "c", param: "p" } },
      ["no", "c", "t", "p"],
    ],
    [{ error: { message: "no", code: 429 } }, ["no", "429", null, null]],
    [
      [{ error: { code: 400, message: "no", status: "INVALID_ARGUMENT" } }],
      ["no", "400", "INVALID_ARGUMENT", null],
    ],
    [{ error: "no" }, ["no", null, null, null]],
    [{ message: "no", code: "c" }, ["no", "c", null, null]],
    [{ detail: "no" }, ["no", null, null, null]],
    [{ error: { code: "c" } }, [
      "The upstream answered with the error c",
      "c",
      null,
      null,
    ]],
    [{}, ["The upstream answered with HTTP status 500", null, null, null]],
    [null, ["The upstream answered with HTTP status 500", null, null, null]],
    ["<html>", ["<html>", null, null, null]],
  ];
  for (const [body, [message, code, type, param]] of cases) {
    assertEquals(chat.decodeError(500, body as JsonObject | null), {
      message,
      code,
      type,
      param,
    });
  }
});

Deno.test("decodeChatError() stops at nesting that no one means", () => {
  let body: JsonObject = { message: "deep" };
  for (let depth = 0; depth < 50_000; depth++) body = { error: body };
  assertEquals(
    chat.decodeError(500, body).message,
    "The upstream answered with HTTP status 500",
  );
});
