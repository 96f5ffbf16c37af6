/** The relay: takes an admitted request, sees it through, tells the taps. @module */

import type { ClientResponse } from "../exchange/client.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { RelayDependencies } from "./dependencies.ts";
import { ExchangeRun } from "./exchange_run.ts";
import type { Inbound } from "./inbound.ts";
import type { Snapshot } from "./snapshot.ts";

/** Relays exchanges. */
export class Relay {
  readonly #deps: RelayDependencies;

  /** Makes a relay. */
  constructor(deps: RelayDependencies) {
    this.#deps = deps;
  }

  /** Sees one exchange through; returns at once with the handle that cuts it short. */
  run(
    snapshot: Snapshot,
    exchange: Exchange,
    inbound: Inbound,
    response: ClientResponse,
  ): { cut(): void } {
    const run = new ExchangeRun(
      this.#deps,
      snapshot,
      exchange,
      inbound,
      response,
    );
    run.begin();
    return run;
  }
}
