import { assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import type {
  CanonicalRequest,
  CanonicalResponse,
  OutputBlock,
} from "../../../src/protocols/canonical.ts";
import { textBlock } from "../../../src/protocols/canonical.ts";
import { chat } from "../../../src/protocols/chat/chat.ts";
import { encodeFinish } from "../../../src/protocols/chat/finish.ts";
import { chatProof } from "../../../src/protocols/chat/reasoning.ts";
import { encodeChatUsage } from "../../../src/protocols/chat/usage.ts";
import { collect, partsOf } from "../../../src/protocols/collect.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import { checkFinished } from "../check_parts.ts";
import * as generate from "../generators.ts";
import {
  decodeContext,
  decodeEvents,
  encodeContext,
  encodeParts,
  eventsOf,
  target,
} from "./chat_support.ts";
import { withoutPlaces } from "../places.ts";

const CAN: generate.Expressible = {
  protocol: "chat",
  cache: true,
  imageDetail: true,
  toolResultImages: false,
  toolResultErrors: false,
  documentUrls: false,
  fileIds: true,
  refusals: true,
  systemTurns: true,
  customTools: true,
  assistantTexts: 1,
};

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(value, { nil: null });
}

/** OpenAI refuses files without a name: the encoder gives them one. */
function withFileNames(request: CanonicalRequest): CanonicalRequest {
  return {
    ...request,
    turns: request.turns.map((turn) =>
      turn.role !== "user" ? turn : {
        ...turn,
        blocks: turn.blocks.map((block) =>
          block.type === "document"
            ? { ...block, title: block.title ?? "a.pdf" }
            : block
        ),
      }
    ),
  };
}

function chatRequest(): fc.Arbitrary<CanonicalRequest> {
  return fc.record({
    base: generate.baseRequest(CAN),
    instructions: fc.array(
      fc.record({
        role: fc.constantFrom("system" as const, "developer" as const),
        blocks: generate.inputText(CAN).map((block) => [block]),
      }),
      { maxLength: 2 },
    ),
    allowed: fc.boolean(),
    parallel: maybe(fc.boolean()),
    stop: fc.array(generate.text(), { maxLength: 4 }),
    topK: maybe(fc.nat(100)),
    seed: maybe(fc.nat()),
    penalty: maybe(fc.constantFrom(-1, 0.5)),
    logitBias: maybe(fc.constant({ "50256": -100 })),
    topLogprobs: maybe(fc.nat(5)),
    format: fc.oneof(
      fc.constant(null),
      fc.constant({ kind: "json-object" as const }),
      generate.schemaFormat(),
    ),
    verbosity: fc.constantFrom(null, "low"),
    effort: fc.constantFrom(null, "none", "low", "max"),
    serviceTier: fc.constantFrom(null, "auto", "flex"),
    userId: maybe(generate.text()),
    promptCacheKey: maybe(generate.text()),
    metadata: maybe(generate.jsonObject()),
    store: fc.constantFrom(null, true, false),
    native: fc.constantFrom<JsonObject>({}, { n: 2 }, { min_p: 0.1 }),
  }).map((value): CanonicalRequest => {
    const { base, effort } = value;
    const names = base.tools.flatMap((tool) =>
      tool.kind === "function" ? [tool.name] : []
    );
    return withFileNames({
      ...base,
      model: "gpt-5-mini",
      instructions: value.instructions,
      toolChoice: value.allowed && names.length > 0
        ? { kind: "allowed", mode: "auto", names }
        : base.toolChoice,
      parallelToolCalls: base.tools.length > 0 ? value.parallel : null,
      stop: value.stop,
      sampling: {
        ...base.sampling,
        topK: value.topK,
        seed: value.seed,
        frequencyPenalty: value.penalty,
        presencePenalty: value.penalty,
        logitBias: value.logitBias,
        logprobs: value.topLogprobs === null ? null : true,
        topLogprobs: value.topLogprobs,
      },
      format: value.format,
      verbosity: value.verbosity,
      reasoning: effort === null
        ? null
        : { effort, budgetTokens: null, mode: null, summary: null },
      serviceTier: value.serviceTier,
      userId: value.userId,
      safetyIdentifier: value.userId,
      promptCacheKey: value.promptCacheKey,
      metadata: value.store === true ? value.metadata : null,
      store: value.store,
      includeUsage: base.stream,
      native: { chat: value.native },
    });
  });
}

function overTheWire(body: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(body)) as JsonObject;
}

Deno.test("chat.decodeRequest() undoes chat.encodeRequest() for whatever chat can say", () => {
  const profile = target({ model: "gpt-5-mini", cacheControl: true });
  fc.assert(
    fc.property(chatRequest(), (value) => {
      const encoded = chat.encodeRequest(value, profile);
      assertEquals(encoded.losses, []);
      assertEquals(encoded.toolNames.size, 0);
      assertEquals(
        withoutPlaces(chat.decodeRequest(overTheWire(encoded.body))),
        value,
      );
    }),
    { seed: 7, numRuns: 10_000 },
  );
});

const PROOFS = [
  chatProof({ field: "reasoning_content", details: [] }),
  chatProof({
    field: "reasoning_content",
    details: [{ type: "reasoning.text", signature: "sig", index: 0 }],
  }),
];

function content(): fc.Arbitrary<OutputBlock[]> {
  const words = generate.text().chain((text) =>
    fc.array(
      generate.urlCitation("chat", text.length, (citation) => ({
        type: "url_citation",
        url_citation: {
          start_index: citation.start ?? 0,
          end_index: citation.end ?? 0,
          url: citation.url,
          title: citation.title,
        },
      })),
      { maxLength: 2 },
    ).map((citations): OutputBlock => ({ ...textBlock(text), citations }))
  );
  const reasoning = fc.tuple(generate.text(), fc.constantFrom(...PROOFS)).map((
    [text, proof],
  ): OutputBlock => ({
    type: "reasoning",
    text,
    proof,
    redacted: false,
    itemId: null,
    origin: { protocol: "chat", provider: "up", model: "llama-3" },
  }));
  return fc.record({
    reasoning: fc.array(reasoning, { maxLength: 1 }),
    texts: fc.array(words, { maxLength: 1 }),
    refusals: fc.array(generate.refusal(), { maxLength: 1 }),
    calls: fc.uniqueArray(generate.toolCall({ ...CAN, cache: false }), {
      maxLength: 3,
      selector: (call) => call.id,
    }),
  }).map(({ reasoning, texts, refusals, calls }) => [
    ...reasoning,
    ...texts,
    ...refusals,
    ...calls,
  ]);
}

function chatResponse(): fc.Arbitrary<CanonicalResponse> {
  return fc.record({
    id: generate.callId(),
    model: generate.toolName(),
    createdAt: fc.integer({ min: 1, max: 2_000_000_000 }),
    content: content(),
    cut: fc.constantFrom(null, "length" as const, "content-filter" as const),
    usage: generate.usage(
      "input",
      "cacheRead",
      "cacheWrite5m",
      "inputAudio",
      "output",
      "reasoning",
      "outputAudio",
    ),
    serviceTier: fc.constantFrom(null, "default"),
  }).map(({ cut, ...value }) => {
    const has = (type: string) =>
      value.content.some((block) => block.type === type);
    const whole = has("tool-call")
      ? "tool-calls"
      : has("refusal")
      ? "refusal"
      : "stop";
    const finish = {
      kind: cut ?? whole,
      raw: null,
      stopSequence: null,
      details: null,
    } as const;
    return {
      ...value,
      finish: { ...finish, raw: encodeFinish(finish, has("refusal")) },
      usage: {
        ...value.usage,
        raw: encodeChatUsage(value.usage),
        model: value.model,
        serviceTier: value.serviceTier,
      },
    };
  });
}

Deno.test("chat.decodeResponse() undoes chat.encodeResponse()", () => {
  fc.assert(
    fc.property(chatResponse(), (value) => {
      const body = overTheWire(chat.encodeResponse(value, encodeContext()));
      assertEquals(chat.decodeResponse(body, decodeContext()), value);
    }),
    { seed: 7, numRuns: 2000 },
  );
});

/** Cuts every delta in two and lets tool calls interleave. */
function cutParts(parts: readonly StreamPart[], at: number): StreamPart[] {
  const cut = parts.flatMap((part): StreamPart[] => {
    if (part.type === "tool-call-delta") {
      return [
        { ...part, arguments: part.arguments.slice(0, at) },
        { ...part, arguments: part.arguments.slice(at) },
      ];
    }
    if (
      part.type === "text-delta" || part.type === "refusal-delta" ||
      part.type === "reasoning-delta"
    ) {
      return [
        { ...part, text: part.text.slice(0, at) },
        { ...part, text: part.text.slice(at) },
      ];
    }
    return [part];
  });
  const isCall = (part: StreamPart) => part.type.startsWith("tool-call-");
  const calls = cut.filter(isCall);
  const order = ["tool-call-start", "tool-call-delta", "tool-call-end"];
  calls.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
  const first = cut.findIndex(isCall);
  const others = cut.filter((part) => !isCall(part));
  return first < 0
    ? cut
    : [...others.slice(0, first), ...calls, ...others.slice(first)];
}

Deno.test("chat.streamDecoder() undoes chat.streamEncoder(), however deltas are cut", () => {
  fc.assert(
    fc.property(chatResponse(), fc.nat(5), (value, at) => {
      const sent = cutParts(partsOf(value), at);
      checkFinished(sent);
      const parts = decodeEvents(eventsOf(encodeParts(sent)));
      checkFinished(parts);
      assertEquals(collect(parts), value);
    }),
    { seed: 7, numRuns: 2000 },
  );
});

Deno.test("chat.encodeResponse() and chat.streamEncoder() say the same", () => {
  fc.assert(
    fc.property(chatResponse(), (value) => {
      const body = chat.encodeResponse(value, encodeContext());
      const streamed = decodeEvents(eventsOf(encodeParts(partsOf(value))));
      assertEquals(
        chat.decodeResponse(overTheWire(body), decodeContext()),
        collect(streamed),
      );
    }),
    { seed: 8, numRuns: 300 },
  );
});

Deno.test("the generators of requests reach every role and block", () => {
  const seen = new Set<string>();
  for (const value of fc.sample(chatRequest(), { seed: 1, numRuns: 300 })) {
    for (const turn of value.turns) {
      for (const block of turn.blocks) seen.add(`${turn.role} ${block.type}`);
    }
  }
  for (
    const kind of [
      "user image",
      "user document",
      "assistant tool-call",
      "assistant refusal",
      "tool tool-result",
      "developer text",
    ]
  ) {
    assertNotEquals(seen.has(kind), false, kind);
  }
});
