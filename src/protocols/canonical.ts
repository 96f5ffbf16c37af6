/**
 * The canonical form: what two protocols can both say, as ordered turns of
 * typed blocks. Only traffic between different protocols goes through it.
 * What only one protocol can say is a `native` block or field and is emitted
 * to that protocol alone.
 *
 * @module
 */

import type { BlockPlaces } from "./places.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Usage } from "../exchange/usage.ts";
import type { JsonObject, JsonValue } from "../support/json.ts";

/** A cache breakpoint hint of the messages protocol and its chat dialects. */
export type CacheHint = { readonly ttl: "5m" | "1h" | null };

/** Text, in either direction. */
export type TextBlock = {
  readonly type: "text";
  readonly text: string;
  readonly citations: readonly Citation[];
  readonly cache: CacheHint | null;
};

/** A source the text rests on. Offsets are UTF-16 units into the block's text, `null` where the protocol has none. */
export type Citation = {
  readonly url: string | null;
  readonly title: string | null;
  readonly citedText: string | null;
  readonly start: number | null;
  readonly end: number | null;
  /** The protocol that said it, and the value as it came. */
  readonly native: {
    readonly protocol: ProtocolName;
    readonly value: JsonObject;
  };
};

/** Where the bytes of an image or document are. Base64 is bare, without a `data:` prefix. */
export type MediaSource =
  | {
    readonly kind: "base64";
    readonly mediaType: string;
    readonly data: string;
  }
  | { readonly kind: "url"; readonly url: string }
  | {
    readonly kind: "file";
    readonly fileId: string;
    readonly protocol: ProtocolName;
  }
  | { readonly kind: "text"; readonly text: string };

/** An image. */
export type ImageBlock = {
  readonly type: "image";
  readonly source: MediaSource;
  /** `auto`, `low`, `high`, `original` or `null`. */
  readonly detail: string | null;
  readonly cache: CacheHint | null;
};

/** A document, usually a PDF. */
export type DocumentBlock = {
  readonly type: "document";
  readonly source: MediaSource;
  readonly title: string | null;
  readonly context: string | null;
  readonly citations: boolean;
  readonly cache: CacheHint | null;
};

/** A call of a tool by the model. `arguments` is the JSON text as streamed, never re-serialised. */
export type ToolCallBlock = {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  /** `custom` calls carry free text instead of JSON. */
  readonly kind: "function" | "custom";
  readonly cache: CacheHint | null;
};

/** The result of a tool call. */
export type ToolResultBlock = {
  readonly type: "tool-result";
  readonly callId: string;
  readonly content: readonly (TextBlock | ImageBlock | DocumentBlock)[];
  readonly isError: boolean;
  readonly kind: "function" | "custom";
  readonly cache: CacheHint | null;
};

/** Thinking. The proof of origin (signature or encrypted payload) is opaque and bound to `origin`. */
export type ReasoningBlock = {
  readonly type: "reasoning";
  readonly text: string;
  /** `messages`: signature; `responses`: encrypted_content; `null`: none. */
  readonly proof: string | null;
  /** True for redacted thinking, which has a proof and no text. */
  readonly redacted: boolean;
  /** The item id where the protocol has one and binds the proof to it. */
  readonly itemId: string | null;
  readonly origin: ReasoningOrigin | null;
};

/** Who made a reasoning proof: it means nothing to anyone else. */
export type ReasoningOrigin = {
  readonly protocol: ProtocolName;
  readonly provider: string;
  readonly model: string;
};

/** The model declined. */
export type RefusalBlock = { readonly type: "refusal"; readonly text: string };

/** What only one protocol can say, as it came. */
export type NativeBlock = {
  readonly type: "native";
  readonly protocol: ProtocolName;
  readonly value: JsonObject;
};

/** A part of a user, system or developer turn. */
export type InputBlock = TextBlock | ImageBlock | DocumentBlock | NativeBlock;

/** A part of an assistant turn or answer. */
export type OutputBlock =
  | TextBlock
  | RefusalBlock
  | ReasoningBlock
  | ToolCallBlock
  | NativeBlock;

/**
 * One turn. Neighbours of one role are kept apart as the client sent them;
 * encoders merge where their protocol demands it. All results that follow one
 * assistant turn stand in ONE `tool` turn.
 */
export type Turn =
  | {
    readonly role: "system" | "developer" | "user";
    readonly blocks: readonly InputBlock[];
  }
  | { readonly role: "assistant"; readonly blocks: readonly OutputBlock[] }
  | { readonly role: "tool"; readonly blocks: readonly ToolResultBlock[] };

/** A tool the model may call. */
export type Tool =
  | {
    readonly kind: "function";
    readonly name: string;
    readonly description: string | null;
    /** JSON Schema, whole and in the client's key order; `null` where none was given. */
    readonly parameters: JsonObject | null;
    readonly strict: boolean | null;
    readonly cache: CacheHint | null;
  }
  | {
    readonly kind: "custom";
    readonly name: string;
    readonly description: string | null;
    readonly format: JsonObject | null;
  }
  | {
    readonly kind: "native";
    readonly protocol: ProtocolName;
    readonly value: JsonObject;
  };

/** Which tool must, may or may not be called. `null` in the request means unsaid. */
export type ToolChoice =
  | { readonly kind: "auto" | "required" | "none" }
  | { readonly kind: "tool"; readonly name: string; readonly custom: boolean }
  | {
    readonly kind: "allowed";
    readonly mode: "auto" | "required";
    readonly names: readonly string[];
  };

/** The shape the answer must have. `null` in the request means text. */
export type OutputFormat =
  | { readonly kind: "json-object" }
  | {
    readonly kind: "json-schema";
    readonly name: string | null;
    readonly description: string | null;
    readonly schema: JsonObject;
    readonly strict: boolean | null;
  };

/** How hard to think, in the words the client used; encoders map between them. */
export type ReasoningRequest = {
  /** `none|minimal|low|medium|high|xhigh|max`, or `null`. */
  readonly effort: string | null;
  /** Thinking budget in tokens, or `null`. */
  readonly budgetTokens: number | null;
  /** Messages' switch, or `null` where the client's protocol has none. */
  readonly mode: "adaptive" | "enabled" | "disabled" | null;
  /** Whether thinking text is wanted back: `auto|concise|detailed|summarized|omitted`, or `null`. */
  readonly summary: string | null;
};

/** Sampling knobs. `null` means unsaid. */
export type Sampling = {
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly seed: number | null;
  readonly frequencyPenalty: number | null;
  readonly presencePenalty: number | null;
  readonly logitBias: JsonObject | null;
  readonly logprobs: boolean | null;
  readonly topLogprobs: number | null;
};

/** A whole request. `null` means that the client did not say it. */
export type CanonicalRequest = {
  readonly model: string;
  readonly stream: boolean;
  /** Leading instructions, before any other turn, in order. */
  readonly instructions: readonly {
    readonly role: "system" | "developer";
    readonly blocks: readonly TextBlock[];
  }[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | null;
  readonly parallelToolCalls: boolean | null;
  readonly maxOutputTokens: number | null;
  readonly stop: readonly string[];
  readonly sampling: Sampling;
  readonly format: OutputFormat | null;
  readonly verbosity: string | null;
  readonly reasoning: ReasoningRequest | null;
  readonly serviceTier: string | null;
  /** End user: chat `user`, messages `metadata.user_id`, responses `user`. */
  readonly userId: string | null;
  readonly safetyIdentifier: string | null;
  readonly promptCacheKey: string | null;
  readonly metadata: JsonObject | null;
  readonly store: boolean | null;
  /** Chat: whether the client wants the usage chunk. Others always get usage. */
  readonly includeUsage: boolean;
  /** Top-level fields that only one protocol has, by protocol, as they came. */
  readonly native: { readonly [P in ProtocolName]?: JsonObject };
  /** Where blocks of the turns stood in the client's body, e.g. `messages[3].content[0]`: for errors and losses. */
  readonly places?: BlockPlaces;
};

/** Why generation stopped. */
export type FinishKind =
  | "stop"
  | "stop-sequence"
  | "length"
  | "tool-calls"
  | "refusal"
  | "content-filter"
  | "pause"
  | "error";

/** Why generation stopped, with the upstream's own word beside it. */
export type Finish = {
  readonly kind: FinishKind;
  readonly raw: string | null;
  /** The stop sequence that was hit, or `null`. */
  readonly stopSequence: string | null;
  /** Messages' `stop_details` or the like, as it came, or `null`. */
  readonly details: JsonValue;
};

/** A whole answer. */
export type CanonicalResponse = {
  readonly id: string;
  readonly model: string;
  /** Seconds since the epoch, `null` where the protocol does not say. */
  readonly createdAt: number | null;
  readonly content: readonly OutputBlock[];
  readonly finish: Finish;
  readonly usage: Usage;
  readonly serviceTier: string | null;
};

/** One thing that translation could not carry over. */
export type Loss = {
  /** The field in the CLIENT's protocol, e.g. `top_k` or `messages[3].content[0]`. */
  readonly field: string;
  /** Why, in one clause. */
  readonly reason: string;
};

/** Makes a text block with nothing beside the text. */
export function textBlock(text: string): TextBlock {
  return { type: "text", text, citations: [], cache: null };
}

/** Sampling knobs of a request that said none. */
export const NO_SAMPLING: Sampling = {
  temperature: null,
  topP: null,
  topK: null,
  seed: null,
  frequencyPenalty: null,
  presencePenalty: null,
  logitBias: null,
  logprobs: null,
  topLogprobs: null,
};
