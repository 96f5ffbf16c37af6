/**
 * Streamed parts to a whole answer and back: the one place where streams and
 * unary answers are turned into each other, so that they cannot disagree.
 *
 * @module
 */

import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type {
  CanonicalResponse,
  Citation,
  OutputBlock,
  ReasoningBlock,
} from "./canonical.ts";
import type { BlockKey, StreamPart } from "./stream_part.ts";

/** A block that still grows: deltas are kept apart until it is read. */
type Growing = {
  readonly pieces: string[];
  readonly citations: Citation[];
  readonly build: (text: string, citations: Citation[]) => OutputBlock;
  reasoning: Omit<ReasoningBlock, "type" | "text"> | null;
};

const NO_PROOF: Omit<ReasoningBlock, "type" | "text"> = {
  proof: null,
  redacted: false,
  itemId: null,
  origin: null,
};

function built(block: Growing): OutputBlock {
  const text = block.pieces.join("");
  return block.reasoning === null
    ? block.build(text, block.citations)
    : { type: "reasoning", text, ...block.reasoning };
}

/** Builds a whole answer out of parts, one at a time. */
export class Collector {
  readonly #blocks: (Growing | OutputBlock)[] = [];
  readonly #open = new Map<BlockKey, Growing>();
  #start: (StreamPart & { type: "start" }) | null = null;
  #end: (StreamPart & { type: "finish" | "error" }) | null = null;

  /** Blocks seen so far, the unfinished ones as far as they have come. */
  get content(): OutputBlock[] {
    return this.#blocks.map((block) => "build" in block ? built(block) : block);
  }

  /**
   * The whole answer.
   * @throws {RequestError} when the answer ended in an error or has no end
   */
  get response(): CanonicalResponse {
    const end = this.#end;
    if (end === null) {
      throw new RequestError(
        gatewayError(
          "upstream",
          "The upstream's answer ended before it was complete",
        ),
      );
    }
    if (end.type === "error") throw new RequestError(end.error);
    const start = this.#start;
    return {
      id: start?.id ?? "",
      model: start?.model ?? "",
      createdAt: start?.createdAt ?? null,
      content: this.content,
      finish: end.finish,
      usage: end.usage,
      serviceTier: end.serviceTier ?? start?.serviceTier ?? null,
    };
  }

  /** Takes the next part. */
  push(part: StreamPart): void {
    switch (part.type) {
      case "start":
        this.#start = part;
        return;
      case "native":
        this.#blocks.push(part);
        return;
      case "finish":
      case "error":
        this.#end ??= part;
        return;
      case "text-delta":
      case "refusal-delta":
      case "reasoning-delta":
        this.#open.get(part.key)?.pieces.push(part.text);
        return;
      case "tool-call-delta":
        this.#open.get(part.key)?.pieces.push(part.arguments);
        return;
      case "text-citation":
        this.#open.get(part.key)?.citations.push(part.citation);
        return;
      case "reasoning-end":
        this.#endReasoning(part);
        return;
      case "text-end":
      case "refusal-end":
      case "tool-call-end":
        this.#open.delete(part.key);
        return;
      default:
        this.#startBlock(part);
    }
  }

  #endReasoning(part: StreamPart & { type: "reasoning-end" }): void {
    const block = this.#open.get(part.key);
    if (block === undefined) return;
    const { proof, redacted, itemId, origin } = part;
    block.reasoning = { proof, redacted, itemId, origin };
    this.#open.delete(part.key);
  }

  #startBlock(part: StartOfBlock): void {
    const block: Growing = {
      pieces: [],
      citations: [],
      build: builderOf(part),
      reasoning: part.type === "reasoning-start" ? NO_PROOF : null,
    };
    this.#blocks.push(block);
    this.#open.set(part.key, block);
  }
}

type StartOfBlock = StreamPart & {
  type:
    | "text-start"
    | "refusal-start"
    | "reasoning-start"
    | "tool-call-start";
};

function builderOf(part: StartOfBlock): Growing["build"] {
  switch (part.type) {
    case "text-start":
      return (text, citations) => ({
        type: "text",
        text,
        citations,
        cache: null,
      });
    case "refusal-start":
      return (text) => ({ type: "refusal", text });
    case "reasoning-start":
      return (text) => ({ type: "reasoning", text, ...NO_PROOF });
    case "tool-call-start": {
      const { id, name, kind } = part;
      return (text) => ({
        type: "tool-call",
        id,
        name,
        arguments: text,
        kind,
        cache: null,
      });
    }
  }
}

/**
 * Builds the whole answer that a sequence of parts amounts to.
 * @throws {RequestError} when the sequence ends in an error or has no end
 */
export function collect(parts: Iterable<StreamPart>): CanonicalResponse {
  const collector = new Collector();
  for (const part of parts) collector.push(part);
  return collector.response;
}

/** Gives the parts that a whole answer would have come in, one delta a block. */
export function partsOf(response: CanonicalResponse): StreamPart[] {
  const parts: StreamPart[] = [{
    type: "start",
    id: response.id,
    model: response.model,
    createdAt: response.createdAt,
    serviceTier: response.serviceTier,
    usage: null,
  }];
  let key = 0;
  for (const block of response.content) {
    if (block.type === "native") parts.push(block);
    else pushBlock(parts, key++, block);
  }
  parts.push({
    type: "finish",
    finish: response.finish,
    usage: response.usage,
    serviceTier: response.serviceTier,
  });
  return parts;
}

function pushBlock(
  parts: StreamPart[],
  key: BlockKey,
  block: Exclude<OutputBlock, { type: "native" }>,
): void {
  switch (block.type) {
    case "text":
      parts.push({ type: "text-start", key });
      if (block.text !== "") {
        parts.push({ type: "text-delta", key, text: block.text });
      }
      for (const citation of block.citations) {
        parts.push({ type: "text-citation", key, citation });
      }
      parts.push({ type: "text-end", key });
      return;
    case "refusal":
      parts.push({ type: "refusal-start", key });
      if (block.text !== "") {
        parts.push({ type: "refusal-delta", key, text: block.text });
      }
      parts.push({ type: "refusal-end", key });
      return;
    case "reasoning": {
      const { proof, redacted, itemId, origin } = block;
      parts.push({ type: "reasoning-start", key });
      if (block.text !== "") {
        parts.push({ type: "reasoning-delta", key, text: block.text });
      }
      parts.push({
        type: "reasoning-end",
        key,
        proof,
        redacted,
        itemId,
        origin,
      });
      return;
    }
    case "tool-call": {
      const { id, name, kind } = block;
      parts.push({ type: "tool-call-start", key, id, name, kind });
      if (block.arguments !== "") {
        parts.push({
          type: "tool-call-delta",
          key,
          arguments: block.arguments,
        });
      }
      parts.push({ type: "tool-call-end", key });
    }
  }
}
