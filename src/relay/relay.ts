/** The relay: takes an admitted request, sees it through, tells the taps. @module */

import type { ClientResponse } from "../exchange/client.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { RecordedResponse } from "./answer_recorder.ts";
import { lookUp } from "./cache_lookup.ts";
import { CachedRun } from "./cached_run.ts";
import type { AnswerCache, RelayDependencies } from "./dependencies.ts";
import { type ErrorReaders, errorReaders } from "./error_body.ts";
import { ExchangeRun } from "./exchange_run.ts";
import type { Inbound } from "./inbound.ts";
import type { Snapshot } from "./snapshot.ts";

/** Relays exchanges. */
export class Relay {
  readonly #deps: RelayDependencies;
  readonly #readers: ErrorReaders;

  /** Makes a relay. */
  constructor(deps: RelayDependencies) {
    this.#deps = deps;
    this.#readers = errorReaders(deps.protocols, deps.scrub);
  }

  /** Sees one exchange through; returns at once with the handle that cuts it short. */
  run(
    snapshot: Snapshot,
    exchange: Exchange,
    inbound: Inbound,
    response: ClientResponse,
  ): { cut(): void } {
    const cache = this.#deps.cache();
    return cache === null
      ? this.#begin(snapshot, exchange, inbound, response)
      : this.#cached(cache, snapshot, exchange, inbound, response);
  }

  #cached(
    cache: AnswerCache,
    snapshot: Snapshot,
    exchange: Exchange,
    inbound: Inbound,
    response: ClientResponse,
  ): { cut(): void } {
    const found = lookUp(cache, snapshot, exchange, inbound);
    if (found === null) {
      return this.#begin(snapshot, exchange, inbound, response);
    }
    const { key, decision, answer } = found;
    if (answer === null) {
      const recorded = new RecordedResponse(response, {
        exchange,
        alias: decision.alias,
        maxBytes: cache.maxEntryBytes,
        keep: (complete) => cache.keep(key, complete),
      });
      return this.#begin(snapshot, exchange, inbound, recorded);
    }
    const run = new CachedRun(this.#deps, exchange, response, answer);
    run.begin(inbound, decision);
    return run;
  }

  #begin(
    snapshot: Snapshot,
    exchange: Exchange,
    inbound: Inbound,
    response: ClientResponse,
  ): { cut(): void } {
    const run = new ExchangeRun(
      this.#deps,
      this.#readers,
      snapshot,
      exchange,
      inbound,
      response,
    );
    run.begin();
    return run;
  }
}
