/**
 * The one repair of the native path: thinking that another protocol's provider
 * made and that a client now sends to a provider of its own protocol, because
 * routing chose another target for this turn. Bodies without
 * {@linkcode PROOF_MARKER} in their bytes need no look.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { Loss } from "../canonical.ts";
import type { TargetProfile } from "../protocol.ts";
import { sameOrigin, unwrapProof } from "../reasoning_envelope.ts";

/** A body whose envelopes are gone. */
export interface RepairedBody {
  /** A copy; what did not change is shared with the client's body. */
  readonly body: JsonObject;
  /** One for each block that was dropped. */
  readonly losses: readonly Loss[];
}

/**
 * Opens the envelopes of thinking blocks that `target` made and drops the
 * blocks of all other envelopes. Turns that become empty are dropped too.
 */
export function repairReplayedThinking(
  body: JsonObject,
  target: Pick<TargetProfile, "provider" | "model">,
): RepairedBody {
  if (!Array.isArray(body.messages)) return { body, losses: [] };
  const losses: Loss[] = [];
  const messages: JsonValue[] = [];
  body.messages.forEach((message, index) => {
    const content = isJsonObject(message) ? message.content : null;
    if (!isJsonObject(message) || !Array.isArray(content)) {
      messages.push(message);
      return;
    }
    const kept = content.flatMap((block, position) => {
      const repaired = repairBlock(block, target);
      if (repaired !== null) return [repaired];
      losses.push({
        field: `messages[${index}].content[${position}]`,
        reason:
          `thinking of another provider means nothing to ${target.provider}/${target.model}`,
      });
      return [];
    });
    if (kept.length > 0 || content.length === 0) {
      messages.push({ ...message, content: kept });
    }
  });
  return { body: { ...body, messages }, losses };
}

function repairBlock(
  block: JsonValue,
  target: Pick<TargetProfile, "provider" | "model">,
): JsonValue {
  if (!isJsonObject(block)) return block;
  const field = block.type === "thinking"
    ? "signature"
    : block.type === "redacted_thinking"
    ? "data"
    : null;
  const proof = field === null ? null : block[field];
  const opened = typeof proof === "string" ? unwrapProof(proof) : null;
  if (opened === null || field === null) return block;
  const own = opened.origin.protocol === "messages" &&
    sameOrigin(opened.origin, target);
  return own ? { ...block, [field]: opened.proof } : null;
}
