/** Content blocks of a request to canonical form. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import {
  type InputBlock,
  type OutputBlock,
  type ReasoningBlock,
  type ReasoningOrigin,
  type TextBlock,
  textBlock,
  type ToolCallBlock,
  type ToolResultBlock,
} from "../canonical.ts";
import { unwrapProof } from "../reasoning_envelope.ts";
import { decodeCacheControl } from "./cache_control.ts";
import { decodeCitations } from "./citations.ts";
import {
  optionalBoolean,
  requiredObject,
  requiredString,
  wrongField,
} from "../fields.ts";
import { decodeDocument, decodeImage } from "./media.ts";

/** Reads a content field: a string is one text block. */
export function contentBlocks(
  content: JsonValue | undefined,
  path: string,
): readonly JsonObject[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) {
    throw wrongField(path, content, "a string or an array of blocks");
  }
  return content.map((block, index) =>
    requiredObject(block, `${path}[${index}]`)
  );
}

/** Reads a text block. */
export function decodeText(block: JsonObject, path: string): TextBlock {
  return {
    type: "text",
    text: requiredString(block.text, `${path}.text`),
    citations: decodeCitations(block.citations),
    cache: decodeCacheControl(block.cache_control),
  };
}

/** Reads a block of a user or system turn that is no tool result. */
export function decodeInputBlock(block: JsonObject, path: string): InputBlock {
  switch (block.type) {
    case "text":
      return decodeText(block, path);
    case "image":
      return decodeImage(block, path);
    case "document":
      return decodeDocument(block, path);
    case "search_result":
      return searchResultText(block, path);
    default:
      return { type: "native", protocol: "messages", value: block };
  }
}

/** Reads a block of an assistant turn. */
export function decodeOutputBlock(
  block: JsonObject,
  path: string,
): OutputBlock {
  switch (block.type) {
    case "text":
      return decodeText(block, path);
    case "thinking":
    case "redacted_thinking":
      return decodeReplayedThinking(block, path);
    case "tool_use":
      return decodeToolUse(
        requiredString(block.id, `${path}.id`),
        requiredString(block.name, `${path}.name`),
        block,
      );
    default:
      return { type: "native", protocol: "messages", value: block };
  }
}

/** Reads a tool call. */
export function decodeToolUse(
  id: string,
  name: string,
  block: JsonObject,
): ToolCallBlock {
  return {
    type: "tool-call",
    id,
    name,
    arguments: JSON.stringify(block.input ?? {}),
    kind: "function",
    cache: decodeCacheControl(block.cache_control),
  };
}

/** Reads thinking that a provider of this protocol gave; its signature belongs to `origin`. */
export function decodeThinking(
  block: JsonObject,
  origin: ReasoningOrigin | null,
): ReasoningBlock {
  const redacted = block.type === "redacted_thinking";
  const proof = redacted ? block.data : block.signature;
  const hasProof = typeof proof === "string" && proof !== "";
  return {
    type: "reasoning",
    text: typeof block.thinking === "string" ? block.thinking : "",
    proof: hasProof ? proof : null,
    redacted,
    itemId: null,
    origin: hasProof ? origin : null,
  };
}

// Thinking that a client sends back: proofs made elsewhere come in envelopes.
function decodeReplayedThinking(
  block: JsonObject,
  path: string,
): ReasoningBlock {
  const thinking = decodeThinking(block, null);
  if (block.type === "thinking") {
    requiredString(block.thinking, `${path}.thinking`);
  }
  if (thinking.proof === null) return thinking;
  const opened = unwrapProof(thinking.proof);
  return opened === null ? thinking : { ...thinking, ...opened };
}

/** Reads a tool result. */
export function decodeToolResult(
  block: JsonObject,
  path: string,
): ToolResultBlock {
  const { content } = block;
  const blocks = content === undefined || content === null
    ? []
    : contentBlocks(content, `${path}.content`);
  return {
    type: "tool-result",
    callId: requiredString(block.tool_use_id, `${path}.tool_use_id`),
    content: blocks.map((inner, index) =>
      resultContent(inner, `${path}.content[${index}]`)
    ),
    isError: optionalBoolean(block.is_error, `${path}.is_error`) === true,
    kind: "function",
    cache: decodeCacheControl(block.cache_control),
  };
}

function resultContent(
  block: JsonObject,
  path: string,
): ToolResultBlock["content"][number] {
  const decoded = decodeInputBlock(block, path);
  // References to tools, browser states and the like are short JSON that only
  // the model reads: their text says the same.
  return decoded.type === "native"
    ? textBlock(JSON.stringify(decoded.value))
    : decoded;
}

// No other protocol has search results: the text with its source says the same.
function searchResultText(block: JsonObject, path: string): TextBlock {
  const texts = contentBlocks(block.content, `${path}.content`)
    .filter(isJsonObject)
    .map((inner, index) =>
      requiredString(inner.text, `${path}.content[${index}].text`)
    );
  const head = [block.title, block.source].filter((part) =>
    typeof part === "string" && part !== ""
  );
  return {
    ...textBlock([head.join("\n"), ...texts].join("\n\n")),
    cache: decodeCacheControl(block.cache_control),
  };
}
