/**
 * The repair of reasoning items on the native path: what another protocol's
 * provider made, or this one's own that came back in an envelope.
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

/** Opens the envelopes of reasoning items that `target` made and drops the items of all others. */
export function repairReplayedReasoning(
  body: JsonObject,
  target: Pick<TargetProfile, "provider" | "model">,
): { body: JsonObject; losses: Loss[] } {
  const losses: Loss[] = [];
  if (!Array.isArray(body.input)) return { body, losses };
  const input = body.input.flatMap((item, index): JsonValue[] => {
    const repaired = repairItem(item, target);
    if (repaired !== null) return [repaired];
    losses.push({
      field: `input[${index}]`,
      reason:
        `reasoning of another provider means nothing to ${target.provider}/${target.model}`,
    });
    return [];
  });
  return { body: { ...body, input }, losses };
}

function repairItem(
  item: JsonValue,
  target: Pick<TargetProfile, "provider" | "model">,
): JsonValue {
  if (!isJsonObject(item) || item.type !== "reasoning") return item;
  const { encrypted_content: proof, id: _id, ...rest } = item;
  const opened = typeof proof === "string" ? unwrapProof(proof) : null;
  if (opened === null) return item;
  const own = opened.origin.protocol === "responses" &&
    sameOrigin(opened.origin, target);
  if (!own) return null;
  // The payload is bound to the id that its maker gave the item.
  const id = opened.itemId === null ? {} : { id: opened.itemId };
  return { ...rest, ...id, encrypted_content: opened.proof };
}
