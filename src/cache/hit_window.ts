/** The share of hits among the lookups of the last minutes. @module */

const BUCKETS = 10;

interface Bucket {
  start: number;
  hits: number;
  lookups: number;
}

/** Counts lookups in a window that moves in steps. */
export class HitWindow {
  readonly #bucketMs: number;
  readonly #buckets: Bucket[] = Array.from(
    { length: BUCKETS },
    () => ({ start: -1, hits: 0, lookups: 0 }),
  );

  /** Looks back `windowMs`. */
  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  /** Counts a lookup. */
  add(hit: boolean, nowMs: number): void {
    const start = Math.floor(nowMs / this.#bucketMs);
    const bucket = this.#buckets[start % BUCKETS];
    if (bucket === undefined) return;
    if (bucket.start !== start) {
      bucket.start = start;
      bucket.hits = 0;
      bucket.lookups = 0;
    }
    bucket.lookups++;
    if (hit) bucket.hits++;
  }

  /** The share of hits; NaN without lookups. */
  ratio(nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#bucketMs) - BUCKETS;
    let hits = 0;
    let lookups = 0;
    for (const bucket of this.#buckets) {
      if (bucket.start <= oldest) continue;
      hits += bucket.hits;
      lookups += bucket.lookups;
    }
    return hits / lookups;
  }
}
