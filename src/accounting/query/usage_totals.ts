/** Sums over lines of the usage log: exact, mergeable, in fixed memory. @module */

import { usdText } from "../../support/decimal.ts";
import { LogHistogram } from "../../support/log_histogram.ts";
import type { UsageRow } from "../usage_row.ts";

/** Below this, sums of numbers are still exact. */
const SAFE_SUM = 2 ** 52;

/** A sum of money: numbers while they are exact, a big integer beyond. */
export class MoneySum {
  #small = 0;
  #large = 0n;

  /** Adds 1e-12 USD. */
  add(pico: number | bigint): void {
    if (typeof pico === "bigint") this.#large += pico;
    else {
      this.#small += pico;
      if (this.#small >= SAFE_SUM) this.#carry();
    }
  }

  /** The sum in 1e-12 USD. */
  get pico(): bigint {
    this.#carry();
    return this.#large;
  }

  /** The sum as decimal text in USD. */
  get text(): string {
    return usdText(this.pico);
  }

  #carry(): void {
    this.#large += BigInt(this.#small);
    this.#small = 0;
  }
}

/** Sums over lines. */
export class UsageTotals {
  /** Lines. */
  requests = 0;
  /** Those that ended well. */
  successful = 0;
  /** Those whose cost is not known although they used something. */
  unpriced = 0;
  /** Billed prompt tokens. */
  inputTokens = 0;
  /** Billed completion tokens. */
  outputTokens = 0;
  /** Prompt tokens read from a cache. */
  cachedTokens = 0;
  /** Reasoning tokens. */
  reasoningTokens = 0;
  /** Known cost. */
  readonly cost: MoneySum = new MoneySum();
  /** Sum of durations in whole microseconds: exact in any order. */
  durationMicros = 0;
  /** Sum of times to the first content in whole microseconds. */
  ttftMicros = 0;
  /** Durations. */
  readonly durations: LogHistogram = new LogHistogram();
  /** Times to the first content, of streams alone. */
  readonly ttfts: LogHistogram = new LogHistogram();

  /** Adds a line. */
  add(row: UsageRow): void {
    this.requests++;
    if (row.outcome === "success") this.successful++;
    this.inputTokens += row.inputTokens;
    this.outputTokens += row.outputTokens;
    this.cachedTokens += row.cachedTokens;
    this.reasoningTokens += row.reasoningTokens;
    if (row.costPico !== null) this.cost.add(row.costPico);
    else if (row.costStatus !== "no-usage") this.unpriced++;
    this.durationMicros += Math.round(row.durationMs * 1000);
    this.durations.add(row.durationMs);
    if (row.ttftMs < 0) return;
    this.ttftMicros += Math.round(row.ttftMs * 1000);
    this.ttfts.add(row.ttftMs);
  }

  /** Adds other sums. */
  merge(other: UsageTotals): void {
    this.requests += other.requests;
    this.successful += other.successful;
    this.unpriced += other.unpriced;
    this.inputTokens += other.inputTokens;
    this.outputTokens += other.outputTokens;
    this.cachedTokens += other.cachedTokens;
    this.reasoningTokens += other.reasoningTokens;
    this.cost.add(other.cost.pico);
    this.durationMicros += other.durationMicros;
    this.ttftMicros += other.ttftMicros;
    this.durations.merge(other.durations);
    this.ttfts.merge(other.ttfts);
  }
}

/** Sums as they are answered. */
export interface TotalsView {
  /** How many requests, and how they ended. */
  readonly requests: {
    readonly total: number;
    readonly successful: number;
    readonly failed: number;
  };
  /** Tokens; cached ones are part of the input, reasoning of the output. */
  readonly tokens: {
    readonly input: number;
    readonly output: number;
    readonly cached: number;
    readonly reasoning: number;
    readonly total: number;
  };
  /** What is known of the cost, decimal text in USD. */
  readonly cost: {
    readonly total: string;
    readonly currency: "USD";
    readonly unpricedRequests: number;
  };
  /** Times in ms, `null` without any. Percentiles are within 5 %. */
  readonly performance: {
    readonly avgDurationMs: number | null;
    readonly avgTtftMs: number | null;
    readonly p50DurationMs: number | null;
    readonly p95DurationMs: number | null;
    readonly p50TtftMs: number | null;
    readonly p95TtftMs: number | null;
  };
}

/** Puts sums as they are answered. */
export function totalsView(totals: UsageTotals): TotalsView {
  const { requests, successful, inputTokens, outputTokens } = totals;
  return {
    requests: { total: requests, successful, failed: requests - successful },
    tokens: {
      input: inputTokens,
      output: outputTokens,
      cached: totals.cachedTokens,
      reasoning: totals.reasoningTokens,
      total: inputTokens + outputTokens,
    },
    cost: {
      total: totals.cost.text,
      currency: "USD",
      unpricedRequests: totals.unpriced,
    },
    performance: {
      avgDurationMs: mean(totals.durationMicros, requests),
      avgTtftMs: mean(totals.ttftMicros, totals.ttfts.total),
      p50DurationMs: rounded(totals.durations.quantile(0.5)),
      p95DurationMs: rounded(totals.durations.quantile(0.95)),
      p50TtftMs: rounded(totals.ttfts.quantile(0.5)),
      p95TtftMs: rounded(totals.ttfts.quantile(0.95)),
    },
  };
}

function mean(micros: number, count: number): number | null {
  return count === 0 ? null : rounded(micros / count / 1000);
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}
