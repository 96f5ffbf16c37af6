/** How every target did lately: a tap that feeds one rolling window per target. @module */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import type { FailureKind } from "../exchange/failure.ts";
import { totalInput, totalOutput } from "../exchange/usage.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import {
  RollingWindow,
  type TargetPerformance,
  type WindowSample,
} from "./window.ts";

/** What is remembered, and for how long. */
export interface PerformanceOptions {
  /** Length of the windows in ms. @default {300000} */
  readonly windowMs?: number;
  /** Most targets; the one that was not called for the longest time goes first. @default {1000} */
  readonly maxTargets?: number;
  /** The clock. @default {SYSTEM_CLOCK} */
  readonly clock?: Pick<Clock, "monotonicMs">;
}

/** Failures that the client or the gateway brought about: they say nothing of the target. */
const NOT_THE_TARGETS: ReadonlySet<FailureKind> = new Set([
  "bad_request",
  "context_length",
  "content_filter",
  "untranslatable",
  "deadline",
]);

/** Listens to attempts, and tells how targets do. Outlives reloads: targets are known by their id. */
export class PerformanceWindows implements Tap {
  /** Shown when it throws. */
  readonly name = "performance";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["attempt-finished"];
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #maxTargets: number;
  /** In the order of their last attempts, the oldest first. */
  readonly #windows = new Map<string, RollingWindow>();
  #newest = "";
  #windowMs: number;
  #sweptMs: number;

  /** Begins with nothing known. */
  constructor(options: PerformanceOptions = {}) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#windowMs = options.windowMs ?? 300_000;
    this.#maxTargets = Math.max(1, options.maxTargets ?? 1000);
    this.#sweptMs = this.#clock.monotonicMs();
  }

  /** How many targets have a window. */
  get size(): number {
    return this.#windows.size;
  }

  /** Takes over the window of a new config; another length begins anew. */
  update(windowMs: number): void {
    if (windowMs === this.#windowMs) return;
    this.#windowMs = windowMs;
    this.#windows.clear();
  }

  /** Tells how a target did in its window, `null` if it was not called in it. */
  of(targetId: string): TargetPerformance | null {
    return this.#windows.get(targetId)?.read(this.#clock.monotonicMs()) ?? null;
  }

  /** Counts an attempt that has ended. */
  record(targetId: string, sample: WindowSample): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#sweptMs >= this.#windowMs) this.#sweep(nowMs);
    const window = this.#windows.get(targetId) ??
      new RollingWindow(this.#windowMs, nowMs);
    window.add(sample, nowMs);
    // A map whose entries come and go is laid out anew all the time.
    if (targetId === this.#newest && this.#windows.has(targetId)) return;
    this.#newest = targetId;
    this.#windows.delete(targetId);
    this.#windows.set(targetId, window);
    if (this.#windows.size > this.#maxTargets) this.#dropOldest();
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (event.type !== "attempt-finished") return;
    const sample = sampleOf(event.attempt, event.exchange);
    if (sample !== null) this.record(event.attempt.target.id, sample);
  }

  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    for (const [id, window] of this.#windows) {
      if (window.read(nowMs) === null) this.#windows.delete(id);
    }
  }

  #dropOldest(): void {
    const oldest = this.#windows.keys().next();
    if (!oldest.done) this.#windows.delete(oldest.value);
  }
}

/** What an attempt says of its target, `null` if nothing. */
function sampleOf(attempt: Attempt, exchange: Exchange): WindowSample | null {
  const { outcome, usage, cost } = attempt;
  if (outcome === null || outcome.kind === "cancelled") return null;
  const failed = outcome.kind === "failed";
  if (failed && NOT_THE_TARGETS.has(outcome.failure.kind)) return null;
  const streamed = exchange.stream && attempt.firstContentMs >= 0;
  return {
    answered: !failed,
    durationMs: attempt.endedMs - attempt.startedMs,
    firstContentMs: streamed
      ? attempt.firstContentMs - attempt.startedMs
      : null,
    inputTokens: totalInput(usage.ledger),
    outputTokens: totalOutput(usage.ledger),
    costPico: cost?.totalPico ?? null,
  };
}
