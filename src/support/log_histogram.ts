/** Counts durations in buckets that grow by 9 %: quantiles within 5 % in fixed memory. @module */

/** Buckets per doubling. */
const PER_OCTAVE = 8;
/** The last bucket begins at 2^23.75 ms, which is four hours. */
const BUCKETS = 192;

/** Durations by size; histograms can be added to and taken from each other. */
export class LogHistogram {
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS);
  #total = 0;

  /** How many durations there are. */
  get total(): number {
    return this.#total;
  }

  /** Counts a duration. */
  add(ms: number): void {
    const bucket = ms <= 1 ? 0 : Math.ceil(Math.log2(ms) * PER_OCTAVE);
    const index = Math.min(bucket, BUCKETS - 1);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total++;
  }

  /** Counts `count` durations of one bucket, as {@linkcode LogHistogram.buckets} gave it. */
  addBucket(bucket: number, count: number): void {
    if (bucket < 0 || bucket >= BUCKETS) return;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    this.#total += count;
  }

  /** Takes in the durations of another histogram. */
  merge(other: LogHistogram): void {
    if (other.#total === 0) return;
    for (let index = 0; index < BUCKETS; index++) {
      this.#counts[index] = (this.#counts[index] ?? 0) +
        (other.#counts[index] ?? 0);
    }
    this.#total += other.#total;
  }

  /** The buckets that are not empty, with their counts. */
  *buckets(): Generator<readonly [bucket: number, count: number]> {
    for (const [index, count] of this.#counts.entries()) {
      if (count > 0) yield [index, count];
    }
  }

  /** Takes the durations of another histogram out of this one, which has them all. */
  subtract(other: LogHistogram): void {
    if (other.#total === 0) return;
    for (let index = 0; index < BUCKETS; index++) {
      this.#counts[index] = (this.#counts[index] ?? 0) -
        (other.#counts[index] ?? 0);
    }
    this.#total -= other.#total;
  }

  /** Forgets everything. */
  clear(): void {
    if (this.#total === 0) return;
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** Tells the duration in ms that the share `quantile` of all do not exceed, `null` without any. */
  quantile(quantile: number): number | null {
    if (this.#total === 0) return null;
    const rank = Math.max(1, Math.ceil(quantile * this.#total));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return middleOf(index);
    }
    return middleOf(BUCKETS - 1);
  }
}

/** The geometric middle of a bucket. */
function middleOf(index: number): number {
  return index === 0 ? 1 : 2 ** ((index - 0.5) / PER_OCTAVE);
}
