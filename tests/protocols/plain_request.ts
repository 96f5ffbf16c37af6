/** The least request, for tests that change a field or two of it. @module */

import {
  type CanonicalRequest,
  NO_SAMPLING,
  textBlock,
} from "../../src/protocols/canonical.ts";

/** A request that says nothing beyond one user message. */
export function plainRequest(
  overrides: Partial<CanonicalRequest> = {},
): CanonicalRequest {
  return {
    model: "gpt-5-mini",
    stream: false,
    instructions: [],
    turns: [{ role: "user", blocks: [textBlock("hi")] }],
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
    includeUsage: true,
    native: {},
    ...overrides,
  };
}
