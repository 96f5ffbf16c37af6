/** The response cache of a gateway: outlives reloads, forgets what another config might answer differently. @module */

import { ResponseCache } from "../cache/response_cache.ts";
import type { Config } from "../config/schema.ts";
import { cacheRoutes } from "../http/cache_stats.ts";
import type { Route } from "../http/route.ts";
import { CacheMetrics } from "../metrics/cache_metrics.ts";
import type { Registry } from "../metrics/registry.ts";

/** Keeps answers for the life of the process. */
export class GatewayCache {
  readonly #cache: ResponseCache;
  #answersBy: string;

  /** Begins empty. */
  constructor(config: Config) {
    this.#cache = new ResponseCache(config.cache);
    this.#answersBy = fingerprint(config);
  }

  /** The cache, `null` while it is switched off. */
  get live(): ResponseCache | null {
    return this.#cache.enabled ? this.#cache : null;
  }

  /** Its route. */
  routes(): Route[] {
    return cacheRoutes(() => this.#cache.stats);
  }

  /** Exposes how it does. */
  expose(registry: Registry): void {
    new CacheMetrics(registry, this.#cache);
  }

  /** Takes over a config that goes live; other targets, edits or rules mean other answers. */
  update(config: Config): void {
    const answersBy = fingerprint(config);
    if (answersBy !== this.#answersBy) this.#cache.clear();
    this.#answersBy = answersBy;
    this.#cache.update(config.cache);
  }
}

/** A text that is the same for two configs only if a request has the same answers under both. */
function fingerprint(config: Config): string {
  return JSON.stringify(
    { ...config, cache: config.cache.onlyDeterministic },
    (_key, value: unknown) => value instanceof Map ? [...value] : value,
  );
}
