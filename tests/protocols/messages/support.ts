/** Requests and targets for tests of the messages protocol. @module */

import { UNKNOWN_CAPABILITIES } from "../../../src/exchange/capabilities.ts";
import {
  type CanonicalRequest,
  NO_SAMPLING,
  textBlock,
  type Turn,
} from "../../../src/protocols/canonical.ts";
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
  return {
    model: "claude",
    stream: false,
    instructions: [],
    turns: [user("hi")],
    tools: [],
    toolChoice: null,
    parallelToolCalls: null,
    maxOutputTokens: null,
    stop: [],
    sampling: NO_SAMPLING,
    format: null,
    verbosity: null,
    reasoning: null,
    serviceTier: null,
    userId: null,
    safetyIdentifier: null,
    promptCacheKey: null,
    metadata: null,
    store: null,
    includeUsage: false,
    native: {},
    ...fields,
  };
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
