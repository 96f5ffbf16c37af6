/**
 * What routing may know of a request. Everything beyond the names is found out
 * when a rule, a capability or a selector asks, and then once: most requests
 * are decided without parsing their body.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ClientIdentity } from "../exchange/exchange.ts";
import type { Operation, ProtocolName } from "../exchange/names.ts";
import type { JsonObject, JsonValue } from "../support/json.ts";
import {
  estimateRequestTokens,
  mostRequestTokens,
} from "../support/request_tokens.ts";
import { tokenFamilyOf } from "../support/token_estimate.ts";
import {
  asksToThink,
  conversationPrefix,
  forcesTool,
  hasImage,
  LIMIT_FIELDS,
  outputLimit,
  SAMPLING_FIELDS,
  setsSampling,
  THINKING_FIELDS,
  type ToolFact,
  toolsIn,
} from "./body_facts.ts";

/** The routes that rules tell apart. */
export type EndpointName = ProtocolName | "count_tokens" | "embeddings";

/** Where facts are taken from. */
export interface FactSource {
  /** The name the client asked for. */
  readonly model: string;
  /** The client's protocol. */
  readonly protocol: ProtocolName;
  /** What is asked for. */
  readonly operation: Operation;
  /** Whether a stream is asked for. */
  readonly stream: boolean;
  /** Who asks. */
  readonly client: ClientIdentity;
  /** The body as it came. */
  readonly body: Uint8Array;
  /** A header's value by lower-case name, `null` if absent. */
  header(name: string): string | null;
  /** The value of a top-level field, one of {@linkcode FACT_FIELDS}, cheaper than `json()`. */
  field(name: string): JsonValue | undefined;
  /** The body parsed, once and on demand. */
  json(): JsonObject;
}

/** The top-level fields that facts are read from one by one. */
export const FACT_FIELDS: readonly string[] = [
  ...LIMIT_FIELDS,
  ...SAMPLING_FIELDS,
  ...THINKING_FIELDS,
  "tools",
  "functions",
  "tool_choice",
  "function_call",
  "web_search_options",
];

/** One request, as far as routing looks at it. */
export class RequestFacts {
  /** The name the client asked for. */
  readonly model: string;
  /** The client's protocol. */
  readonly protocol: ProtocolName;
  /** What is asked for. */
  readonly operation: Operation;
  /** Whether a stream is asked for. */
  readonly stream: boolean;
  /** Who asks. */
  readonly client: ClientIdentity;
  readonly #source: FactSource;
  #inputTokens: number | null = null;
  #tools: readonly ToolFact[] | null = null;
  #images: boolean | null = null;
  #thinking: boolean | null = null;
  #forcedTool: boolean | null = null;
  #sampling: boolean | null = null;
  #maxOutputTokens: number | null | undefined = undefined;
  #mayHaveMedia: boolean | null = null;

  /** Takes the names; the rest waits to be asked for. */
  constructor(source: FactSource) {
    this.model = source.model;
    this.protocol = source.protocol;
    this.operation = source.operation;
    this.stream = source.stream;
    this.client = source.client;
    this.#source = source;
  }

  /** The route, as rules name it. */
  get endpoint(): EndpointName {
    if (this.operation === "embeddings") return "embeddings";
    return this.operation === "generate" ? this.protocol : "count_tokens";
  }

  /** A header's value by lower-case name, `null` if absent. */
  header(name: string): string | null {
    return this.#source.header(name);
  }

  /** Input tokens, estimated. Parses the body. */
  get inputTokens(): number {
    this.#inputTokens ??= estimateRequestTokens(
      this.#source.json(),
      tokenFamilyOf(this.model),
    );
    return this.#inputTokens;
  }

  /** Whether there are more input tokens than `limit`; short bodies are not parsed for it. */
  hasMoreInputTokensThan(limit: number): boolean {
    const { body } = this.#source;
    if (this.#inputTokens === null && mostRequestTokens(body.length) <= limit) {
      if (!this.#mentionsMedia()) return false;
    }
    return this.inputTokens > limit;
  }

  /** The tools on offer. */
  get tools(): readonly ToolFact[] {
    this.#tools ??= this.operation === "embeddings" ? [] : this.#findTools();
    return this.#tools;
  }

  /** Whether a tool must be called. */
  get forcesTool(): boolean {
    this.#forcedTool ??= forcesTool(
      this.#source.field("tool_choice") ?? this.#source.field("function_call"),
    );
    return this.#forcedTool;
  }

  /** Whether pictures are sent. */
  get images(): boolean {
    this.#images ??= this.operation !== "embeddings" &&
      this.#mentionsMedia() && this.#findImage();
    return this.#images;
  }

  /** Whether thinking is asked for. */
  get thinking(): boolean {
    this.#thinking ??= asksToThink((name) => this.#source.field(name));
    return this.#thinking;
  }

  /** Whether temperature, top_p or top_k is set. */
  get sampling(): boolean {
    this.#sampling ??= setsSampling((name) => this.#source.field(name));
    return this.#sampling;
  }

  /** The output limit that is asked for, `null` if none is. */
  get maxOutputTokens(): number | null {
    if (this.#maxOutputTokens === undefined) {
      this.#maxOutputTokens = outputLimit(
        this.protocol,
        (name) => this.#source.field(name),
      );
    }
    return this.#maxOutputTokens;
  }

  /** The beginning that all requests of one conversation share, as text; `null` without any. Parses the body. */
  conversationPrefix(): string | null {
    const prefix = conversationPrefix(this.#source.json());
    return prefix === null ? null : JSON.stringify(prefix);
  }

  #findTools(): readonly ToolFact[] {
    const field = (name: string) => this.#source.field(name);
    const tools = toolsIn(field("tools"));
    const functions = tools.length > 0 ? [] : toolsIn(field("functions"));
    const search = field("web_search_options") ?? null;
    return [
      ...tools,
      ...functions,
      // Chat's way to offer a hosted search.
      ...(search === null ? [] : [{ name: "web_search", type: "web_search" }]),
    ];
  }

  #findImage(): boolean {
    const body = this.#source.json();
    return hasImage(body["messages"]) || hasImage(body["input"]);
  }

  /** Whether a block of pictures or files can be in the body: their types all end in one of these words. */
  #mentionsMedia(): boolean {
    this.#mayHaveMedia ??= mentions(this.#source.body, [
      'image"',
      'image_url"',
      'screenshot"',
      'document"',
      'file"',
      'audio"',
    ]);
    return this.#mayHaveMedia;
  }
}

/** Searches bytes at the speed of the engine, without decoding them. */
function mentions(body: Uint8Array, words: readonly string[]): boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return words.some((word) => bytes.includes(word));
}
