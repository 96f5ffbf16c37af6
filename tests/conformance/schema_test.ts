/** Every encoder's output has the type that the official clients give it. @module */

import { assert, assertEquals } from "@std/assert";
import { gatewayError } from "../../src/exchange/gateway_error.ts";
import { PROTOCOL_NAMES, type ProtocolName } from "../../src/exchange/names.ts";
import { partsOf } from "../../src/protocols/collect.ts";
import { PROTOCOLS } from "../../src/protocols/protocols.ts";
import { capabilitiesOf } from "../../src/providers/model_table.ts";
import { isJsonObject, type JsonObject } from "../../src/support/json.ts";
import {
  decodeContext,
  decodeStream,
  documents,
  encodeContext,
  encodeStream,
  eventsOf,
  fixtureNames,
  fixtureText,
  requestOutcome,
  UNKNOWN_TARGET,
} from "./fixtures.ts";
import { SdkSchemas, type TypeName } from "./sdk_schemas.ts";

const REQUESTS: { readonly [P in ProtocolName]: TypeName } = {
  chat: "chat/ChatCompletionCreateParams",
  messages: "messages/MessageCreateParams",
  responses: "responses/ResponseCreateParams",
};
const ANSWERS: { readonly [P in ProtocolName]: TypeName } = {
  chat: "chat/ChatCompletion",
  messages: "messages/Message",
  responses: "responses/Response",
};
const EVENTS: { readonly [P in ProtocolName]: TypeName } = {
  chat: "chat/ChatCompletionChunk",
  messages: "messages/RawMessageStreamEvent",
  responses: "responses/ResponseStreamEvent",
};
const MODELS = ["up-model", "gpt-5-mini", "gpt-4o", "claude-opus-4-8"];

const schemas = new SdkSchemas();

function hold(type: TypeName, value: unknown, where: string): void {
  const problems = schemas.problems(type, value);
  assertEquals(problems, [], `${where}: ${JSON.stringify(value)}`);
}

/** Holds every event of a stream; what is no event of the types is an error. */
function holdStream(to: ProtocolName, text: string, where: string): number {
  let held = 0;
  for (const { event, data } of eventsOf(text)) {
    if (to === "chat" && data === "[DONE]") continue;
    const value: unknown = JSON.parse(data);
    assert(isJsonObject(value), where);
    if (to === "chat" && isJsonObject(value.error)) {
      hold("chat/ErrorObject", value.error, where);
    } else if (to === "messages" && event === "error") {
      // In a stream the id of the request is in the head.
      hold("messages/ErrorResponse", { request_id: null, ...value }, where);
    } else {
      if (to !== "chat") assertEquals(event, value.type, where);
      hold(EVENTS[to], value, where);
    }
    held++;
  }
  return held;
}

for (const to of PROTOCOL_NAMES) {
  Deno.test(`encodeRequest() of ${to} writes bodies of the client's type`, () => {
    for (const from of PROTOCOL_NAMES) {
      if (from === to) continue;
      let held = 0;
      for (const [name, text] of documents(from, "request")) {
        for (const model of MODELS) {
          const outcome = requestOutcome(from, to, text, {
            ...UNKNOWN_TARGET,
            model,
            capabilities: capabilitiesOf(model),
          });
          if ("refused" in outcome) continue;
          hold(REQUESTS[to], outcome.body, `${from} ${name} for ${model}`);
          held++;
        }
      }
      assert(held > 20, `${held} bodies from ${from}`);
    }
  });

  Deno.test(`encodeResponse() and streamEncoder() of ${to} write answers of the client's type`, () => {
    for (const from of PROTOCOL_NAMES) {
      for (const [name, text] of documents(from, "response")) {
        const body: JsonObject = JSON.parse(text);
        const observer = PROTOCOLS[from].observer();
        observer.body(body);
        if (observer.error !== null) continue;
        const answer = PROTOCOLS[from].decodeResponse(body, decodeContext());
        const own = PROTOCOLS[to].encodeResponse(answer, encodeContext(to));
        hold(ANSWERS[to], own, `${from} ${name}`);
        const stream = encodeStream(to, partsOf(answer));
        assert(holdStream(to, stream, `${from} ${name} streamed`) > 1);
      }
    }
  });

  Deno.test(`streamEncoder() of ${to} writes events of the client's type`, () => {
    for (const from of PROTOCOL_NAMES) {
      for (const name of fixtureNames(from, ".stream.sse")) {
        const events = eventsOf(fixtureText(from, `${name}.stream.sse`));
        const stream = encodeStream(to, decodeStream(from, events));
        assert(holdStream(to, stream, `${from} ${name}`) > 1);
      }
    }
  });

  Deno.test(`encodeError() of ${to} writes errors of the client's type`, () => {
    const kinds = [
      "invalid_request",
      "authentication",
      "permission",
      "billing",
      "not_found",
      "method_not_allowed",
      "conflict",
      "request_too_large",
      "unsupported_media_type",
      "rate_limit",
      "timeout",
      "overloaded",
      "server",
      "upstream",
    ] as const;
    for (const kind of kinds) {
      const error = gatewayError(kind, "Cannot do it", { param: "model" });
      const body = PROTOCOLS[to].encodeError(error, "req_1");
      // The API's reference has these two, the client's types have not.
      const isUntyped = kind === "conflict" || kind === "request_too_large";
      if (to === "messages" && isUntyped) continue;
      if (to === "messages") hold("messages/ErrorResponse", body, kind);
      else hold("chat/ErrorObject", body.error, kind);
      const stream = PROTOCOLS[to].encodeStreamError(error, "req_1");
      assert(holdStream(to, stream, kind) > 0);
    }
  });
}

Deno.test("the schemas refuse what has not the type", () => {
  const answer = JSON.parse(fixtureText("chat", "rich.response.json"));
  assertEquals(schemas.problems("chat/ChatCompletion", answer), []);
  const wrong = [
    { ...answer, created: "now" },
    { ...answer, invented: 1 },
    { ...answer, choices: [{ ...answer.choices[0], finish_reason: "end" }] },
  ];
  for (const value of wrong) {
    assert(schemas.problems("chat/ChatCompletion", value).length > 0);
  }
  const event = { type: "response.unheard_of", sequence_number: 1 };
  assert(schemas.problems("responses/ResponseStreamEvent", event).length > 0);
});
