/**
 * How healthy providers are: the share of answered attempts, smoothed over
 * time, times how usable the provider's targets are, times how fast it begins
 * to answer compared with what it is used to.
 *
 * @module
 */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import { FAILURE_RULES } from "../exchange/failure.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { DecayedMean } from "./decayed_mean.ts";

/** How a provider does. */
export interface ProviderHealth {
  /** 0 (down) to 1; 1 without data. */
  readonly score: number;
  /** Share of answered attempts, the recent ones counting more; 1 without data. */
  readonly successRate: number;
  /** How usable its targets are: breakers and resting keys. */
  readonly usability: number;
  /** Time to the first content of streams lately in ms, `null` without any. */
  readonly firstContentMs: number | null;
  /** What it is used to, ms. */
  readonly baselineMs: number | null;
  /** Attempts that say something of it since the start. */
  readonly attempts: number;
}

/** The baseline moves so much more slowly than what is compared with it. */
const BASELINE_FACTOR = 60;
/** Streams before the speed counts. */
const MIN_STREAMS = 5;
/** Below a tenth of a second differences are noise. */
const LEAST_BASELINE_MS = 100;

class ProviderRecord {
  attempts = 0;
  readonly success: DecayedMean;
  readonly firstContent: DecayedMean;
  readonly baseline: DecayedMean;
  streams = 0;

  constructor(halfLifeMs: number) {
    this.success = new DecayedMean(halfLifeMs);
    this.firstContent = new DecayedMean(halfLifeMs);
    this.baseline = new DecayedMean(halfLifeMs * BASELINE_FACTOR);
  }
}

/** Hears how attempts end, and scores providers. Outlives reloads. */
export class HealthScores implements Tap {
  /** The tap's name. */
  readonly name = "health";
  /** It needs no bytes. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["attempt-finished"];
  readonly #usability: (provider: string) => number;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #records = new Map<string, ProviderRecord>();
  #halfLifeMs: number;

  /** Begins without data; `usability` gives the factor of breakers and keys. */
  constructor(
    halfLifeMs: number,
    usability: (provider: string) => number,
    clock: Pick<Clock, "monotonicMs"> = SYSTEM_CLOCK,
  ) {
    this.#halfLifeMs = halfLifeMs;
    this.#usability = usability;
    this.#clock = clock;
  }

  /** Takes over the half-life of a new config; another one begins anew. */
  update(halfLifeMs: number): void {
    if (halfLifeMs === this.#halfLifeMs) return;
    this.#halfLifeMs = halfLifeMs;
    this.#records.clear();
  }

  /** Forgets providers that are gone. */
  retain(isKnown: (provider: string) => boolean): void {
    for (const provider of [...this.#records.keys()]) {
      if (!isKnown(provider)) this.#records.delete(provider);
    }
  }

  /** Hears of attempts; what the client or the gateway brought about says nothing. */
  on(event: ExchangeEvent): void {
    if (event.type !== "attempt-finished") return;
    const { attempt, exchange } = event;
    const { outcome, target } = attempt;
    if (outcome === null || outcome.kind === "cancelled") return;
    const answered = outcome.kind === "answered";
    if (
      !answered && !FAILURE_RULES[outcome.failure.kind].countsAgainstTarget
    ) return;
    const nowMs = this.#clock.monotonicMs();
    const record = this.#record(target.provider);
    record.attempts++;
    record.success.add(answered ? 1 : 0, nowMs);
    if (!answered || !exchange.stream || attempt.firstContentMs < 0) return;
    const waitMs = attempt.firstContentMs - attempt.startedMs;
    record.streams++;
    record.firstContent.add(waitMs, nowMs);
    record.baseline.add(waitMs, nowMs);
  }

  /** Scores a provider. */
  of(provider: string): ProviderHealth {
    const nowMs = this.#clock.monotonicMs();
    const usability = this.#usability(provider);
    const record = this.#records.get(provider);
    if (record === undefined) {
      return {
        score: usability,
        successRate: 1,
        usability,
        firstContentMs: null,
        baselineMs: null,
        attempts: 0,
      };
    }
    // As if one more had been answered: what decays without new data ends at 1.
    const successRate = record.success.meanWith(1, nowMs);
    const firstContentMs = record.firstContent.mean(nowMs);
    const baselineMs = record.baseline.mean(nowMs);
    return {
      score: successRate * usability *
        speedFactor(record.streams, firstContentMs, baselineMs),
      successRate,
      usability,
      firstContentMs,
      baselineMs,
      attempts: record.attempts,
    };
  }

  #record(provider: string): ProviderRecord {
    const known = this.#records.get(provider);
    if (known !== undefined) return known;
    const record = new ProviderRecord(this.#halfLifeMs);
    this.#records.set(provider, record);
    return record;
  }
}

function speedFactor(
  streams: number,
  firstContentMs: number | null,
  baselineMs: number | null,
): number {
  if (streams < MIN_STREAMS || firstContentMs === null) return 1;
  const usual = Math.max(LEAST_BASELINE_MS, baselineMs ?? 0);
  return Math.min(1, usual / Math.max(1, firstContentMs));
}
