/**
 * Generators of canonical blocks, turns, tools and requests that every
 * protocol's property tests compose. What only some protocols can say is
 * switched on by {@linkcode Expressible}.
 *
 * @module
 */

import fc from "fast-check";
import {
  type CacheHint,
  type CanonicalRequest,
  type Citation,
  type DocumentBlock,
  type Finish,
  type FinishKind,
  type ImageBlock,
  NO_SAMPLING,
  type OutputFormat,
  type RefusalBlock,
  type Sampling,
  type TextBlock,
  textBlock,
  type Tool,
  type ToolCallBlock,
  type ToolChoice,
  type ToolResultBlock,
  type Turn,
} from "../../src/protocols/canonical.ts";
import {
  emptyLedger,
  type Ledger,
  type Usage,
} from "../../src/exchange/usage.ts";
import type { JsonObject } from "../../src/support/json.ts";
import type { ProtocolName } from "../../src/exchange/names.ts";

/** What a protocol can say without loss. */
export interface Expressible {
  /** The protocol: file ids are bound to it. */
  readonly protocol: ProtocolName;
  /** Cache breakpoints on blocks and tools. */
  readonly cache: boolean;
  /** `detail` on images. */
  readonly imageDetail: boolean;
  /** Images in tool results. */
  readonly toolResultImages: boolean;
  /** `isError` on tool results. */
  readonly toolResultErrors: boolean;
  /** Documents by URL. */
  readonly documentUrls: boolean;
  /** Files by id, of images and documents. */
  readonly fileIds: boolean;
  /** Refusals as blocks of their own. */
  readonly refusals: boolean;
  /** System and developer turns after the first other turn. */
  readonly systemTurns: boolean;
  /** Custom (free text) tools. */
  readonly customTools: boolean;
  /** Most text blocks in one assistant turn. */
  readonly assistantTexts: number;
}

/** Text with quotes, newlines, lone letters of other scripts and emoji. */
export function text(minLength = 1): fc.Arbitrary<string> {
  return fc.string({ unit: "grapheme", minLength, maxLength: 24 });
}

/** A name that every protocol takes. */
export function toolName(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_-]{0,20}$/);
}

/** A call id that every protocol takes. */
export function callId(): fc.Arbitrary<string> {
  return fc.stringMatching(/^call_[a-zA-Z0-9]{4,12}$/);
}

/** Base64 with right padding. */
export function base64(): fc.Arbitrary<string> {
  return fc.uint8Array({ minLength: 1, maxLength: 24 }).map((bytes) =>
    bytes.toBase64()
  );
}

/** A small JSON object, as schemas and native values are. */
export function jsonObject(): fc.Arbitrary<JsonObject> {
  return fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.jsonValue({ maxDepth: 2 }),
    { maxKeys: 4, noNullPrototype: true },
  ).map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
}

/** A JSON Schema of an object. */
export function schema(): fc.Arbitrary<JsonObject> {
  return fc.array(toolName(), { maxLength: 3 }).map((names) => ({
    type: "object",
    properties: Object.fromEntries(
      names.map((name) => [name, { type: "string" }]),
    ),
    required: [...new Set(names)],
    additionalProperties: false,
  }));
}

/** A cache hint or none. */
export function cacheHint(can: Expressible): fc.Arbitrary<CacheHint | null> {
  if (!can.cache) return fc.constant(null);
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("5m" as const, "1h" as const, null).map((
        ttl,
      ) => ({
        ttl,
      })),
    },
  );
}

/** Text as clients send it: no citations. */
export function inputText(can: Expressible): fc.Arbitrary<TextBlock> {
  return fc.record({ text: text(), cache: cacheHint(can) }).map((value) => ({
    ...textBlock(value.text),
    cache: value.cache,
  }));
}

/** An image by data, URL or id. */
export function image(can: Expressible): fc.Arbitrary<ImageBlock> {
  return fc.record({
    type: fc.constant("image" as const),
    source: fc.oneof(
      fc.record({
        kind: fc.constant("base64" as const),
        mediaType: fc.constantFrom(
          "image/png",
          "image/jpeg",
          "image/gif",
          "image/webp",
        ),
        data: base64(),
      }),
      fc.webUrl().map((url) => ({ kind: "url" as const, url })),
    ),
    detail: can.imageDetail
      ? fc.constantFrom(null, "auto", "low", "high")
      : fc.constant(null),
    cache: cacheHint(can),
  });
}

/** A PDF by data, and where the protocol can, by URL or id. */
export function document(can: Expressible): fc.Arbitrary<DocumentBlock> {
  const sources: fc.Arbitrary<DocumentBlock["source"]>[] = [
    base64().map((data) => ({
      kind: "base64" as const,
      mediaType: "application/pdf",
      data,
    })),
  ];
  if (can.documentUrls) {
    sources.push(fc.webUrl().map((url) => ({ kind: "url" as const, url })));
  }
  if (can.fileIds) {
    sources.push(
      fc.stringMatching(/^file-[a-z0-9]{4,8}$/).map((fileId) => ({
        kind: "file" as const,
        fileId,
        protocol: can.protocol,
      })),
    );
  }
  return fc.record({
    type: fc.constant("document" as const),
    source: fc.oneof(...sources),
    title: fc.option(toolName().map((name) => `${name}.pdf`), { nil: null }),
    context: fc.constant(null),
    citations: fc.constant(false),
    cache: cacheHint(can),
  });
}

/** A call of a function with JSON arguments, whatever their spelling. */
export function toolCall(can: Expressible): fc.Arbitrary<ToolCallBlock> {
  return fc.record({
    type: fc.constant("tool-call" as const),
    id: callId(),
    name: toolName(),
    arguments: jsonObject().map((value) => JSON.stringify(value)),
    kind: fc.constant("function" as const),
    cache: cacheHint(can),
  });
}

/** A refusal. */
export function refusal(): fc.Arbitrary<RefusalBlock> {
  return text().map((value) => ({ type: "refusal", text: value }));
}

/** The result of the call `id`. */
export function toolResult(
  can: Expressible,
  id: string,
): fc.Arbitrary<ToolResultBlock> {
  const content: fc.Arbitrary<ToolResultBlock["content"]> = can.toolResultImages
    ? fc.array(fc.oneof(inputText(can), image(can)), {
      minLength: 1,
      maxLength: 2,
    })
    : text().map((value) => [textBlock(value)]);
  return fc.record({
    type: fc.constant("tool-result" as const),
    callId: fc.constant(id),
    content,
    isError: can.toolResultErrors ? fc.boolean() : fc.constant(false),
    kind: fc.constant("function" as const),
    cache: cacheHint(can),
  });
}

/** A user turn. */
export function userTurn(can: Expressible): fc.Arbitrary<Turn> {
  return fc.record({
    role: fc.constant("user" as const),
    blocks: fc.array(fc.oneof(inputText(can), image(can), document(can)), {
      minLength: 1,
      maxLength: 3,
    }),
  });
}

/** An assistant turn, followed by the results of its calls. */
export function assistantTurns(can: Expressible): fc.Arbitrary<Turn[]> {
  return fc.record({
    texts: fc.array(inputText(can), { maxLength: can.assistantTexts }),
    refusals: fc.array(refusal(), { maxLength: can.refusals ? 1 : 0 }),
    calls: fc.uniqueArray(toolCall(can), {
      maxLength: 3,
      selector: (call) => call.id,
    }),
  }).filter(({ texts, refusals, calls }) =>
    texts.length + refusals.length + calls.length > 0
  ).chain(({ texts, refusals, calls }) => {
    const assistant: Turn = {
      role: "assistant",
      blocks: [...texts, ...refusals, ...calls],
    };
    if (calls.length === 0) return fc.constant([assistant]);
    return fc.tuple(...calls.map((call) => toolResult(can, call.id))).map((
      blocks,
    ): Turn[] => [assistant, { role: "tool", blocks }]);
  });
}

/** A conversation that begins with a user turn. */
export function turns(can: Expressible): fc.Arbitrary<Turn[]> {
  const system: fc.Arbitrary<Turn[]> = fc.record({
    role: fc.constantFrom("system" as const, "developer" as const),
    blocks: inputText({ ...can, cache: false }).map((block) => [block]),
  }).map((turn) => [turn]);
  const more = fc.array(
    fc.oneof(
      userTurn(can).map((turn) => [turn]),
      assistantTurns(can),
      ...(can.systemTurns ? [system] : []),
    ),
    { maxLength: 5 },
  );
  return fc.tuple(userTurn(can), more).map(([first, rest]) => [
    first,
    ...rest.flat(),
  ]);
}

/** A tool that the model may call. */
export function tool(can: Expressible): fc.Arbitrary<Tool> {
  const plain: fc.Arbitrary<Tool> = fc.record({
    kind: fc.constant("function" as const),
    name: toolName(),
    description: fc.option(text(), { nil: null }),
    parameters: schema(),
    strict: fc.constantFrom(null, true, false),
    cache: cacheHint(can),
  });
  if (!can.customTools) return plain;
  const custom: fc.Arbitrary<Tool> = fc.record({
    kind: fc.constant("custom" as const),
    name: toolName(),
    description: fc.option(text(), { nil: null }),
    format: fc.constantFrom(null, { type: "text" }),
  });
  return fc.oneof({ weight: 4, arbitrary: plain }, {
    weight: 1,
    arbitrary: custom,
  });
}

/** Tools with names of their own, and a choice among them. */
export function toolsAndChoice(
  can: Expressible,
): fc.Arbitrary<{ tools: Tool[]; toolChoice: ToolChoice | null }> {
  return fc.uniqueArray(tool(can), {
    maxLength: 3,
    selector: (value) => "name" in value ? value.name : "",
  }).chain((tools) => {
    const names = tools.flatMap((value) =>
      value.kind === "function" ? [value.name] : []
    );
    const choices: fc.Arbitrary<ToolChoice | null>[] = [fc.constant(null)];
    if (tools.length > 0) {
      choices.push(fc.constantFrom(
        { kind: "auto" as const },
        { kind: "required" as const },
        { kind: "none" as const },
      ));
    }
    if (names.length > 0) {
      choices.push(
        fc.constantFrom(...names).map((name) => ({
          kind: "tool" as const,
          name,
          custom: false,
        })),
      );
    }
    return fc.record({
      tools: fc.constant(tools),
      toolChoice: fc.oneof(...choices),
    });
  });
}

/** Temperature and top_p; spread the protocol's own knobs over it. */
export function sampling(): fc.Arbitrary<Sampling> {
  return fc.record({
    temperature: fc.constantFrom(null, 0, 0.5, 1),
    topP: fc.constantFrom(null, 0.1, 0.95, 1),
  }).map((value) => ({ ...NO_SAMPLING, ...value }));
}

/** A JSON schema format with a name. */
export function schemaFormat(): fc.Arbitrary<OutputFormat> {
  return fc.record({
    kind: fc.constant("json-schema" as const),
    name: toolName(),
    description: fc.option(text(), { nil: null }),
    schema: schema(),
    strict: fc.constantFrom(null, true, false),
  });
}

/** The parts of a request that every protocol has; the rest is unsaid. */
export function baseRequest(can: Expressible): fc.Arbitrary<CanonicalRequest> {
  return fc.record({
    model: fc.constantFrom("model-a", "gpt-5-mini"),
    stream: fc.boolean(),
    turns: turns(can),
    toolsAndChoice: toolsAndChoice(can),
    maxOutputTokens: fc.option(fc.integer({ min: 1, max: 100_000 }), {
      nil: null,
    }),
    sampling: sampling(),
  }).map(({ toolsAndChoice, ...value }) => ({
    ...value,
    ...toolsAndChoice,
    instructions: [],
    parallelToolCalls: null,
    stop: [],
    format: null,
    verbosity: null,
    reasoning: null,
    serviceTier: null,
    userId: null,
    safetyIdentifier: null,
    promptCacheKey: null,
    metadata: null,
    store: null,
    includeUsage: true,
    native: {},
  }));
}

/** A web citation inside a text of `length` UTF-16 units. */
export function urlCitation(
  protocol: ProtocolName,
  length: number,
  native: (citation: Omit<Citation, "native">) => JsonObject,
): fc.Arbitrary<Citation> {
  return fc.record({
    url: fc.webUrl(),
    title: text(),
    start: fc.nat(length),
    end: fc.nat(length),
  }).map((value) => {
    const citation = { ...value, citedText: null };
    return { ...citation, native: { protocol, value: native(citation) } };
  });
}

/** A usage ledger with tokens in the buckets named. */
export function ledger(
  ...buckets: readonly (keyof Ledger)[]
): fc.Arbitrary<Ledger> {
  return fc.tuple(...buckets.map(() => fc.nat(100_000))).map((counts) => {
    const value = emptyLedger();
    buckets.forEach((bucket, index) => {
      value[bucket] = counts[index] ?? 0;
    });
    return value;
  });
}

/** A reported usage; `raw`, tier and model are left to the protocol. */
export function usage(
  ...buckets: readonly (keyof Ledger)[]
): fc.Arbitrary<Usage> {
  return ledger(...buckets).map((value) => ({
    ledger: value,
    raw: null,
    source: "reported",
    serviceTier: null,
    model: null,
  }));
}

/** A finish of one of the kinds, with nothing beside it. */
export function finish(...kinds: readonly FinishKind[]): fc.Arbitrary<Finish> {
  return fc.constantFrom(...kinds).map((kind) => ({
    kind,
    raw: null,
    stopSequence: null,
    details: null,
  }));
}
