/** What an exchange needs of the configuration; it keeps its snapshot to the end. @module */

import type { Decision, TargetRef } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { Provider } from "../providers/provider.ts";
import type { Inbound } from "./inbound.ts";
import type { StreamLimits } from "./stream_pipe.ts";
import type { RetrySettings } from "./retry_plan.ts";

/** Numbers of the config that the relay obeys. 0 switches a limit off. */
export interface RelaySettings {
  /** Silence towards the client after which a comment is sent, ms. */
  readonly heartbeatMs: number;
  /** How long and how much is held before the first content. */
  readonly commit: {
    readonly maxHeldBytes: number;
    readonly maxHeldMs: number;
  };
  /** How often is tried. */
  readonly retry: RetrySettings;
  /** Longest whole answer, bytes. */
  readonly maxResponseBytes: number;
  /** How long the parts of a stream may be. */
  readonly streamLimits: StreamLimits;
  /** Longest stream, ms. */
  readonly maxStreamMs: number;
  /** Longest exchange that is not a stream, ms. */
  readonly maxRequestMs: number;
}

/** One compiled configuration. */
export interface Snapshot {
  /** The numbers. */
  readonly settings: RelaySettings;
  /** What a translation loss means to requests of an alias (`null`: of none): `reject` makes it a 400. */
  onLoss(alias: string | null): "header" | "reject";
  /** Names the targets of an exchange, with the reasons. */
  decide(exchange: Exchange, inbound: Inbound): Decision;
  /** Names the targets of an exchange that goes to an alias or target instead of what it asked for: no rules, no allow-list. */
  divert(exchange: Exchange, inbound: Inbound, name: string): Decision;
  /** Names the alias of an exchange whose answer may be given again, as the decision that such an answer stands for; `null` for all others. Selects nobody. */
  settle(exchange: Exchange, inbound: Inbound): Decision | null;
  /** Whether a target of an exchange's decision may be called now: asked right before every attempt, which must then be made. */
  mayTry(exchange: Exchange, target: TargetRef): boolean;
  /** Whether a provider that refused a key has another one for a target that does not rest. */
  readonly hasOtherKey: (target: TargetRef) => boolean;
  /** An exchange begins to use it: what it holds open stays open. */
  enter(): void;
  /** The exchange has ended. */
  leave(): void;
  /** Finds a provider by id. */
  provider(id: string): Provider | undefined;
}
