/**
 * The call of one provider, as the relay sees it. `upstream/call.ts` implements
 * it over the network, `simulator/` and `replay` inside the process.
 *
 * @module
 */

import type { Failure } from "./failure.ts";
import type { Operation, ProtocolName } from "./names.ts";

/** What is sent to a provider. */
export interface UpstreamRequest {
  /** Our request id. */
  readonly id: string;
  /** The protocol spoken. */
  readonly protocol: ProtocolName;
  /** What is asked for; the path follows from it. */
  readonly operation: Operation;
  /** The model name in the body. */
  readonly model: string;
  /** Whether the body asks for an event stream. */
  readonly stream: boolean;
  /** The body, JSON in UTF-8. */
  readonly body: Uint8Array;
  /** Client headers that may go on, lower case, alternating. */
  readonly headers: readonly string[];
  /** The client's query string with its `?`, or "". */
  readonly query: string;
}

/** Hears the answer of one call. After `onEnd` or `onFailure` nothing more comes. */
export interface UpstreamSink {
  /** The response head. Headers alternate, names in lower case. */
  onHead(status: number, headers: readonly string[]): void;
  /** A piece of the body. `false` pauses the upstream until `resume()`. */
  onChunk(bytes: Uint8Array): boolean;
  /** The body ended cleanly, as HTTP sees it. */
  onEnd(): void;
  /** The call failed; what came before stays valid. */
  onFailure(failure: Failure): void;
}

/** A call that runs. */
export interface UpstreamCall {
  /** Which of the provider's keys it was made with, by position; absent or -1 for none. */
  readonly keyIndex?: number;
  /** Goes on after `onChunk` said `false`. */
  resume(): void;
  /** Ends it at once and closes the connection. The sink hears nothing more. */
  abort(): void;
}

/** Starts a call. Never throws; everything is told to the sink, never before it returns. */
export type StartCall = (
  request: UpstreamRequest,
  sink: UpstreamSink,
) => UpstreamCall;
