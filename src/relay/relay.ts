/** The relay: takes an admitted request, sees it through, tells the taps. @module */

import type { ClientResponse } from "../exchange/client.ts";
import type { Cost } from "../exchange/cost.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import type { Ticker } from "../support/ticker.ts";
import type { Protocols } from "./bodies.ts";
import { ExchangeRun } from "./exchange_run.ts";
import type { Inbound } from "./inbound.ts";
import type { Snapshot } from "./snapshot.ts";
import type { TapFanOut } from "./tap_fan_out.ts";

/** What the relay is given; it knows no accounting, recording or metrics. */
export interface RelayDependencies {
  /** The codecs. */
  readonly protocols: Protocols;
  /** Who listens. */
  readonly taps: TapFanOut;
  /** Wakes running exchanges at their deadlines. */
  readonly ticker: Ticker;
  /** Takes secrets out of an upstream's words. */
  readonly scrub: (text: string) => string;
  /** Prices an ended attempt, `null` where nothing is priced. */
  readonly costOf: (attempt: Attempt, exchange: Exchange) => Cost | null;
  /** Makes ids of items that a provider did not name. */
  readonly newId: (prefix: string) => string;
}

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
