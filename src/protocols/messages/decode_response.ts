/** A provider's whole answer to canonical form. @module */

import { gatewayError, RequestError } from "../../exchange/gateway_error.ts";
import { noUsage, type Usage } from "../../exchange/usage.ts";
import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type {
  CanonicalResponse,
  OutputBlock,
  ReasoningOrigin,
} from "../canonical.ts";
import type { DecodeContext } from "../protocol.ts";
import { decodeCitations } from "./citations.ts";
import { decodeThinking, decodeToolUse } from "./decode_blocks.ts";
import { inBandError } from "./errors.ts";
import { decodeFinish } from "./finish.ts";
import { readMessagesUsage } from "./usage.ts";

/** Names the maker of the thinking that comes from this call. */
export function originOf(context: DecodeContext): ReasoningOrigin {
  return {
    protocol: "messages",
    provider: context.provider,
    model: context.model,
  };
}

/** Reads a whole answer. @throws {RequestError} for an error in its place, or for what is no message */
export function decodeMessagesResponse(
  body: JsonObject,
  context: DecodeContext,
): CanonicalResponse {
  if (body.type === "error") throw new RequestError(inBandError(body));
  if (!Array.isArray(body.content)) {
    throw new RequestError(
      gatewayError(
        "upstream",
        "The provider's answer is no message: it has no content",
      ),
    );
  }
  const content = body.content
    .filter(isJsonObject)
    .map((block) => decodeBlock(block, context))
    .filter((block) => block !== null);
  const usage = usageOf(body);
  return {
    id: typeof body.id === "string" ? body.id : "",
    model: typeof body.model === "string" ? body.model : context.model,
    createdAt: null,
    content,
    finish: decodeFinish(
      body,
      content.some((block) => block.type === "tool-call"),
    ),
    usage,
    serviceTier: usage.serviceTier,
  };
}

function usageOf(body: JsonObject): Usage {
  return isJsonObject(body.usage)
    ? readMessagesUsage(body.usage, body)
    : noUsage();
}

function decodeBlock(
  block: JsonObject,
  context: DecodeContext,
): OutputBlock | null {
  switch (block.type) {
    case "text":
      return typeof block.text === "string"
        ? {
          type: "text",
          text: block.text,
          citations: decodeCitations(block.citations),
          cache: null,
        }
        : null;
    case "thinking":
    case "redacted_thinking":
      return decodeThinking(block, originOf(context));
    case "tool_use":
      return decodeCall(block, context);
    default:
      return { type: "native", protocol: "messages", value: block };
  }
}

function decodeCall(block: JsonObject, context: DecodeContext): OutputBlock {
  const name = String(block.name ?? "");
  return decodeToolUse(
    String(block.id ?? ""),
    context.toolNames.get(name) ?? name,
    block,
  );
}
