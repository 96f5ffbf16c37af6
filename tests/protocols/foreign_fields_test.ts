import { assertEquals, assertThrows } from "@std/assert";
import { RequestError } from "../../src/exchange/gateway_error.ts";
import type { CanonicalRequest } from "../../src/protocols/canonical.ts";
import {
  clientProtocol,
  foreignFieldLosses,
} from "../../src/protocols/foreign_fields.ts";

import { plainRequest } from "./plain_request.ts";

const TARGET = { provider: "p", model: "m" };

function request(native: CanonicalRequest["native"]): CanonicalRequest {
  return plainRequest({ native });
}

Deno.test("foreignFieldLosses() refuses what changes the meaning and names the field", () => {
  const cases: [CanonicalRequest["native"], "chat" | "messages", string][] = [
    [{ chat: { n: 2 } }, "messages", "n"],
    [{ chat: { modalities: ["text", "audio"] } }, "messages", "modalities"],
    [{ messages: { container: "c" } }, "chat", "container"],
    [
      { responses: { previous_response_id: "r" } },
      "chat",
      "previous_response_id",
    ],
    [{ responses: { background: true } }, "messages", "background"],
    [{ responses: { item_reference: ["msg_1"] } }, "chat", "item_reference"],
  ];
  for (const [native, own, field] of cases) {
    const thrown = assertThrows(
      () => foreignFieldLosses(request(native), own, TARGET),
      RequestError,
    );
    assertEquals(thrown.error.status, 400);
    assertEquals(thrown.error.param, field);
    assertEquals(thrown.error.message.includes("p/m"), true);
  }
});

Deno.test("foreignFieldLosses() lists the rest and passes what asks for nothing", () => {
  const losses = foreignFieldLosses(
    request({ chat: { n: 1, modalities: ["text"], min_p: 0.1, audio: null } }),
    "messages",
    TARGET,
  );
  assertEquals(losses.map((loss) => loss.field), ["min_p"]);
  const include = ["reasoning.encrypted_content"];
  assertEquals(
    foreignFieldLosses(request({ responses: { include } }), "chat", TARGET),
    [],
  );
  assertEquals(
    foreignFieldLosses(request({ chat: { n: 2 } }), "chat", TARGET),
    [],
  );
});

Deno.test("clientProtocol() names the protocol where exactly one is said", () => {
  assertEquals(clientProtocol(request({ chat: {} })), "chat");
  assertEquals(clientProtocol(request({})), null);
  assertEquals(clientProtocol(request({ chat: {}, messages: {} })), null);
});
