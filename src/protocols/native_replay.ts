/**
 * The repair of native bodies: thinking in an envelope that a client of the
 * same protocol sends back after routing chose another target, or after its
 * own provider's answer had to be framed anew.
 *
 * @module
 */

import type { ProtocolName } from "../exchange/names.ts";
import type { JsonObject } from "../support/json.ts";
import type { Loss } from "./canonical.ts";
import { repairReplayedDetails } from "./chat/native_replay.ts";
import { repairReplayedThinking } from "./messages/native_replay.ts";
import type { TargetProfile } from "./protocol.ts";
import { repairReplayedReasoning } from "./responses/native_replay.ts";

/** Opens the envelopes of `target` and drops what stands in all others. */
export function repairNativeReplay(
  protocol: ProtocolName,
  body: JsonObject,
  target: Pick<TargetProfile, "provider" | "model">,
): { readonly body: JsonObject; readonly losses: readonly Loss[] } {
  switch (protocol) {
    case "chat":
      return repairReplayedDetails(body, target);
    case "messages":
      return repairReplayedThinking(body, target);
    case "responses":
      return repairReplayedReasoning(body, target);
  }
}
