/** Canonical form to a whole answer for a messages client. @module */

import { gatewayError, RequestError } from "../../exchange/gateway_error.ts";
import type { JsonObject } from "../../support/json.ts";
import type {
  CanonicalResponse,
  OutputBlock,
  ReasoningOrigin,
} from "../canonical.ts";
import type { EncodeContext } from "../protocol.ts";
import { wrapProof } from "../reasoning_envelope.ts";
import { encodeCitations } from "./citations.ts";
import { parseArguments } from "./encode_blocks.ts";
import { encodeFinish } from "./finish.ts";
import { encodeMessagesUsage } from "./usage.ts";

/** Writes a whole answer. @throws {RequestError} when generation ended in an error */
export function encodeMessagesResponse(
  response: CanonicalResponse,
  context: EncodeContext,
): JsonObject {
  const { finish, content } = response;
  if (finish.kind === "error") throw new RequestError(finishError(finish.raw));
  const truncated = finish.kind === "length";
  return {
    id: messageId(response.id, context),
    type: "message",
    role: "assistant",
    model: response.model,
    content: content
      .map((block) => encodeBlock(block, truncated))
      .filter((block) => block !== null),
    ...encodeFinish(
      finish,
      content.some((block) => block.type === "tool-call"),
      content.some((block) => block.type === "refusal"),
    ),
    usage: encodeMessagesUsage(response.usage),
  };
}

/** Gives the id of an answer: the upstream's where it looks like one of this protocol. */
export function messageId(id: string, context: EncodeContext): string {
  return id.startsWith("msg_") ? id : context.newId("msg_");
}

/** Builds the error of an answer whose generation failed. */
export function finishError(
  raw: string | null,
): ReturnType<typeof gatewayError> {
  return gatewayError(
    "upstream",
    `The provider stopped with ${
      raw ?? "an error"
    } before the answer was complete`,
  );
}

/** Writes the signature or data that stands for a proof: its envelope, "" where there is none. */
export function envelopeOf(
  proof: string | null,
  origin: ReasoningOrigin | null,
  redacted: boolean,
  itemId: string | null,
): string {
  return proof === null || origin === null
    ? ""
    : wrapProof(origin, proof, redacted, itemId);
}

function encodeBlock(
  block: OutputBlock,
  truncated: boolean,
): JsonObject | null {
  switch (block.type) {
    case "text": {
      if (block.text === "") return null;
      const encoded: JsonObject = { type: "text", text: block.text };
      const citations = encodeCitations(block.citations);
      if (citations.length > 0) encoded.citations = citations;
      return encoded;
    }
    case "refusal":
      return block.text === "" ? null : { type: "text", text: block.text };
    case "reasoning": {
      const proof = envelopeOf(
        block.proof,
        block.origin,
        block.redacted,
        block.itemId,
      );
      if (block.redacted) {
        return proof === "" ? null : { type: "redacted_thinking", data: proof };
      }
      if (block.text === "" && proof === "") return null;
      return { type: "thinking", thinking: block.text, signature: proof };
    }
    case "tool-call": {
      const input = block.kind === "custom"
        ? { input: block.arguments }
        : parseArguments(block.arguments);
      // A call cut off by the limit must not look like a call without arguments.
      if (input === null && truncated) return null;
      return {
        type: "tool_use",
        id: block.id,
        name: block.name,
        input: input ?? {},
      };
    }
    case "native":
      return block.protocol === "messages" ? block.value : null;
  }
}
