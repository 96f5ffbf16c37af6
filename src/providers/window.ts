/**
 * What one target did in the last minutes: ten slices of time, each of fixed
 * size, of which the oldest is dropped as a whole.
 *
 * @module
 */

import { LogHistogram } from "../support/log_histogram.ts";

/** One ended attempt, as a window counts it. */
export interface WindowSample {
  /** Whether it was answered; a failure has no times and tokens. */
  readonly answered: boolean;
  /** From the call to the end, ms. */
  readonly durationMs: number;
  /** From the call to the first content of a stream, ms; `null` where it was no stream. */
  readonly firstContentMs: number | null;
  /** Prompt tokens. */
  readonly inputTokens: number;
  /** Output tokens, reasoning included. */
  readonly outputTokens: number;
  /** What it cost in 1e-12 USD, `null` if it is not known. */
  readonly costPico: bigint | null;
}

/** How a target did in its window. */
export interface TargetPerformance {
  /** Attempts that say something of the target: answered or failed by its own fault. */
  readonly requests: number;
  /** Answered ones. */
  readonly answered: number;
  /** Share of answered ones, as if one more had been answered: 1 without any. */
  readonly successRate: number;
  /** Median time of an answer in ms, `null` without any. */
  readonly p50Ms: number | null;
  /** The time in ms that 95 % of answers keep. */
  readonly p95Ms: number | null;
  /** Median time to the first content of a stream in ms. */
  readonly firstContentP50Ms: number | null;
  /** The time to the first content in ms that 95 % of streams keep. */
  readonly firstContentP95Ms: number | null;
  /** Output tokens per second of whole answers, streamed or not. */
  readonly tokensPerSecond: number | null;
  /** Tokens in and out. */
  readonly tokens: number;
  /** USD per million tokens, over the answers that could be priced. */
  readonly costPer1M: number | null;
}

const SLICES = 10;

/** Additive counts of a slice. */
class Counts {
  answered = 0;
  failed = 0;
  outputTokens = 0;
  outputMs = 0;
  tokens = 0;
  pricedTokens = 0;
  costPico = 0n;
  readonly durations: LogHistogram = new LogHistogram();
  readonly firstContents: LogHistogram = new LogHistogram();

  add(sample: WindowSample): void {
    if (!sample.answered) {
      this.failed++;
      return;
    }
    // Whole ms, so that what is added can be taken off again without a rest.
    const durationMs = Math.max(1, Math.round(sample.durationMs));
    const tokens = sample.inputTokens + sample.outputTokens;
    this.answered++;
    this.durations.add(durationMs);
    if (sample.firstContentMs !== null) {
      this.firstContents.add(sample.firstContentMs);
    }
    this.tokens += tokens;
    if (sample.outputTokens > 0) {
      this.outputTokens += sample.outputTokens;
      this.outputMs += durationMs;
    }
    if (sample.costPico !== null && tokens > 0) {
      this.pricedTokens += tokens;
      this.costPico += sample.costPico;
    }
  }

  subtract(other: Counts): void {
    this.answered -= other.answered;
    this.failed -= other.failed;
    this.outputTokens -= other.outputTokens;
    this.outputMs -= other.outputMs;
    this.tokens -= other.tokens;
    this.pricedTokens -= other.pricedTokens;
    this.costPico -= other.costPico;
    this.durations.subtract(other.durations);
    this.firstContents.subtract(other.firstContents);
  }

  clear(): void {
    this.answered = 0;
    this.failed = 0;
    this.outputTokens = 0;
    this.outputMs = 0;
    this.tokens = 0;
    this.pricedTokens = 0;
    this.costPico = 0n;
    this.durations.clear();
    this.firstContents.clear();
  }
}

/** The window of one target. */
export class RollingWindow {
  readonly #sliceMs: number;
  readonly #slices: (Counts | undefined)[] = new Array(SLICES).fill(undefined);
  readonly #sum = new Counts();
  #slice: number;
  #summary: TargetPerformance | null = null;

  /** Begins at `nowMs` of a clock that never goes back. */
  constructor(windowMs: number, nowMs: number) {
    this.#sliceMs = windowMs / SLICES;
    this.#slice = Math.floor(nowMs / this.#sliceMs);
  }

  /** Counts an attempt. */
  add(sample: WindowSample, nowMs: number): void {
    this.#advance(nowMs);
    const place = this.#slice % SLICES;
    const counts = this.#slices[place] ??= new Counts();
    counts.add(sample);
    this.#sum.add(sample);
    this.#summary = null;
  }

  /** Sums up what is not older than the window, `null` if there is nothing. */
  read(nowMs: number): TargetPerformance | null {
    this.#advance(nowMs);
    const { answered, failed } = this.#sum;
    if (answered + failed === 0) return null;
    this.#summary ??= summaryOf(this.#sum);
    return this.#summary;
  }

  /** Drops the slices that have become too old. */
  #advance(nowMs: number): void {
    const slice = Math.floor(nowMs / this.#sliceMs);
    if (slice <= this.#slice) return;
    const steps = Math.min(slice - this.#slice, SLICES);
    for (let step = 1; step <= steps; step++) {
      const old = this.#slices[(this.#slice + step) % SLICES];
      if (old === undefined) continue;
      this.#sum.subtract(old);
      old.clear();
    }
    this.#slice = slice;
    this.#summary = null;
  }
}

function summaryOf(sum: Counts): TargetPerformance {
  const requests = sum.answered + sum.failed;
  return {
    requests,
    answered: sum.answered,
    successRate: (sum.answered + 1) / (requests + 1),
    p50Ms: sum.durations.quantile(0.5),
    p95Ms: sum.durations.quantile(0.95),
    firstContentP50Ms: sum.firstContents.quantile(0.5),
    firstContentP95Ms: sum.firstContents.quantile(0.95),
    tokensPerSecond: sum.outputMs === 0
      ? null
      : sum.outputTokens * 1000 / sum.outputMs,
    tokens: sum.tokens,
    // 1e-12 USD per token is 1e-6 USD per million tokens.
    costPer1M: sum.pricedTokens === 0
      ? null
      : Number(sum.costPico) / sum.pricedTokens / 1e6,
  };
}
