/** A provider that can be called, as routing and the relay see it. @module */

import type { StartCall, UpstreamRequest } from "../exchange/upstream.ts";
import type { DrainSlots } from "./drain_slots.ts";
import type { ProviderProfile } from "./profile.ts";
import type { RequestAdapter } from "./request_adapter.ts";

/** Whether a provider can stream and answer whole (`any`), or only one of them. */
export type StreamAbility = "any" | "always" | "never";

/** A provider that can be called. */
export interface Provider extends ProviderProfile {
  /** Whether chat streams ask for the usage chunk. */
  readonly includeUsage: boolean;
  /** Whether the end of the body is a clean end without a terminal event. */
  readonly eofIsFinish: boolean;
  /** What it can do about streams. */
  readonly stream: StreamAbility;
  /** Longest silence but for comments within a stream, in ms, 0 = off. */
  readonly commentsOnlyMs: number;
  /** Places for reading on when the client has gone; `null`: the call is then cancelled. */
  readonly drain: DrainSlots | null;
  /** Its patches and edits. */
  readonly adapter: RequestAdapter;
  /** Calls it. */
  readonly start: StartCall;
  /** The URL a call goes to, without secrets; "" for embedded ones. */
  urlOf(request: UpstreamRequest): string;
}
