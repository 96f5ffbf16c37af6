import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  gatewayError,
  RequestError,
} from "../../src/exchange/gateway_error.ts";
import { noUsage } from "../../src/exchange/usage.ts";
import type {
  CanonicalResponse,
  OutputBlock,
} from "../../src/protocols/canonical.ts";
import { collect, Collector, partsOf } from "../../src/protocols/collect.ts";
import type { StreamPart } from "../../src/protocols/stream_part.ts";
import { checkFinished } from "./check_parts.ts";
import {
  type Expressible,
  finish,
  jsonObject,
  refusal,
  text,
  toolCall,
  urlCitation,
  usage,
} from "./generators.ts";

const CAN: Expressible = {
  protocol: "messages",
  cache: false,
  imageDetail: true,
  toolResultImages: true,
  toolResultErrors: true,
  documentUrls: true,
  fileIds: true,
  refusals: true,
  systemTurns: true,
  customTools: true,
  assistantTexts: 3,
};

function block(): fc.Arbitrary<OutputBlock> {
  const words = text(0).chain((value) =>
    fc.array(urlCitation("messages", value.length, () => ({})), {
      maxLength: 2,
    })
      .map((citations): OutputBlock => ({
        type: "text",
        text: value,
        citations,
        cache: null,
      }))
  );
  return fc.oneof(
    words,
    refusal(),
    toolCall(CAN),
    jsonObject().map((value) => ({
      type: "native" as const,
      protocol: "messages" as const,
      value,
    })),
    fc.record({
      type: fc.constant("reasoning" as const),
      text: text(0),
      proof: fc.option(text(), { nil: null }),
      redacted: fc.boolean(),
      itemId: fc.constant(null),
      origin: fc.constant({
        protocol: "messages" as const,
        provider: "a",
        model: "b",
      }),
    }),
  );
}

function response(): fc.Arbitrary<CanonicalResponse> {
  return fc.record({
    id: text(),
    model: text(),
    createdAt: fc.option(fc.nat(), { nil: null }),
    content: fc.array(block(), { maxLength: 5 }),
    finish: finish("stop", "length", "tool-calls"),
    usage: usage("input", "output"),
    serviceTier: fc.constantFrom(null, "default"),
  });
}

Deno.test("collect() undoes partsOf(), whose parts are a valid sequence", () => {
  fc.assert(
    fc.property(response(), (value) => {
      const parts = partsOf(value);
      checkFinished(parts);
      assertEquals(collect(parts), value);
    }),
    { seed: 1, numRuns: 1000 },
  );
});

const START: StreamPart = {
  type: "start",
  id: "1",
  model: "m",
  createdAt: 1,
  serviceTier: "flex",
  usage: null,
};

Deno.test("collect() keeps interleaved blocks apart and in order of their start", () => {
  const parts: StreamPart[] = [
    START,
    { type: "tool-call-start", key: 0, id: "a", name: "x", kind: "function" },
    { type: "tool-call-start", key: 1, id: "b", name: "y", kind: "custom" },
    { type: "tool-call-delta", key: 1, arguments: "free" },
    { type: "tool-call-delta", key: 0, arguments: "{" },
    { type: "tool-call-delta", key: 1, arguments: " text" },
    { type: "tool-call-delta", key: 0, arguments: "}" },
    { type: "tool-call-end", key: 1 },
    { type: "tool-call-end", key: 0 },
    {
      type: "finish",
      finish: {
        kind: "tool-calls",
        raw: "x",
        stopSequence: null,
        details: null,
      },
      usage: noUsage(),
      serviceTier: null,
    },
  ];
  const collected = collect(parts);
  assertEquals(
    collected.content.map((item) =>
      item.type === "tool-call" && item.arguments
    ),
    ["{}", "free text"],
  );
  assertEquals(collected.serviceTier, "flex");
});

Deno.test("collect() throws the error that the sequence ended in", () => {
  const error = gatewayError("rate_limit", "Too many requests");
  const thrown = assertThrows(
    () => collect([START, { type: "error", error, usage: noUsage() }]),
    RequestError,
  );
  assertEquals(thrown.error, error);
});

Deno.test("collect() throws for a sequence without an end", () => {
  const thrown = assertThrows(() => collect([START]), RequestError);
  assertEquals(thrown.error.status, 502);
});

Deno.test("Collector shows unfinished blocks as far as they have come", () => {
  const collector = new Collector();
  collector.push(START);
  collector.push({ type: "reasoning-start", key: 0 });
  collector.push({ type: "reasoning-delta", key: 0, text: "so" });
  assertEquals(collector.content, [{
    type: "reasoning",
    text: "so",
    proof: null,
    redacted: false,
    itemId: null,
    origin: null,
  }]);
});
