/**
 * What a provider says when it fails, and what the client of each protocol
 * hears: status, type, message and when to try again, over real connections.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { isJsonObject, type JsonObject } from "../../src/support/json.ts";
import {
  answer,
  FakeProvider,
  stream,
} from "../fake_provider/fake_provider.ts";
import type { MemoryClient } from "../relay/memory_client.ts";
import { TestRelay } from "../relay/harness.ts";
import { eventsOf, fixtureText } from "./fixtures.ts";

const ASK: { readonly [P in ProtocolName]: JsonObject } = {
  chat: { model: "m", messages: [{ role: "user", content: "hi" }] },
  messages: {
    model: "m",
    max_tokens: 100,
    messages: [{ role: "user", content: "hi" }],
  },
  responses: { model: "m", input: "hi" },
};

/** An error body in the words of each vendor. */
function errorBody(
  from: ProtocolName,
  message: string,
  type: string,
  code: string | null,
): string {
  return JSON.stringify(
    from === "messages"
      ? { type: "error", error: { type, message }, request_id: "req_up" }
      : { error: { message, type, param: null, code } },
  );
}

interface Failing {
  readonly status: number;
  /** Error type of OpenAI and of Anthropic, as the provider says it. */
  readonly said: readonly [openAi: string, anthropic: string];
  readonly code?: string;
  readonly retryAfter?: string;
  /** What the client hears. */
  readonly client: number;
  readonly heard: readonly [openAi: string, anthropic: string];
  /** The provider's own words are kept from the client. */
  readonly hidden?: boolean;
}

const FAILING: readonly Failing[] = [
  {
    status: 400,
    said: ["invalid_request_error", "invalid_request_error"],
    code: "bad_value",
    client: 400,
    heard: ["invalid_request_error", "invalid_request_error"],
  },
  {
    status: 401,
    said: ["invalid_request_error", "authentication_error"],
    code: "invalid_api_key",
    client: 502,
    heard: ["server_error", "api_error"],
    hidden: true,
  },
  {
    status: 403,
    said: ["permission_error", "permission_error"],
    client: 502,
    heard: ["server_error", "api_error"],
    hidden: true,
  },
  {
    status: 404,
    said: ["invalid_request_error", "not_found_error"],
    code: "model_not_found",
    client: 404,
    heard: ["invalid_request_error", "not_found_error"],
  },
  {
    status: 429,
    said: ["rate_limit_exceeded", "rate_limit_error"],
    code: "rate_limit_exceeded",
    retryAfter: "7",
    client: 429,
    heard: ["rate_limit_exceeded", "rate_limit_error"],
  },
  {
    status: 500,
    said: ["server_error", "api_error"],
    client: 502,
    heard: ["server_error", "api_error"],
  },
  {
    status: 503,
    said: ["service_unavailable", "overloaded_error"],
    retryAfter: "3",
    client: 503,
    heard: ["service_unavailable", "overloaded_error"],
  },
  {
    status: 529,
    said: ["service_unavailable", "overloaded_error"],
    client: 503,
    heard: ["service_unavailable", "overloaded_error"],
  },
];

/** Checks the shape of an error body and gives the error in it. */
function errorIn(to: ProtocolName, body: JsonObject): JsonObject {
  const { error } = body;
  assert(isJsonObject(error), JSON.stringify(body));
  if (to === "messages") {
    assertEquals(body.type, "error");
    return error;
  }
  for (const key of ["message", "type", "param", "code"]) {
    assert(error[key] !== undefined, `${key} in ${JSON.stringify(body)}`);
  }
  return error;
}

async function asked(
  from: ProtocolName,
  to: ProtocolName,
  behaviour: ReturnType<typeof answer>,
  streamed: boolean,
): Promise<MemoryClient> {
  await using provider = await FakeProvider.start(behaviour);
  await using relay = new TestRelay([{ url: provider.url, protocol: from }]);
  const client = relay.ask({
    protocol: to,
    body: streamed ? { ...ASK[to], stream: true } : ASK[to],
  });
  await client.done;
  return client;
}

for (const from of PROTOCOL_NAMES) {
  for (const to of PROTOCOL_NAMES) {
    Deno.test(`errors of a ${from} provider reach a ${to} client with status, type, message and retry-after`, async () => {
      for (const failing of FAILING) {
        for (const streamed of [false, true]) {
          const where = `${failing.status}${streamed ? " streamed" : ""}`;
          const message = "The words of the provider";
          const [openAi, anthropic] = failing.said;
          const body = errorBody(
            from,
            message,
            from === "messages" ? anthropic : openAi,
            failing.code ?? null,
          );
          const headers = failing.retryAfter === undefined
            ? {}
            : { "retry-after": failing.retryAfter };
          const client = await asked(
            from,
            to,
            answer(failing.status, body, headers),
            streamed,
          );
          assertEquals(client.status, failing.client, where);
          assertEquals(client.header("content-type"), "application/json");
          assertEquals(
            client.header("retry-after"),
            failing.retryAfter ?? null,
            where,
          );
          const error = errorIn(to, JSON.parse(client.body));
          const heard = failing.heard[to === "messages" ? 1 : 0];
          assertEquals(error.type, heard, where);
          const kept = String(error.message).includes(message);
          assertEquals(kept, failing.hidden !== true, where);
        }
      }
    });

    Deno.test(`an error inside a ${from} answer is a failed answer for a ${to} client`, async () => {
      const body = errorBody(from, "It broke", "server_error", "server_error");
      const client = await asked(from, to, answer(200, body), false);
      assertEquals(client.status, 502);
      const error = errorIn(to, JSON.parse(client.body));
      assertStringIncludes(String(error.message), "It broke");
    });

    Deno.test(`an error event of a ${from} stream: a status before the content, the ${to} client's event after it`, async () => {
      const events = fixtureText(from, "error.stream.sse").split(
        /(?<=\n\n)/,
      );
      const failing = from === "responses" ? -2 : -1;
      const early = await asked(
        from,
        to,
        stream([events.at(failing) ?? ""]),
        true,
      );
      assert(early.status >= 500, `${early.status}`);
      errorIn(to, JSON.parse(early.body));
      const late = await asked(from, to, stream(events), true);
      assertEquals(late.status, 200);
      assertStringIncludes(late.body, "Hel");
      const said = eventsOf(late.body);
      assert(said.every(({ data }) => data !== "[DONE]"));
      const last = said.find(({ data }) => data.includes('"error":{'));
      assert(last !== undefined, late.body);
      // Natively the event is the provider's own, byte by byte.
      const error = from === to
        ? JSON.parse(last.data).error
        : errorIn(to, JSON.parse(last.data));
      const words = {
        chat: "Provider disconnected",
        messages: "Overloaded",
        responses: "The model failed",
      };
      assertStringIncludes(String(error.message), words[from]);
      if (to === "messages") assertEquals(last.event, "error");
    });
  }
}
