/** What routing keeps for the life of the process, while configs come and go. @module */

import type { Config } from "../config/schema.ts";
import type { Tap } from "../exchange/events.ts";
import { PerformanceWindows } from "../providers/performance.ts";
import type { RoutingReaders } from "../routing/readers.ts";
import { Router } from "../routing/router.ts";
import { RoutingState } from "../routing/routing_state.ts";
import { GatewayCache } from "./gateway_cache.ts";

/** What routing is told by others, and whom it tells. */
export interface RoutingPartsOptions {
  /** Readers that others bring: prices, health, load, budgets, heads. */
  readonly readers?: Partial<RoutingReaders>;
}

/** Rolling windows, turns and affinity; makes the router of each config. */
export class RoutingParts {
  /** How every target did lately. */
  readonly windows: PerformanceWindows;
  /** Turns, affinity and the random source. */
  readonly state: RoutingState;
  /** Answers that may be given again. */
  readonly cache: GatewayCache;
  readonly #readers: Partial<RoutingReaders>;

  /** Begins with nothing known. */
  constructor(config: Config, options: RoutingPartsOptions = {}) {
    const { windowMs } = config.routing;
    this.windows = new PerformanceWindows({ windowMs });
    this.state = new RoutingState();
    this.cache = new GatewayCache(config);
    this.#readers = {
      performance: ({ id }) => this.windows.of(id),
      ...options.readers,
    };
  }

  /** What must hear of exchanges. */
  get taps(): readonly Tap[] {
    return [this.windows, this.state];
  }

  /** Makes a router that shares everything with those before it. */
  router(config: Config): Router {
    return new Router(config, { state: this.state, readers: this.#readers });
  }

  /** Takes over the bounds of a config that has gone live. */
  update(config: Config): void {
    this.cache.update(config);
    this.windows.update(config.routing.windowMs);
    this.state.retain(new Set(config.models.keys()));
  }
}
