/** Output items of OpenAI Responses to blocks and back. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { OutputBlock, ReasoningOrigin } from "../canonical.ts";
import type { DecodeContext } from "../protocol.ts";
import { decodeAnnotations, encodeAnnotations } from "./citations.ts";
import type { OutputFacts } from "./finish.ts";
import {
  encryptedContent,
  reasoningText,
  summaryOf,
  upstreamProof,
} from "./reasoning_items.ts";

/** The origin of every proof that the called upstream makes. */
export function originOf(context: DecodeContext): ReasoningOrigin {
  return {
    protocol: "responses",
    provider: context.provider,
    model: context.model,
  };
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Reads one output item. Hosted calls stay native; empty reasoning is nothing. */
export function decodeOutputItem(
  item: JsonObject,
  context: DecodeContext,
): OutputBlock[] {
  switch (item.type) {
    case "message":
      return decodeMessage(item);
    case "function_call":
    case "custom_tool_call": {
      const custom = item.type === "custom_tool_call";
      const name = text(item.name);
      return [{
        type: "tool-call",
        id: text(item.call_id) || text(item.id),
        name: context.toolNames.get(name) ?? name,
        arguments: text(custom ? item.input : item.arguments),
        kind: custom ? "custom" : "function",
        cache: null,
      }];
    }
    case "reasoning": {
      const thinking = reasoningText(item);
      const proof = upstreamProof(item, originOf(context));
      if (thinking === "" && proof.proof === null) return [];
      return [{ type: "reasoning", text: thinking, ...proof }];
    }
    default:
      return [{ type: "native", protocol: "responses", value: item }];
  }
}

function decodeMessage(item: JsonObject): OutputBlock[] {
  if (!Array.isArray(item.content)) return [];
  const blocks: OutputBlock[] = [];
  for (const part of item.content) {
    if (!isJsonObject(part)) continue;
    if (part.type === "refusal") {
      blocks.push({ type: "refusal", text: text(part.refusal) });
    } else if (typeof part.text === "string") {
      blocks.push({
        type: "text",
        text: part.text,
        citations: decodeAnnotations(part.annotations),
        cache: null,
      });
    }
  }
  return blocks;
}

/** Tells what the blocks say about the end of the answer. */
export function factsOf(blocks: readonly OutputBlock[]): OutputFacts {
  return {
    calls: blocks.some((block) => block.type === "tool-call"),
    refused: blocks.some((block) =>
      block.type === "refusal" && block.text !== ""
    ),
  };
}

/** Status of an item; the one that was being written when the answer was cut is `incomplete`. */
export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** Builds an assistant message of text and refusal parts. */
export function messageItem(
  id: string,
  status: ItemStatus,
  content: JsonObject[],
): JsonObject {
  return { id, type: "message", status, role: "assistant", content };
}

/** Builds a text part. */
export function textPart(value: string, annotations: JsonObject[]): JsonObject {
  return { type: "output_text", text: value, annotations, logprobs: [] };
}

/** Builds a function call, or a custom one with free text. */
export function callItem(
  id: string,
  status: ItemStatus,
  call: {
    readonly callId: string;
    readonly name: string;
    readonly input: string;
    readonly kind: "function" | "custom";
  },
): JsonObject {
  const { callId, name, input, kind } = call;
  return kind === "custom"
    ? { id, type: "custom_tool_call", status, call_id: callId, name, input }
    : {
      id,
      type: "function_call",
      status,
      call_id: callId,
      name,
      arguments: input,
    };
}

/** Builds a reasoning item; without proof it has no `encrypted_content`. */
export function reasoningItem(
  id: string,
  thinking: string,
  encrypted: string | null,
): JsonObject {
  const item: JsonObject = {
    id,
    type: "reasoning",
    summary: summaryOf(thinking),
  };
  if (encrypted !== null) item.encrypted_content = encrypted;
  return item;
}

/** Prefixes of item ids: clients and upstreams tell items apart by them. */
export const ID_PREFIX = {
  message: "msg_",
  function: "fc_",
  custom: "ctc_",
  reasoning: "rs_",
  native: "item_",
} as const;

/** Gives call ids that are never empty and never twice in one answer: clients refuse both. */
export class CallIds {
  readonly #seen = new Set<string>();
  readonly #newId: (prefix: string) => string;

  /** Takes the maker of replacements. */
  constructor(newId: (prefix: string) => string) {
    this.#newId = newId;
  }

  /** Gives `id` itself, or a new one where it cannot be used. */
  take(id: string): string {
    const taken = id === "" || this.#seen.has(id) ? this.#newId("call_") : id;
    this.#seen.add(taken);
    return taken;
  }
}

/** Builds the output of a whole answer; adjacent text and refusals form one message. */
export function encodeOutput(
  blocks: readonly OutputBlock[],
  lastStatus: ItemStatus,
  newId: (prefix: string) => string,
): JsonObject[] {
  const items: JsonObject[] = [];
  const callIds = new CallIds(newId);
  let content: JsonObject[] | null = null;
  for (const block of blocks) {
    if (block.type === "text" || block.type === "refusal") {
      if (content === null) {
        content = [];
        items.push(messageItem(newId(ID_PREFIX.message), "completed", content));
      }
      content.push(
        block.type === "refusal"
          ? { type: "refusal", refusal: block.text }
          : textPart(
            block.text,
            encodeAnnotations(block.citations, block.text.length),
          ),
      );
      continue;
    }
    const item = encodeItem(block, newId, callIds);
    if (item === null) continue;
    content = null;
    items.push(item);
  }
  const last = items.at(-1);
  if (last?.status === "completed") last.status = lastStatus;
  for (const item of items) {
    // A function without parameters: clients parse the text as JSON.
    if (item.arguments === "" && item.status === "completed") {
      item.arguments = "{}";
    }
  }
  return items;
}

function encodeItem(
  block: Exclude<OutputBlock, { type: "text" | "refusal" }>,
  newId: (prefix: string) => string,
  callIds: CallIds,
): JsonObject | null {
  switch (block.type) {
    case "tool-call":
      return callItem(newId(ID_PREFIX[block.kind]), "completed", {
        callId: callIds.take(block.id),
        name: block.name,
        input: block.arguments,
        kind: block.kind,
      });
    case "reasoning":
      return reasoningItem(
        newId(ID_PREFIX.reasoning),
        block.text,
        encryptedContent(block),
      );
    case "native":
      return block.protocol === "responses"
        ? nativeItem(block.value, newId)
        : null;
  }
}

/** An item that only this protocol knows, with an id if it came without. */
export function nativeItem(
  value: JsonObject,
  newId: (prefix: string) => string,
): JsonObject {
  return typeof value.id === "string" && value.id !== ""
    ? value
    : { ...value, id: newId(ID_PREFIX.native) };
}
