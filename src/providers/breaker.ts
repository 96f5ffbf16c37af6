/**
 * The circuit breaker of one target: closed, open, half-open. Time moves it on
 * whenever it is looked at, by a clock that is given; it holds no timer.
 *
 * @module
 */

import { OutcomeWindow } from "./outcome_window.ts";

/** Where a breaker stands. */
export type BreakerState = "closed" | "open" | "half_open";

/** All states, as metrics name them. */
export const BREAKER_STATES: readonly BreakerState[] = [
  "closed",
  "open",
  "half_open",
];

/** When a breaker opens and for how long (`routing.breaker`). */
export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly consecutiveFailures: number;
  /** Share of failures that opens it. */
  readonly failureRatio: number;
  /** Attempts in the window before the share counts. */
  readonly minRequests: number;
  /** Window of the share, ms. */
  readonly windowMs: number;
  /** How long it stays open first, ms. */
  readonly openMs: number;
  /** How long it stays open at most, ms. */
  readonly maxOpenMs: number;
  /** Attempts that are let through to try it. */
  readonly halfOpenProbes: number;
}

/** What an attempt was let through as: handed back with its outcome. */
export interface Permit {
  /** The period of the breaker in which it began: what ends later says nothing of the next. */
  readonly period: number;
  /** Whether it took one of the places for probes. */
  readonly probe: boolean;
  /** Whether it began although the breaker was open: there was nobody else to call. */
  readonly forced: boolean;
}

/** What an attempt tells of its target. */
export type Verdict = "answered" | "failed" | "nothing";

/** What survives a restart. Times are ms of the clock that the breaker is given. */
export interface BreakerMemory {
  /** When it opened. */
  readonly openedAtMs: number;
  /** When it may be tried again. */
  readonly retryAtMs: number;
  /** Openings in a row without an answer between. */
  readonly openings: number;
  /** Whether the provider asked for the rest: no probe is needed after it. */
  readonly rest: boolean;
  /** Why, in a few words. */
  readonly reason: string;
}

/** One breaker. Every method takes the time, in ms of a clock that never goes back. */
export class Breaker {
  readonly #onChange: (state: BreakerState) => void;
  #settings: BreakerSettings;
  #window: OutcomeWindow;
  #state: BreakerState = "closed";
  #told: BreakerState = "closed";
  #period = 0;
  #failures = 0;
  #openings = 0;
  #openedAtMs = -Infinity;
  #retryAtMs = -Infinity;
  #restsUntilMs = -Infinity;
  #probes = 0;
  #answeredProbes = 0;
  #reason = "";
  #touchedMs: number;

  /** Begins closed; `onChange` hears of every change of state. */
  constructor(
    settings: BreakerSettings,
    nowMs: number,
    onChange: (state: BreakerState) => void,
  ) {
    this.#settings = settings;
    this.#window = new OutcomeWindow(settings.windowMs, nowMs);
    this.#onChange = onChange;
    this.#touchedMs = nowMs;
  }

  /** Takes over the numbers of a new config; what was counted stays, unless the window has another length. */
  update(settings: BreakerSettings, nowMs: number): void {
    if (settings.windowMs !== this.#settings.windowMs) {
      this.#window = new OutcomeWindow(settings.windowMs, nowMs);
    }
    this.#settings = settings;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** When it opened or began to rest; -Infinity if never. */
  get openedAtMs(): number {
    return this.#openedAtMs;
  }

  /** When it may be tried again; only means something while it is open. */
  get retryAtMs(): number {
    return Math.max(this.#restsUntilMs, this.#retryAtMs);
  }

  /** Why it opened, in a few words. */
  get reason(): string {
    return this.#reason;
  }

  /** When an attempt was last let through or ended. */
  get touchedMs(): number {
    return this.#touchedMs;
  }

  /** Where it stands now. */
  state(nowMs: number): BreakerState {
    if (this.#state === "open" && nowMs >= this.#retryAtMs) {
      this.#enter("half_open");
    }
    const state = nowMs < this.#restsUntilMs ? "open" : this.#state;
    if (state !== this.#told) {
      this.#told = state;
      this.#onChange(state);
    }
    return state;
  }

  /** Whether an attempt may begin now. */
  mayTry(nowMs: number): boolean {
    const state = this.state(nowMs);
    return state === "closed" ||
      (state === "half_open" && this.#probes < this.#settings.halfOpenProbes);
  }

  /** Lets an attempt begin, or `null` if it may not. `force`: there is nobody else to call. */
  take(nowMs: number, force: boolean): Permit | null {
    const may = this.mayTry(nowMs);
    if (!may && !force) return null;
    const probe = may && this.#state === "half_open";
    if (probe) this.#probes++;
    this.#touchedMs = nowMs;
    return { period: this.#period, probe, forced: !may };
  }

  /**
   * Hears how an attempt ended. `openMs` is how long this kind of failure
   * keeps it open at most the first time, 0 if it never opens it.
   */
  settle(
    permit: Permit,
    verdict: Verdict,
    nowMs: number,
    openMs = this.#settings.openMs,
    reason = "",
  ): void {
    this.state(nowMs);
    this.#touchedMs = nowMs;
    if (permit.period !== this.#period) {
      // A forced attempt that outlived the open period is as good as a probe.
      const proven = permit.forced && verdict === "answered";
      if (proven && this.#state !== "closed") this.#close(nowMs);
      return;
    }
    if (permit.probe) this.#probes--;
    if (verdict === "answered") this.#answered(permit, nowMs);
    if (verdict === "failed") this.#failed(permit, nowMs, openMs, reason);
  }

  /** Lets it rest because the provider asked for it: no probe is needed afterwards. */
  rest(untilMs: number, nowMs: number, reason: string): void {
    if (untilMs <= Math.max(nowMs, this.#restsUntilMs)) return;
    if (nowMs >= this.#restsUntilMs) this.#openedAtMs = nowMs;
    this.#restsUntilMs = untilMs;
    this.#reason = reason;
    this.#touchedMs = nowMs;
    this.state(nowMs);
  }

  /** Closes it, whatever was. */
  reset(nowMs: number): void {
    this.#restsUntilMs = -Infinity;
    this.#close(nowMs);
  }

  /** What must survive a restart, `null` if there is nothing. */
  memory(nowMs: number): BreakerMemory | null {
    const state = this.state(nowMs);
    if (state === "closed") return null;
    return {
      openedAtMs: this.#openedAtMs,
      retryAtMs: this.retryAtMs,
      openings: this.#openings,
      rest: this.#state === "closed",
      reason: this.#reason,
    };
  }

  /** Takes up what was before a restart; a rest that has ended meanwhile is probed first. */
  restore(memory: BreakerMemory, nowMs: number): void {
    this.#openedAtMs = memory.openedAtMs;
    this.#openings = memory.openings;
    this.#reason = memory.reason;
    if (memory.rest) this.#restsUntilMs = memory.retryAtMs;
    else {
      this.#retryAtMs = memory.retryAtMs;
      this.#enter("open");
    }
    this.state(nowMs);
  }

  #answered(permit: Permit, nowMs: number): void {
    this.#failures = 0;
    this.#window.add(true, nowMs);
    if (this.#state === "closed") return;
    if (permit.probe) this.#answeredProbes++;
    const enough = this.#answeredProbes >= this.#settings.halfOpenProbes;
    if (enough || !permit.probe) this.#close(nowMs);
  }

  #failed(
    permit: Permit,
    nowMs: number,
    openMs: number,
    reason: string,
  ): void {
    this.#failures++;
    this.#window.add(false, nowMs);
    if (openMs <= 0) return;
    if (this.#state === "half_open" && permit.probe) {
      return this.#open(nowMs, openMs, reason);
    }
    if (this.#state !== "closed") return;
    const { consecutiveFailures, failureRatio, minRequests } = this.#settings;
    const { requests, failed } = this.#window.read(nowMs);
    if (
      this.#failures >= consecutiveFailures ||
      (requests >= minRequests && failed >= failureRatio * requests)
    ) this.#open(nowMs, openMs, reason);
  }

  #open(nowMs: number, openMs: number, reason: string): void {
    const first = Math.min(openMs, this.#settings.openMs);
    const lastsMs = first * 2 ** Math.min(this.#openings, 30);
    this.#openings++;
    this.#openedAtMs = nowMs;
    this.#retryAtMs = nowMs + Math.min(this.#settings.maxOpenMs, lastsMs);
    this.#reason = reason;
    this.#enter("open");
    this.state(nowMs);
  }

  #close(nowMs: number): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#retryAtMs = -Infinity;
    // What was counted before says nothing of the target as it is now.
    this.#window.clear();
    this.#enter("closed");
    this.state(nowMs);
  }

  #enter(state: BreakerState): void {
    this.#state = state;
    this.#period++;
    this.#probes = 0;
    this.#answeredProbes = 0;
  }
}
