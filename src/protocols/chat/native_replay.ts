/** The repair of reasoning details on the native path: what another protocol's provider made means nothing here. @module */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { Loss } from "../canonical.ts";
import type { TargetProfile } from "../protocol.ts";
import { unwrapProof } from "../reasoning_envelope.ts";

/** Drops the details that hold an envelope: details of chat providers travel without one. */
export function repairReplayedDetails(
  body: JsonObject,
  target: Pick<TargetProfile, "provider" | "model">,
): { body: JsonObject; losses: Loss[] } {
  const losses: Loss[] = [];
  if (!Array.isArray(body.messages)) return { body, losses };
  const messages = body.messages.map((message, index): JsonValue => {
    if (!isJsonObject(message)) return message;
    const { reasoning_details: details, ...rest } = message;
    if (!Array.isArray(details)) return message;
    const kept = details.filter((detail, position) => {
      if (!isEnveloped(detail)) return true;
      losses.push({
        field: `messages[${index}].reasoning_details[${position}]`,
        reason:
          `thinking of another provider means nothing to ${target.provider}/${target.model}`,
      });
      return false;
    });
    if (kept.length === details.length) return message;
    return kept.length === 0 ? rest : { ...message, reasoning_details: kept };
  });
  return { body: { ...body, messages }, losses };
}

function isEnveloped(detail: JsonValue): boolean {
  if (!isJsonObject(detail)) return false;
  return [detail.signature, detail.data].some((proof) =>
    typeof proof === "string" && unwrapProof(proof) !== null
  );
}
