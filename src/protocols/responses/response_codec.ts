/** Whole answers of OpenAI Responses, both ways. @module */

import { isJsonObject, type JsonObject } from "../../support/json.ts";
import type { CanonicalResponse, OutputBlock } from "../canonical.ts";
import type { DecodeContext, EncodeContext } from "../protocol.ts";
import { decodeFinish, encodeFinish } from "./finish.ts";
import { decodeOutputItem, encodeOutput, factsOf } from "./output_items.ts";
import { nowSeconds, openEnvelope, responseId } from "./response_envelope.ts";
import { encodeResponsesUsage, readResponsesUsage } from "./usage.ts";

/** Reads the blocks of an answer; some backends give nothing but the convenience text. */
function decodeContent(
  body: JsonObject,
  context: DecodeContext,
): OutputBlock[] {
  const output = Array.isArray(body.output) ? body.output : [];
  const blocks = output.filter(isJsonObject)
    .flatMap((item) => decodeOutputItem(item, context));
  if (
    output.length === 0 && typeof body.output_text === "string" &&
    body.output_text !== ""
  ) {
    return [{
      type: "text",
      text: body.output_text,
      citations: [],
      cache: null,
    }];
  }
  return blocks;
}

/** Reads an upstream's whole answer. A failed one has the finish `error`. */
export function decodeResponsesResponse(
  body: JsonObject,
  context: DecodeContext,
): CanonicalResponse {
  const content = decodeContent(body, context);
  const usage = readResponsesUsage(
    isJsonObject(body.usage) ? body.usage : null,
    body,
  );
  return {
    id: typeof body.id === "string" ? body.id : "",
    model: usage.model ?? context.model,
    createdAt: typeof body.created_at === "number" ? body.created_at : null,
    content,
    finish: decodeFinish(body, factsOf(content)),
    usage,
    serviceTier: usage.serviceTier,
  };
}

/** Builds the whole answer for a client, with the values of its own request. */
export function encodeResponsesResponse(
  response: CanonicalResponse,
  context: EncodeContext,
): JsonObject {
  const facts = factsOf(response.content);
  const { status, incompleteDetails, error } = encodeFinish(
    response.finish,
    facts,
  );
  const envelope = openEnvelope({
    id: responseId(response.id, context),
    model: response.model,
    createdAt: response.createdAt ?? nowSeconds(context),
    serviceTier: response.serviceTier,
  }, context);
  return {
    ...envelope,
    status,
    completed_at: status === "completed" ? nowSeconds(context) : null,
    error,
    incomplete_details: incompleteDetails,
    output: encodeOutput(
      response.content,
      status === "completed" ? "completed" : "incomplete",
      (prefix) => context.newId(prefix),
    ),
    usage: encodeResponsesUsage(response.usage),
  };
}
