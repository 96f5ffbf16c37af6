/** Contexts, event splitting and generators that the tests of Responses share. @module */

import fc from "fast-check";
import type {
  CanonicalRequest,
  CanonicalResponse,
  OutputBlock,
  Turn,
} from "../../../src/protocols/canonical.ts";
import { textBlock } from "../../../src/protocols/canonical.ts";
import type {
  DecodeContext,
  EncodeContext,
  SseEvent,
  TargetProfile,
} from "../../../src/protocols/protocol.ts";
import type { StreamPart } from "../../../src/protocols/stream_part.ts";
import { UNKNOWN_CAPABILITIES } from "../../../src/exchange/capabilities.ts";
import type { JsonObject } from "../../../src/support/json.ts";
import { SseReader } from "../../../src/support/sse.ts";
import { ResponsesStreamDecoder } from "../../../src/protocols/responses/stream_decoder.ts";
import { ResponsesStreamEncoder } from "../../../src/protocols/responses/stream_encoder.ts";
import {
  baseRequest,
  callId,
  type Expressible,
  jsonObject,
  ledger,
  schemaFormat,
  text,
  toolName,
  urlCitation,
} from "../generators.ts";
import { plainRequest } from "../plain_request.ts";

/** What the protocol can say without loss. */
export const RESPONSES: Expressible = {
  protocol: "responses",
  cache: false,
  imageDetail: true,
  toolResultImages: true,
  toolResultErrors: false,
  documentUrls: true,
  fileIds: true,
  refusals: true,
  systemTurns: true,
  customTools: true,
  assistantTexts: 2,
};

/** A target of which nothing is known. */
export function target(overrides: Partial<TargetProfile> = {}): TargetProfile {
  return {
    provider: "up",
    model: "gpt-5-mini",
    capabilities: UNKNOWN_CAPABILITIES,
    cacheControl: false,
    ...overrides,
  };
}

/** The context of a call to that target. */
export function decodeContext(
  overrides: Partial<DecodeContext> = {},
): DecodeContext {
  return {
    provider: "up",
    model: "gpt-5-mini",
    toolNames: new Map(),
    eofIsFinish: false,
    ...overrides,
  };
}

/** The context of an answer to a client; ids count up from 1, the clock stands. */
export function encodeContext(body: JsonObject = {}): EncodeContext {
  let count = 0;
  return {
    request: plainRequest(),
    body,
    newId: (prefix) => `${prefix}${++count}`,
    now: () => 1_700_000_000_000,
  };
}

/** Splits an event stream that comes in chunks of a size. */
export function eventsOf(
  stream: string | Uint8Array,
  chunkBytes = 1 << 24,
): SseEvent[] {
  const events: SseEvent[] = [];
  const reader = new SseReader(
    { onEvent: (event) => events.push(event) },
    1 << 24,
  );
  const bytes = typeof stream === "string"
    ? new TextEncoder().encode(stream)
    : stream;
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    reader.push(bytes.subarray(start, start + chunkBytes));
  }
  reader.end();
  return events;
}

/** Decodes events to the end of the stream. */
export function decodeEvents(
  events: readonly SseEvent[],
  context: DecodeContext = decodeContext(),
): StreamPart[] {
  const decoder = new ResponsesStreamDecoder(context);
  const parts = events.flatMap((event) => decoder.push(event));
  return [...parts, ...decoder.end()];
}

/** Encodes parts to the text of a stream. */
export function encodeParts(
  parts: readonly StreamPart[],
  context: EncodeContext = encodeContext(),
): string {
  const encoder = new ResponsesStreamEncoder(context);
  return parts.map((part) => encoder.push(part)).join("");
}

/** The bodies of an event stream's events. */
export function bodiesOf(stream: string): JsonObject[] {
  return eventsOf(stream).map((event) => {
    const body = JSON.parse(event.data) as JsonObject;
    if (event.event !== body.type) {
      throw new Error(`event: ${event.event} carries ${body.type}`);
    }
    return body;
  });
}

/** Adjacent assistant turns are one turn in this protocol. */
function merged(turns: readonly Turn[]): Turn[] {
  const result: Turn[] = [];
  for (const turn of turns) {
    const last = result.at(-1);
    if (turn.role === "assistant" && last?.role === "assistant") {
      result[result.length - 1] = {
        role: "assistant",
        blocks: [...last.blocks, ...turn.blocks],
      };
    } else result.push(turn);
  }
  return result;
}

/** Gives media blocks what the protocol demands: a detail, and names for inline files only. */
function completed(turn: Turn): Turn {
  const block = <Block>(value: Block): Block => {
    const media = value as unknown as {
      type: string;
      detail: string | null;
      title: string | null;
      source: { kind: string };
    };
    if (media.type === "image") {
      return { ...value, detail: media.detail ?? "auto" };
    }
    if (media.type !== "document") return value;
    const title = media.source.kind === "base64"
      ? media.title ?? "named.pdf"
      : null;
    return { ...value, title };
  };
  switch (turn.role) {
    case "assistant":
      return turn;
    case "tool":
      return {
        role: "tool",
        blocks: turn.blocks.map((result) => ({
          ...result,
          content: result.content.map(block),
        })),
      };
    default:
      return { ...turn, blocks: turn.blocks.map(block) };
  }
}

/** A hosted call in the history. */
function hostedCall(): fc.Arbitrary<OutputBlock> {
  return fc.constantFrom("web_search_call", "mcp_call").map((type) => ({
    type: "native" as const,
    protocol: "responses" as const,
    value: { type, id: "x_1", status: "completed" },
  }));
}

const option = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.option(arbitrary, { nil: null });

/** Requests that the protocol can say without loss. */
export function request(): fc.Arbitrary<CanonicalRequest> {
  const instruction = fc.record({
    role: fc.constantFrom("system" as const, "developer" as const),
    blocks: text().map((value) => [textBlock(value)]),
  });
  const extras = fc.record({
    instructions: fc.array(instruction, { maxLength: 3 }),
    hosted: fc.array(hostedCall(), { maxLength: 1 }),
    parallel: option(fc.boolean()),
    format: option(fc.oneof(
      schemaFormat(),
      fc.constant({ kind: "json-object" as const }),
    )),
    verbosity: option(fc.constantFrom("low", "medium", "high")),
    effort: option(fc.constantFrom("minimal", "low", "high")),
    summary: option(fc.constantFrom("auto", "concise", "detailed")),
    serviceTier: option(fc.constantFrom("auto", "default", "flex")),
    userId: option(text()),
    safetyIdentifier: option(text()),
    promptCacheKey: option(text()),
    metadata: option(jsonObject()),
    store: fc.boolean(),
    logprobs: fc.boolean(),
    topLogprobs: option(fc.nat(20)),
    truncation: option(fc.constantFrom("auto", "disabled")),
    allowed: fc.boolean(),
  });
  return fc.tuple(baseRequest(RESPONSES), extras).map(([base, extra]) => {
    const reasoning = extra.effort === null && extra.summary === null ? null : {
      effort: extra.effort,
      budgetTokens: null,
      mode: null,
      summary: extra.summary,
    };
    const include = [
      ...(extra.logprobs ? ["message.output_text.logprobs"] : []),
      ...(reasoning === null ? [] : ["reasoning.encrypted_content"]),
    ];
    const native: JsonObject = {};
    if (include.length > 0) native.include = include;
    if (extra.truncation !== null) native.truncation = extra.truncation;
    const names = base.tools.flatMap((tool) =>
      tool.kind === "native" ? [] : [tool.name]
    );
    const turns = merged(
      [...base.turns, { role: "assistant", blocks: extra.hosted } as Turn]
        .filter((turn) => turn.blocks.length > 0).map(completed),
    );
    return {
      ...base,
      instructions: extra.instructions,
      turns,
      tools: base.tools.map((tool) =>
        tool.kind === "function"
          ? { ...tool, strict: tool.strict ?? false }
          : tool
      ),
      toolChoice: extra.allowed && names.length > 0
        ? { kind: "allowed" as const, mode: "auto" as const, names }
        : base.toolChoice,
      parallelToolCalls: base.tools.length > 0 ? extra.parallel : null,
      maxOutputTokens: base.maxOutputTokens === null
        ? null
        : Math.max(16, base.maxOutputTokens),
      sampling: {
        ...base.sampling,
        logprobs: extra.logprobs ? true : null,
        topLogprobs: extra.topLogprobs,
      },
      format: extra.format,
      verbosity: extra.verbosity,
      reasoning,
      serviceTier: extra.serviceTier,
      userId: extra.userId,
      safetyIdentifier: extra.safetyIdentifier,
      promptCacheKey: extra.promptCacheKey,
      metadata: extra.metadata,
      store: extra.store,
      native: { responses: native },
    };
  });
}

function answerText(): fc.Arbitrary<OutputBlock> {
  return text().chain((value) =>
    fc.array(
      urlCitation("responses", value.length, (citation) => ({
        type: "url_citation",
        url: citation.url,
        title: citation.title,
        start_index: citation.start,
        end_index: citation.end,
      })),
      { maxLength: 2 },
    ).map((citations) => ({ ...textBlock(value), citations }))
  );
}

function answerCall(): fc.Arbitrary<OutputBlock> {
  return fc.record({
    type: fc.constant("tool-call" as const),
    id: callId(),
    name: toolName(),
    arguments: jsonObject().map((value) => JSON.stringify(value)),
    kind: fc.constantFrom("function" as const, "custom" as const),
    cache: fc.constant(null),
  });
}

/** Answers that the protocol can say without loss. */
export function response(): fc.Arbitrary<CanonicalResponse> {
  const block: fc.Arbitrary<OutputBlock> = fc.oneof(
    answerText(),
    answerCall(),
    text().map((value) => ({ type: "refusal" as const, text: value })),
    text().map((value) => ({
      type: "reasoning" as const,
      text: value,
      proof: null,
      redacted: false,
      itemId: null,
      origin: null,
    })),
    hostedCall(),
  );
  return fc.record({
    blocks: fc.uniqueArray(block, {
      maxLength: 6,
      selector: (value) =>
        value.type === "tool-call"
          ? value.id
          : value.type === "native"
          ? "native"
          : JSON.stringify(value),
    }),
    createdAt: fc.integer({ min: 1, max: 2_000_000_000 }),
    cut: fc.constantFrom(null, null, "length" as const, "content-filter"),
    ledger: ledger("input", "cacheRead", "cacheWrite5m", "output", "reasoning"),
  }).map(({ blocks, createdAt, cut, ledger }) => {
    const calls = blocks.some((value) => value.type === "tool-call");
    const refused = blocks.some((value) => value.type === "refusal");
    const searches = blocks.filter((value) =>
      value.type === "native" && value.value.type === "web_search_call"
    ).length;
    const whole = calls ? "tool-calls" : refused ? "refusal" : "stop";
    return {
      id: "resp_1",
      model: "gpt-5-mini",
      createdAt,
      content: blocks,
      finish: {
        kind: (cut ?? whole) as CanonicalResponse["finish"]["kind"],
        raw: cut === null
          ? "completed"
          : cut === "length"
          ? "max_output_tokens"
          : "content_filter",
        stopSequence: null,
        details: null,
      },
      usage: {
        ledger: { ...ledger, webSearch: searches },
        raw: null,
        source: "reported",
        serviceTier: "default",
        model: "gpt-5-mini",
      },
      serviceTier: "default",
    };
  });
}

/** Takes off what the wire adds: raw usage, and ids of reasoning without proof. */
export function withoutWireDetails(
  value: CanonicalResponse,
): CanonicalResponse {
  return {
    ...value,
    usage: { ...value.usage, raw: null },
    content: value.content.map((block) =>
      block.type === "reasoning" && block.proof === null
        ? { ...block, itemId: null }
        : block
    ),
  };
}
