/** Whole answers of Chat Completions, read and written. @module */

import { gatewayError, RequestError } from "../../exchange/gateway_error.ts";
import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type {
  CanonicalResponse,
  OutputBlock,
  ReasoningBlock,
  RefusalBlock,
  TextBlock,
  ToolCallBlock,
} from "../canonical.ts";
import { collect } from "../collect.ts";
import type { DecodeContext, EncodeContext } from "../protocol.ts";
import { encodeAnnotations } from "./annotations.ts";
import { encodeFinish } from "./finish.ts";
import { encodeClientReasoning } from "./reasoning.ts";
import { ChatStreamDecoder } from "./stream_decoder.ts";
import { inBandError } from "./stream_failure.ts";
import { servedTier } from "./service_tier.ts";
import { encodeChatUsage } from "./usage.ts";

/**
 * Reads an upstream's whole answer: one chunk that holds everything, so that
 * it cannot be understood differently from a stream.
 * @throws {RequestError} for an answer that is an error, or none at all
 */
export function decodeChatResponse(
  body: JsonObject,
  context: DecodeContext,
): CanonicalResponse {
  const error = inBandError(body, false);
  if (error !== null) throw new RequestError(error);
  const choice = Array.isArray(body.choices) ? body.choices[0] : undefined;
  if (!isJsonObject(choice)) {
    throw new RequestError(
      gatewayError("upstream", "The upstream's answer has no choices"),
    );
  }
  // A whole body is complete, whether or not it says why it ended.
  const decoder = new ChatStreamDecoder({ ...context, eofIsFinish: true });
  const chunk = { ...body, choices: [{ ...choice, index: 0 }] };
  return collect([...decoder.chunk(chunk, false), ...decoder.end()]);
}

/** Tells whether the client speaks the deprecated form of tools. */
export function usesFunctions(body: JsonObject): boolean {
  return Array.isArray(body.functions) && !Array.isArray(body.tools);
}

function isText(block: OutputBlock): block is TextBlock {
  return block.type === "text";
}

function isReasoning(block: OutputBlock): block is ReasoningBlock {
  return block.type === "reasoning";
}

function isRefusal(block: OutputBlock): block is RefusalBlock {
  return block.type === "refusal";
}

function isToolCall(block: OutputBlock): block is ToolCallBlock {
  return block.type === "tool-call";
}

function annotationsOf(blocks: readonly TextBlock[]): JsonObject[] {
  let base = 0;
  return blocks.flatMap((block) => {
    const { length } = block.text;
    const annotations = encodeAnnotations(block.citations, base, length);
    base += length;
    return annotations;
  });
}

function encodeCall(call: ToolCallBlock, context: EncodeContext): JsonObject {
  const id = call.id || context.newId("call_");
  if (call.kind === "custom") {
    return {
      id,
      type: "custom",
      custom: { name: call.name, input: call.arguments },
    };
  }
  return {
    id,
    type: "function",
    function: { name: call.name, arguments: call.arguments || "{}" },
  };
}

function encodeMessage(
  content: readonly OutputBlock[],
  context: EncodeContext,
): JsonObject {
  const texts = content.filter(isText);
  const calls = content.filter(isToolCall);
  const refusals = content.filter(isRefusal);
  const text = texts.map((block) => block.text).join("");
  const message: JsonObject = {
    role: "assistant",
    content: text === "" && calls.length + refusals.length > 0 ? null : text,
    refusal: refusals.length === 0
      ? null
      : refusals.map((block) => block.text).join(""),
    ...encodeClientReasoning(content.filter(isReasoning)),
  };
  const annotations = annotationsOf(texts);
  if (annotations.length > 0) message.annotations = annotations;
  const [first] = calls;
  if (first !== undefined && usesFunctions(context.body)) {
    message.function_call = encodeCall(first, context).function;
  } else if (calls.length > 0) {
    message.tool_calls = calls.map((call) => encodeCall(call, context));
  }
  return message;
}

/** Gives the finish reason as this client knows it. */
export function clientFinishReason(
  response: Pick<CanonicalResponse, "finish">,
  hasRefusal: boolean,
  context: EncodeContext,
): string {
  const reason = encodeFinish(response.finish, hasRefusal);
  return reason === "tool_calls" && usesFunctions(context.body)
    ? "function_call"
    : reason;
}

/** Gives the time of the answer in seconds since the epoch. */
export function createdSeconds(
  createdAt: number | null,
  context: EncodeContext,
): number {
  return createdAt ?? Math.floor(context.now() / 1000);
}

/**
 * Writes a whole answer.
 * @throws {RequestError} for an answer that failed
 */
export function encodeChatResponse(
  response: CanonicalResponse,
  context: EncodeContext,
): JsonObject {
  if (response.finish.kind === "error") {
    throw new RequestError(
      gatewayError("upstream", "The upstream's answer ended in an error"),
    );
  }
  const { content } = response;
  const body: JsonObject = {
    id: response.id || context.newId("chatcmpl-"),
    object: "chat.completion",
    created: createdSeconds(response.createdAt, context),
    model: response.model,
    choices: [{
      index: 0,
      message: encodeMessage(content, context),
      logprobs: null,
      finish_reason: clientFinishReason(
        response,
        content.some(isRefusal),
        context,
      ),
    }],
    usage: encodeChatUsage(response.usage),
  };
  const tier = servedTier(response.serviceTier);
  if (tier !== null) body.service_tier = tier;
  return body;
}
