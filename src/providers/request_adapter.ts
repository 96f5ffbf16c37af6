/** What a provider's patches and edits do to a request on its way out. @module */

import type { Operation, ProtocolName } from "../exchange/names.ts";
import type { JsonObject } from "../support/json.ts";

/** The call that a body is adapted for. */
export interface AdaptedCall {
  /** The protocol the provider is spoken to in. */
  readonly protocol: ProtocolName;
  /** What is asked for. */
  readonly operation: Operation;
  /** Model name sent upstream. */
  readonly model: string;
  /** Whether an event stream is asked of the provider. */
  readonly stream: boolean;
}

/** Something the provider does not take, so that it was left out or weakened. */
export interface AdaptationLoss {
  /** The field in the protocol of the body. */
  readonly field: string;
  /** Why, in one clause. */
  readonly reason: string;
}

/** A body as the provider takes it. */
export interface AdaptedBody {
  /** The body; the one that was given where nothing had to change. What did not change is shared. */
  readonly body: JsonObject;
  /** What it could not be told. */
  readonly losses: readonly AdaptationLoss[];
}

/** What a model's provider understands beyond its protocol. */
export interface Dialect {
  /** Takes `cache_control` on chat parts. */
  readonly cacheControl: boolean;
  /** Takes `top_k` in chat bodies. */
  readonly topK: boolean;
  /** Has a word that stops thinking: `reasoning_effort: "none"` is turned into it. */
  readonly stopsThinking: boolean;
}

/** A protocol without a dialect. */
export const PLAIN_DIALECT: Dialect = {
  cacheControl: false,
  topK: false,
  stopsThinking: false,
};

/** Adapts the requests of one provider. */
export interface RequestAdapter {
  /** Whether bodies for this call may have to change; if not, nobody needs to parse them. */
  applies(call: AdaptedCall): boolean;
  /**
   * Adapts a body.
   * @throws {RequestError} for what the provider refuses and may not be dropped
   */
  adapt(body: JsonObject, call: AdaptedCall): AdaptedBody;
  /** Tells what may be said to a model in a protocol. */
  dialect(protocol: ProtocolName, model: string): Dialect;
}

/** The adapter of a provider that takes everything as it is. */
export const NO_ADAPTER: RequestAdapter = {
  applies: () => false,
  adapt: (body) => ({ body, losses: [] }),
  dialect: () => PLAIN_DIALECT,
};
