/** What stands between an upstream's event stream and the client's. @module */

import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { Usage } from "../exchange/usage.ts";

/** Bytes or text for the client. */
export type Output = Uint8Array | string;

/** How long the parts of an event stream may be, in bytes. */
export interface StreamLimits {
  /** Longest event. */
  readonly maxEventBytes: number;
  /** Longest line. */
  readonly maxLineBytes: number;
}

/** The error of a stream with a part that is too long. */
export function tooLongError(limits: StreamLimits): GatewayError {
  return gatewayError(
    "upstream",
    `The provider sent an event longer than ${limits.maxEventBytes} bytes, or a line longer than ${limits.maxLineBytes}`,
  );
}

/** Takes an upstream's bytes, gives the client's; learns what passes through. */
export interface StreamPipe {
  /** Takes the next bytes, gives what may go to the client now, or `null`. It ends between two events. */
  push(bytes: Uint8Array): Output | null;
  /** The upstream's body ended cleanly. Gives the rest, or `null`. */
  end(): Output | null;
  /** The stream cannot go on: gives the client's error event. */
  fail(error: GatewayError): Output;
  /** Whether content has been seen: the commit point. */
  readonly sawContent: boolean;
  /** Whether the terminal event has been seen. */
  readonly finished: boolean;
  /** An error event of the upstream, or an event beyond the cap. */
  readonly error: GatewayError | null;
  /** Whether the client's copy of that error is in what `push` and `end` gave. */
  readonly errorDelivered: boolean;
  /** Usage as far as it was said. */
  readonly usage: Usage;
  /** Finish reason in the upstream's words, or `null`. */
  readonly finishReason: string | null;
  /** Characters of content seen. */
  readonly contentChars: number;
  /** Events seen, comments not counted. */
  readonly events: number;
}
