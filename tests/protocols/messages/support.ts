/** Requests and targets for tests of the messages protocol. @module */

import { UNKNOWN_CAPABILITIES } from "../../../src/exchange/capabilities.ts";
import {
  type CanonicalRequest,
  textBlock,
  type Turn,
} from "../../../src/protocols/canonical.ts";
import { plainRequest } from "../plain_request.ts";
import type { TargetProfile } from "../../../src/protocols/protocol.ts";
import { capabilitiesOf } from "../../../src/providers/model_table.ts";

/** A user turn of one text. */
export function user(text: string): Turn {
  return { role: "user", blocks: [textBlock(text)] };
}

/** A request with one user turn, as a chat client might send it. */
export function requestWith(
  fields: Partial<CanonicalRequest> = {},
): CanonicalRequest {
  return plainRequest({ model: "claude", includeUsage: false, ...fields });
}

/** A target with the embedded table's knowledge of `model`. */
export function targetOf(model: string): TargetProfile {
  return {
    provider: "anthropic",
    model,
    capabilities: capabilitiesOf(model),
    cacheControl: false,
  };
}

/** A target nothing is known of. */
export const UNKNOWN_TARGET: TargetProfile = {
  provider: "p",
  model: "m",
  capabilities: UNKNOWN_CAPABILITIES,
  cacheControl: false,
};
