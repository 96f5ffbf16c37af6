/** Metrics of the response cache. @module */

import type { Registry } from "./registry.ts";

/** What the cache counts. */
export interface CacheCounts {
  /** Whether anything is kept. */
  readonly enabled: boolean;
  /** Lookups since the start. */
  readonly stats: { readonly hits: number; readonly misses: number };
  /** Share of hits lately; NaN without lookups. */
  readonly recentHitRatio: number;
}

/** Exposes lookups and hit ratio, while the cache is switched on. */
export class CacheMetrics {
  /** Registers the families. */
  constructor(registry: Registry, cache: CacheCounts) {
    registry.collect("signalbox_response_cache_lookups_total", (emit) => {
      if (!cache.enabled) return;
      emit(cache.stats.hits, "l1", "hit");
      emit(cache.stats.misses, "l1", "miss");
    });
    registry.collect("ccr_cache_hit_ratio", (emit) => {
      if (cache.enabled) emit(cache.recentHitRatio, "l1");
    });
  }
}
