/** Asks the response cache, after the alias is resolved and before anybody is chosen. @module */

import type { Decision } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { RequestError } from "../exchange/gateway_error.ts";
import type { KeptAnswer } from "../exchange/kept_answer.ts";
import type { AnswerCache } from "./dependencies.ts";
import type { Inbound } from "./inbound.ts";
import type { Snapshot } from "./snapshot.ts";

/** What the cache has to say of a request whose answer it may give. */
export interface CacheLookup {
  /** The name of its answer. */
  readonly key: string;
  /** The alias, and what a hit stands for. */
  readonly decision: Decision & { readonly alias: string };
  /** The answer, `null` if there is none yet. */
  readonly answer: KeptAnswer | null;
}

/** Looks up and sets `cacheStatus`; `null`: the answer neither comes from the cache nor goes there. */
export function lookUp(
  cache: AnswerCache,
  snapshot: Snapshot,
  exchange: Exchange,
  inbound: Inbound,
): CacheLookup | null {
  if (exchange.operation !== "generate") return null;
  exchange.cacheStatus = "bypass";
  try {
    const decision = snapshot.settle(exchange, inbound);
    if (decision === null || decision.alias === null) return null;
    const { alias } = decision;
    const key = cache.keyOf(exchange, alias, inbound);
    if (key === null) return null;
    const answer = cache.find(key);
    exchange.cacheStatus = answer === null ? "miss" : "hit";
    return { key, decision: { ...decision, alias }, answer };
  } catch (error) {
    // A body that cannot be read is refused by whoever decides, with the right words.
    if (error instanceof RequestError) return null;
    throw error;
  }
}
