/** What observers find out, kept alike by all of them. @module */

import type { GatewayError } from "../exchange/gateway_error.ts";

/** Everything of an observation but the usage, which each protocol reads its own way. Observers write it, everybody else reads. */
export class Findings {
  /** Finish reason in the upstream's words, or `null`. */
  finishReason: string | null = null;
  /** Whether text, reasoning, refusal or a tool call has been seen. */
  sawContent = false;
  /** Whether the answer's own end came, or the body was whole. */
  finished = false;
  /** An in-band error, or `null`. */
  error: GatewayError | null = null;
  /** Characters of content seen; escapes count as they are written. */
  contentChars = 0;
}
