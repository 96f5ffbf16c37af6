/** Round trips through the messages protocol over generated values. @module */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { UNKNOWN_CAPABILITIES } from "../../../src/exchange/capabilities.ts";
import type {
  CanonicalRequest,
  CanonicalResponse,
  OutputBlock,
  ReasoningBlock,
  Turn,
} from "../../../src/protocols/canonical.ts";
import { collect, partsOf } from "../../../src/protocols/collect.ts";
import { messages } from "../../../src/protocols/messages/messages.ts";
import { wrapProof } from "../../../src/protocols/reasoning_envelope.ts";
import type {
  DecodeContext,
  EncodeContext,
  TargetProfile,
} from "../../../src/protocols/protocol.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { checkFailed, checkFinished } from "../check_parts.ts";
import {
  baseRequest,
  cacheHint,
  type Expressible,
  inputText,
  refusal,
  text,
  toolCall,
  toolName,
  usage,
} from "../generators.ts";
import { eventsOf } from "./sse_events.ts";
import { withoutPlaces } from "../places.ts";

const CAN: Expressible = {
  protocol: "messages",
  cache: true,
  imageDetail: false,
  toolResultImages: true,
  toolResultErrors: true,
  documentUrls: true,
  fileIds: true,
  refusals: false,
  systemTurns: false,
  customTools: false,
  assistantTexts: 3,
};

const TARGET: TargetProfile = {
  provider: "anthropic",
  model: "model-a",
  capabilities: UNKNOWN_CAPABILITIES,
  cacheControl: false,
};

const DECODE: DecodeContext = {
  provider: "anthropic",
  model: "model-a",
  toolNames: new Map(),
  eofIsFinish: false,
};

const ORIGIN = {
  protocol: "messages",
  provider: "anthropic",
  model: "model-a",
} as const;

const ENCODE: EncodeContext = {
  request: {} as CanonicalRequest,
  body: {},
  newId: (prefix) => `${prefix}1`,
  now: () => 0,
};

function thinking(): fc.Arbitrary<ReasoningBlock> {
  return fc.record({
    text: text(0),
    proof: fc.stringMatching(/^[A-Za-z0-9+/]{4,20}={0,2}$/),
    redacted: fc.boolean(),
  }).map((value) => ({
    type: "reasoning",
    itemId: null,
    origin: ORIGIN,
    ...value,
    text: value.redacted ? "" : value.text,
  }));
}

// Blank text says nothing here and neighbours of one role are one turn.
function normal(turns: readonly Turn[]): Turn[] {
  const merged: Turn[] = [];
  for (const turn of turns) {
    const blocks = turn.blocks.filter((block) =>
      block.type !== "text" || block.text.trim() !== ""
    ).map((block) =>
      block.type !== "tool-result" ? block : {
        ...block,
        content: block.content.filter((inner) =>
          inner.type !== "text" || inner.text.trim() !== ""
        ),
      }
    );
    if (blocks.length === 0) continue;
    const last = merged.at(-1);
    if (last?.role === turn.role) {
      merged[merged.length - 1] = {
        ...last,
        blocks: [...last.blocks, ...blocks],
      } as Turn;
    } else merged.push({ ...turn, blocks } as Turn);
  }
  return merged;
}

// The client's way back knows no maker of a bare signature.
function asReplayed(turns: readonly Turn[]): Turn[] {
  return turns.map((turn) =>
    turn.role !== "assistant" ? turn : {
      ...turn,
      blocks: turn.blocks.map((block) =>
        block.type === "reasoning" ? { ...block, origin: null } : block
      ),
    }
  );
}

function request(): fc.Arbitrary<CanonicalRequest> {
  return fc.record({
    base: baseRequest(CAN),
    thinking: fc.array(thinking(), { maxLength: 2 }),
    system: fc.array(inputText(CAN), { maxLength: 3 }),
    hint: cacheHint(CAN),
    maxOutputTokens: fc.integer({ min: 2048, max: 100_000 }),
    stop: fc.uniqueArray(toolName(), { maxLength: 3 }),
    topK: fc.constantFrom(null, 1, 40),
    reasoning: fc.constantFrom(
      null,
      {
        effort: null,
        budgetTokens: null,
        mode: "disabled" as const,
        summary: null,
      },
      {
        effort: null,
        budgetTokens: 1024,
        mode: "enabled" as const,
        summary: null,
      },
      {
        effort: null,
        budgetTokens: 2000,
        mode: "enabled" as const,
        summary: "omitted",
      },
      {
        effort: null,
        budgetTokens: null,
        mode: "adaptive" as const,
        summary: "summarized",
      },
      {
        effort: "xhigh",
        budgetTokens: null,
        mode: "adaptive" as const,
        summary: null,
      },
    ),
    serviceTier: fc.constantFrom(null, "auto", "default"),
    userId: fc.option(text(), { nil: null }),
    serial: fc.boolean(),
  }).map((value) => canonical(value));
}

function canonical(value: {
  base: CanonicalRequest;
  thinking: ReasoningBlock[];
  system: CanonicalRequest["instructions"][number]["blocks"][number][];
  hint: ReturnType<typeof cacheHint> extends fc.Arbitrary<infer T> ? T : never;
  maxOutputTokens: number;
  stop: string[];
  topK: number | null;
  reasoning: CanonicalRequest["reasoning"];
  serviceTier: string | null;
  userId: string | null;
  serial: boolean;
}): CanonicalRequest {
  const { base } = value;
  const forced = base.toolChoice?.kind === "required" ||
    base.toolChoice?.kind === "tool";
  const reasoning = forced && value.reasoning?.mode !== "disabled"
    ? null
    : value.reasoning;
  const thinks = reasoning !== null && reasoning.mode !== "disabled";
  const system = value.system.filter((block) => block.text.trim() !== "");
  // Several blocks stay apart only where one holds a breakpoint.
  const [first, ...rest] = system;
  const blocks = first === undefined || rest.length === 0
    ? system
    : [{ ...first, cache: first.cache ?? { ttl: null } }, ...rest];
  const turns = base.turns.map((turn) =>
    turn.role === "assistant"
      ? { ...turn, blocks: [...value.thinking, ...turn.blocks] }
      : turn
  );
  const hasCalls = turns.some((turn) =>
    turn.role === "assistant" &&
    turn.blocks.some((block) => block.type === "tool-call")
  );
  const usable = base.tools.length > 0 || !hasCalls;
  return {
    ...base,
    model: TARGET.model,
    instructions: blocks.length > 0 ? [{ role: "system", blocks }] : [],
    turns: normal(
      usable ? turns : turns.filter((turn) => turn.role === "user"),
    ),
    tools: base.tools.map((tool) =>
      tool.kind === "function" && tool.strict === false
        ? { ...tool, strict: null }
        : tool
    ),
    parallelToolCalls: value.serial && base.toolChoice !== null &&
        base.toolChoice.kind !== "none"
      ? false
      : null,
    maxOutputTokens: value.maxOutputTokens,
    stop: value.stop,
    sampling: thinks
      ? { ...base.sampling, temperature: null, topP: null }
      : { ...base.sampling, topK: value.topK },
    format: null,
    reasoning,
    serviceTier: value.serviceTier,
    userId: value.userId,
    native: { messages: {} },
  };
}

Deno.test("messages.decodeRequest() gives back what encodeRequest() was given", () => {
  fc.assert(
    fc.property(
      request().filter((value) => value.turns[0]?.role === "user"),
      (value) => {
        const encoded = messages.encodeRequest(value, TARGET);
        assertEquals(encoded.losses, []);
        const wire = JSON.parse(JSON.stringify(encoded.body));
        assertEquals(withoutPlaces(messages.decodeRequest(wire)), {
          ...value,
          turns: asReplayed(value.turns),
        });
      },
    ),
    { numRuns: 10_000, seed: 20_261_120 },
  );
});

function answer(): fc.Arbitrary<CanonicalResponse> {
  const texts = fc.record({
    ...{ type: fc.constant("text" as const) },
    text: text(),
  })
    .map((value): OutputBlock => ({ ...value, citations: [], cache: null }));
  return fc.record({
    id: fc.stringMatching(/^msg_[a-z0-9]{4}$/),
    content: fc.array(
      fc.oneof<fc.Arbitrary<OutputBlock>[]>(
        texts,
        thinking(),
        toolCall({ ...CAN, cache: false }),
        refusal(),
      ),
      { maxLength: 5 },
    ),
    usage: usage(
      "input",
      "cacheRead",
      "cacheWrite5m",
      "cacheWrite1h",
      "output",
      "reasoning",
      "webSearch",
    ),
    kind: fc.constantFrom(
      "stop" as const,
      "stop-sequence" as const,
      "length" as const,
      "refusal" as const,
      "pause" as const,
    ),
  }).map(({ id, content, usage, kind }) => ({
    id,
    model: "model-a",
    createdAt: null,
    content,
    finish: {
      kind,
      raw: null,
      stopSequence: kind === "stop-sequence" ? "END" : null,
      details: null,
    },
    usage,
    serviceTier: null,
  }));
}

// What the client protocol cannot keep apart, made equal on both sides.
function comparable(response: CanonicalResponse, wrapped: boolean): unknown {
  const calls = response.content.some((block) => block.type === "tool-call");
  const refused = response.content.some((block) => block.type === "refusal");
  const { kind } = response.finish;
  return {
    id: response.id,
    model: response.model,
    content: response.content.map((block) => {
      if (block.type === "refusal") return { type: "text", text: block.text };
      if (block.type === "text") return { type: "text", text: block.text };
      if (block.type === "tool-call") {
        return { ...block, arguments: JSON.parse(block.arguments) };
      }
      if (block.type === "reasoning" && wrapped) {
        return {
          ...block,
          proof: wrapProof(ORIGIN, block.proof ?? "", block.redacted),
        };
      }
      return block;
    }),
    kind: kind === "stop"
      ? calls ? "tool-calls" : refused ? "refusal" : "stop"
      : kind,
    stopSequence: response.finish.stopSequence,
    ledger: response.usage.ledger,
  };
}

Deno.test("messages.decodeResponse() gives back what encodeResponse() was given", () => {
  fc.assert(
    fc.property(answer(), (response) => {
      const wire = JSON.parse(
        JSON.stringify(messages.encodeResponse(response, ENCODE)),
      );
      assertEquals(
        comparable(messages.decodeResponse(wire, DECODE), false),
        comparable(response, true),
      );
    }),
    { numRuns: 3_000, seed: 7 },
  );
});

function decodeAll(stream: string, cut = Infinity): StreamPart[] {
  const decoder = messages.streamDecoder(DECODE);
  const parts = eventsOf(stream).slice(0, cut).flatMap((event) =>
    decoder.push(event)
  );
  return [...parts, ...decoder.end()];
}

function encodeAll(parts: readonly StreamPart[]): string {
  const encoder = messages.streamEncoder(ENCODE);
  return parts.map((part) => encoder.push(part)).join("");
}

// The final message_delta has no split of cache writes, message_start has it.
function withStartUsage(
  parts: readonly StreamPart[],
  response: CanonicalResponse,
): StreamPart[] {
  return parts.map((part) =>
    part.type === "start" ? { ...part, usage: response.usage } : part
  );
}

Deno.test("streamDecoder() gives back what streamEncoder() was given", () => {
  fc.assert(
    fc.property(answer(), (response) => {
      const parts = decodeAll(
        encodeAll(withStartUsage(partsOf(response), response)),
      );
      checkFinished(parts);
      assertEquals(
        comparable(collect(parts), false),
        comparable(response, true),
      );
    }),
    { numRuns: 3_000, seed: 8 },
  );
});

/** Interleaves the parts of blocks: the order within each block stays. */
function interleave(
  parts: readonly StreamPart[],
  picks: readonly number[],
): StreamPart[] {
  const start = parts[0];
  const end = parts.at(-1);
  if (start === undefined || end === undefined) return [];
  const queues = new Map<number, StreamPart[]>();
  for (const part of parts.slice(1, -1)) {
    if (!("key" in part)) continue;
    const pieces = "text" in part && part.text.length > 1
      ? [{ ...part, text: part.text.slice(0, 1) }, {
        ...part,
        text: part.text.slice(1),
      }]
      : [part];
    queues.set(part.key, [...(queues.get(part.key) ?? []), ...pieces]);
  }
  const mixed: StreamPart[] = [start];
  let turn = 0;
  // Keys must appear in order, so that a block starts only after those before it.
  let started = 0;
  while (queues.size > 0) {
    const keys = [...queues.keys()].filter((key) => key <= started);
    const key = keys[(picks[turn++ % picks.length] ?? 0) % keys.length];
    if (key === undefined) break;
    const queue = queues.get(key);
    const part = queue?.shift();
    if (part !== undefined) mixed.push(part);
    if (key === started) started++;
    if (queue === undefined || queue.length === 0) queues.delete(key);
  }
  return [...mixed, end];
}

Deno.test("streamEncoder() keeps one block open and loses nothing of blocks that interleave", () => {
  fc.assert(
    fc.property(
      answer(),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }),
      (response, picks) => {
        const stream = encodeAll(interleave(partsOf(response), picks));
        let open: number | null = null;
        let next = 0;
        for (const { event, data } of eventsOf(stream)) {
          const { index } = JSON.parse(data);
          if (event === "content_block_start") {
            assertEquals(open, null);
            assertEquals(index, next++);
            open = index;
          } else if (event === "content_block_stop") {
            assertEquals(open, index);
            open = null;
          } else if (event === "content_block_delta") assertEquals(open, index);
        }
        assertEquals(open, null);
        const collected = collect(decodeAll(stream));
        assertEquals(gist(collected.content), gist(response.content));
      },
    ),
    { numRuns: 3_000, seed: 9 },
  );
});

// Text may be cut into several blocks: its letters, and all other blocks whole.
function gist(content: readonly OutputBlock[]): unknown {
  const letters = content.flatMap((block) =>
    block.type === "text" || block.type === "refusal"
      ? block.text.split("")
      : []
  );
  return {
    letters: letters.sort(),
    calls: content.flatMap((block) =>
      block.type === "tool-call"
        ? [[block.id, block.name, JSON.parse(block.arguments)]]
        : []
    ).sort(),
    reasoning: content.flatMap((block) =>
      block.type === "reasoning" ? [block.text] : []
    ).sort(),
  };
}

Deno.test("streamDecoder() ends in an error wherever the stream is cut", () => {
  fc.assert(
    fc.property(answer(), (response) => {
      const stream = encodeAll(partsOf(response));
      const count = eventsOf(stream).length;
      for (let cut = 0; cut < count; cut++) checkFailed(decodeAll(stream, cut));
      checkFinished(decodeAll(stream, count));
    }),
    { numRuns: 200, seed: 10 },
  );
});
