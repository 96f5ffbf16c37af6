/** Who may send how much: what the relay asks before it decides and before every attempt. @module */

import type { Decision, TargetRef } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { GatewayError } from "../exchange/gateway_error.ts";
import type { Provider } from "../providers/provider.ts";
import type { Inbound } from "./inbound.ts";
import type { Snapshot } from "./snapshot.ts";

/** Whether an attempt has the money it may cost. */
export type AttemptGrant =
  | {
    readonly kind: "granted";
    /** What was set aside, in 1e-12 USD; the attempt carries it. */
    readonly pico: bigint;
    /** The output must be capped at this (translated requests only), `null` for no cap. */
    readonly outputTokens: number | null;
  }
  | { readonly kind: "refused"; readonly error: GatewayError };

/** Limits and budgets, as the relay asks for them. */
export interface Admission {
  /**
   * Counts a request against its client's limits; the refusal if it is one too
   * many. One that the cache answers takes no tokens. Sets `limitHeaders`.
   */
  enter(exchange: Exchange, inbound: Inbound): GatewayError | null;
  /** Decides; a request whose budget is used up goes elsewhere where the config says so. */
  decide(exchange: Exchange, inbound: Inbound, snapshot: Snapshot): Decision;
  /** Sets aside what an attempt may cost. */
  reserve(
    exchange: Exchange,
    inbound: Inbound,
    target: TargetRef,
    provider: Provider,
  ): AttemptGrant;
  /** Gives back what was set aside for an attempt that is not made. */
  release(exchange: Exchange, pico: bigint): void;
}

/** No limits, no budgets. */
export const NO_ADMISSION: Admission = {
  enter: () => null,
  decide: (exchange, inbound, snapshot) => snapshot.decide(exchange, inbound),
  reserve: () => ({ kind: "granted", pico: 0n, outputTokens: null }),
  release: () => {},
};
