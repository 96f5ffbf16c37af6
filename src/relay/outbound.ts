/** A request with its destination, and what is sent there. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Loss } from "../protocols/canonical.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Provider } from "../providers/provider.ts";
import type { Inbound } from "./inbound.ts";
import type { Conversation } from "./responses_state.ts";

/** The codecs by name. */
export type Protocols = { readonly [P in ProtocolName]: Protocol };

/** A body for one target. */
export interface Prepared {
  /** The protocol the provider is spoken to in. */
  readonly protocol: ProtocolName;
  /** Whether it is the client's own. */
  readonly native: boolean;
  /** Whether the provider is asked for an event stream, whatever the client asked for. */
  readonly stream: boolean;
  /** The body. */
  readonly bytes: Uint8Array;
  /** Whether the answer's usage chunk is to be taken out again. */
  readonly stripUsage: boolean;
  /** What could not be carried over. */
  readonly losses: readonly Loss[];
  /** Tool names that the encoder changed, upstream to client. */
  readonly toolNames: ReadonlyMap<string, string>;
  /** Custom tools that went out as functions, in the client's words. */
  readonly customTools?: ReadonlySet<string>;
}

/** A provider as far as a body for it depends on it: nobody is called. */
export type DescribedProvider = Omit<Provider, "start" | "urlOf">;

/** A request and where it is to go. */
export interface Outbound {
  /** The exchange. */
  readonly exchange: Exchange;
  /** The client's request. */
  readonly inbound: Inbound;
  /** Where it goes. */
  readonly target: TargetRef;
  /** Who serves the target. */
  readonly provider: DescribedProvider;
  /** The codecs. */
  readonly protocols: Protocols;
  /** What the gateway keeps of the conversation, `null` where it keeps nothing. */
  readonly conversation: Conversation | null;
  /** Most output tokens, for translated requests; `null` or absent: what the client says. */
  readonly outputCap?: number | null;
}

/**
 * Whether a stream is asked of the provider: what the client wants, unless the
 * provider or the model can do only one of them.
 */
export function asksStream(
  exchange: Exchange,
  target: TargetRef,
  provider: DescribedProvider,
): boolean {
  if (exchange.operation !== "generate") return false;
  if (provider.stream === "always") return true;
  if (provider.stream === "never") return false;
  return exchange.stream &&
    provider.capabilities(target.model).streaming !== false;
}
