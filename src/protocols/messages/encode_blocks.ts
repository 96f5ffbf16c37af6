/** Blocks of a request for a messages provider. @module */

import type { JsonObject, JsonValue } from "../../support/json.ts";
import { isJsonObject } from "../../support/json.ts";
import type {
  InputBlock,
  OutputBlock,
  ReasoningBlock,
  TextBlock,
  ToolCallBlock,
  ToolResultBlock,
} from "../canonical.ts";
import { sameOrigin } from "../reasoning_envelope.ts";
import { repairCallId } from "../tool_names.ts";
import { withCacheControl } from "./cache_control.ts";
import type { Encoding } from "./encoding.ts";
import { encodeDocument, encodeImage } from "./media.ts";

/** Writes a block of a user turn; `null` for one that says nothing. @throws {RequestError} for content that another protocol alone can say */
export function encodeInputBlock(
  block: InputBlock,
  encoding: Encoding,
): JsonObject | null {
  switch (block.type) {
    case "text":
      return encodeText(block, encoding);
    case "image":
      if (block.detail !== null && block.detail !== "auto") {
        encoding.lose(
          `${encoding.placeOf(block)}.detail`,
          "the messages protocol has no such field",
        );
      }
      return encodeImage(block, encoding.placeOf(block));
    case "document":
      return encodeDocument(block, encoding.placeOf(block));
    case "native":
      if (block.protocol === "messages") return block.value;
      throw encoding.refuse(
        encoding.placeOf(block),
        `the messages protocol has no content of type ${
          String(block.value.type)
        }`,
        "send text, images or documents",
      );
  }
}

/** Writes a block of an assistant turn; `null` for one that says nothing or is lost. */
export function encodeOutputBlock(
  block: OutputBlock,
  encoding: Encoding,
): JsonObject | null {
  switch (block.type) {
    case "text":
      return encodeText(block, encoding);
    case "refusal":
      return isBlank(block.text) ? null : { type: "text", text: block.text };
    case "reasoning":
      return encodeReasoning(block, encoding);
    case "tool-call":
      return encodeToolCall(block, encoding);
    case "native":
      if (block.protocol === "messages") return block.value;
      encoding.lose(
        encoding.placeOf(block),
        `the messages protocol has no ${String(block.value.type)}`,
      );
      return null;
  }
}

/** Writes a text block; `null` for blank text, which the protocol refuses. */
export function encodeText(
  block: TextBlock,
  encoding: Encoding,
): JsonObject | null {
  if (isBlank(block.text)) return null;
  const encoded: JsonObject = { type: "text", text: block.text };
  const own = block.citations.filter((citation) =>
    citation.native.protocol === "messages"
  );
  if (own.length > 0) {
    encoded.citations = own.map((citation) => citation.native.value);
  }
  if (own.length < block.citations.length) {
    encoding.lose(
      `${encoding.placeOf(block)}.annotations`,
      "citations of another provider cannot be replayed",
    );
  }
  return withCacheControl(encoded, block.cache);
}

/** Writes a tool result. */
export function encodeToolResult(
  result: ToolResultBlock,
  encoding: Encoding,
): JsonObject {
  const encoded: JsonObject = {
    type: "tool_result",
    tool_use_id: repairCallId(result.callId),
  };
  const content = result.content
    .map((block) => encodeInputBlock(block, encoding))
    .filter((block) => block !== null);
  if (content.length > 0) encoded.content = plainText(content) ?? content;
  if (result.isError) encoded.is_error = true;
  return withCacheControl(encoded, result.cache);
}

/** Gives the text of a single block that is nothing but text, `null` for everything else. */
export function plainText(content: readonly JsonObject[]): string | null {
  const [block] = content;
  return content.length === 1 && block?.type === "text" &&
      typeof block.text === "string" && Object.keys(block).length === 2
    ? block.text
    : null;
}

/** Tells text without any visible character. */
export function isBlank(text: string): boolean {
  return text.trim() === "";
}

function encodeReasoning(
  block: ReasoningBlock,
  encoding: Encoding,
): JsonObject | null {
  const { proof, origin } = block;
  if (
    proof === null || origin === null || !sameOrigin(origin, encoding.target)
  ) {
    encoding.lose(
      encoding.placeOf(block),
      origin === null
        ? "thinking without a signature cannot be replayed"
        : `thinking of ${origin.provider}/${origin.model} means nothing to ${encoding.target.provider}/${encoding.target.model}`,
    );
    return null;
  }
  return block.redacted
    ? { type: "redacted_thinking", data: proof }
    : { type: "thinking", thinking: block.text, signature: proof };
}

function encodeToolCall(
  block: ToolCallBlock,
  encoding: Encoding,
): JsonObject {
  return withCacheControl({
    type: "tool_use",
    id: repairCallId(block.id),
    name: encoding.toolNames.upstreamName(block.name),
    input: inputOf(block, encoding),
  }, block.cache);
}

function inputOf(
  block: ToolCallBlock,
  encoding: Encoding,
): JsonObject {
  if (block.kind === "custom") return { input: block.arguments };
  const input = parseArguments(block.arguments);
  if (input !== null) return input;
  if (!isBlank(block.arguments)) {
    encoding.lose(
      `${encoding.placeOf(block)}.arguments`,
      "they are not a JSON object and became {}",
    );
  }
  return {};
}

// Ids of 64 bits do not fit a number; only then is the slower reviver worth it.
const LONG_NUMBER_REGEXP = /\d{16}/;

/** Parses the arguments of a call; `null` for what is no JSON object. Numbers beyond 53 bits keep their digits. */
export function parseArguments(text: string): JsonObject | null {
  try {
    const value: unknown = LONG_NUMBER_REGEXP.test(text)
      ? JSON.parse(text, keepDigits)
      : JSON.parse(text);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

type RawJson = { rawJSON(text: string): JsonValue };

// `JSON.rawJSON` and the reviver's context are not in the compiler's library yet.
function keepDigits(
  _key: string,
  value: unknown,
  context?: { source?: string },
): unknown {
  const source = context?.source;
  return typeof value === "number" && source !== undefined &&
      String(value) !== source
    ? (JSON as unknown as RawJson).rawJSON(source)
    : value;
}
