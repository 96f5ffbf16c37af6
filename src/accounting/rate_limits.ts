/**
 * Requests and tokens per minute of each client, over the last sixty seconds
 * and not by the clock's minute: at no time are there more than the limit.
 *
 * @module
 */

import { IsoTime } from "../support/clock.ts";

/** A minute is kept in this many slots; what is counted leaves with its slot. */
const SLOTS = 240;
const MINUTE_MS = 60_000;
const SLOT_MS = MINUTE_MS / SLOTS;
/** One more than a minute: the slot that fills is not whole yet. */
const RING = SLOTS + 1;

/** A sum over the last minute. */
export class MinuteWindow {
  readonly #slots = new Float64Array(RING);
  #slot = -Infinity;
  #sum = 0;

  /** The sum at `nowMs` (a clock that never goes back). */
  sum(nowMs: number): number {
    this.#advance(nowMs);
    return this.#sum;
  }

  /** Adds an amount that counts from `atMs` on; a negative one takes back what was counted too much then. */
  add(amount: number, nowMs: number, atMs: number = nowMs): void {
    this.#advance(nowMs);
    const slot = Math.floor(atMs / SLOT_MS);
    if (slot > this.#slot || this.#slot - slot >= RING) return;
    const index = this.#index(slot);
    this.#slots[index] = (this.#slots[index] ?? 0) + amount;
    this.#sum += amount;
  }

  /** Ms until the sum is at most `most`; 0 if it is now. */
  msUntil(most: number, nowMs: number): number {
    this.#advance(nowMs);
    if (this.#sum <= most) return 0;
    // From the newest on: what is asked most, how long until all is gone, is told by the first.
    let sum = 0;
    for (let age = 0; age < RING; age++) {
      sum += this.#slots[this.#index(this.#slot - age)] ?? 0;
      if (sum > most) return this.#leavesAtMs(age) - nowMs;
    }
    return this.#leavesAtMs(0) - nowMs;
  }

  #index(slot: number): number {
    return ((slot % RING) + RING) % RING;
  }

  /** When a slot of this age has left the window. */
  #leavesAtMs(age: number): number {
    return (this.#slot - age + RING) * SLOT_MS;
  }

  #advance(nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS);
    if (slot <= this.#slot) return;
    if (slot - this.#slot >= RING) {
      this.#slots.fill(0);
      this.#sum = 0;
    } else {
      for (let next = this.#slot + 1; next <= slot; next++) {
        const index = this.#index(next);
        this.#sum -= this.#slots[index] ?? 0;
        this.#slots[index] = 0;
      }
    }
    this.#slot = slot;
  }
}

/** What a client may ask for in a minute; 0: no limit. */
export interface ClientLimits {
  /** Most requests. */
  readonly requestsPerMinute: number;
  /** Most tokens, input and output. */
  readonly tokensPerMinute: number;
}

/** How a client stands with one of its limits. */
export interface LimitState {
  /** The limit. */
  readonly limit: number;
  /** What is left of it. */
  readonly remaining: number;
  /** Ms until all of it is there again. */
  readonly resetMs: number;
}

/** Whether a request may go on. */
export interface LimitCheck {
  /** The limit that refuses it, `null` if none does. */
  readonly refusedBy: "requests" | "tokens" | null;
  /** Ms until it would fit, `null` if it never does. */
  readonly retryAfterMs: number | null;
  /** Requests, `null` without a limit. */
  readonly requests: LimitState | null;
  /** Tokens, `null` without a limit. */
  readonly tokens: LimitState | null;
}

/** The windows of one client. */
export class ClientWindow {
  readonly #requests = new MinuteWindow();
  readonly #tokens = new MinuteWindow();

  /** Counts a request of about `tokens` (0: it takes none) if it fits; one that does not fit is not counted. */
  enter(limits: ClientLimits, tokens: number, nowMs: number): LimitCheck {
    const { requestsPerMinute: rpm, tokensPerMinute: tpm } = limits;
    const noRequest = rpm > 0 && this.#requests.sum(nowMs) + 1 > rpm;
    const noTokens = tpm > 0 && tokens > 0 &&
      this.#tokens.sum(nowMs) + tokens > tpm;
    const refusedBy = noRequest ? "requests" : noTokens ? "tokens" : null;
    let retryAfterMs: number | null = null;
    if (refusedBy === null) {
      if (rpm > 0) this.#requests.add(1, nowMs);
      if (tpm > 0) this.#tokens.add(tokens, nowMs);
    } else if (tpm === 0 || tokens <= tpm) {
      retryAfterMs = Math.max(
        noRequest ? this.#requests.msUntil(rpm - 1, nowMs) : 0,
        noTokens ? this.#tokens.msUntil(tpm - tokens, nowMs) : 0,
      );
    }
    return {
      refusedBy,
      retryAfterMs,
      requests: rpm > 0 ? state(this.#requests, rpm, nowMs) : null,
      tokens: tpm > 0 ? state(this.#tokens, tpm, nowMs) : null,
    };
  }

  /** Corrects the tokens of a request that was counted at `atMs`: by how many it took more or fewer. */
  correct(difference: number, nowMs: number, atMs: number): void {
    this.#tokens.add(difference, nowMs, atMs);
  }
}

function state(window: MinuteWindow, limit: number, nowMs: number): LimitState {
  return {
    limit,
    remaining: Math.max(0, Math.floor(limit - window.sum(nowMs))),
    resetMs: Math.ceil(window.msUntil(0, nowMs)),
  };
}

/** The headers that say so, in the words of the client's protocol, alternating; `time` writes moments. */
export function limitHeaders(
  check: LimitCheck,
  anthropic: boolean,
  wallMs: number,
  time: IsoTime = new IsoTime(),
): string[] {
  const headers: string[] = [];
  for (const kind of ["requests", "tokens"] as const) {
    const found = check[kind];
    if (found === null) continue;
    const { limit, remaining, resetMs } = found;
    if (anthropic) {
      // Whole seconds, never before the time.
      const resetAt = Math.ceil((wallMs + resetMs) / 1000) * 1000;
      headers.push(
        `anthropic-ratelimit-${kind}-limit`,
        String(limit),
        `anthropic-ratelimit-${kind}-remaining`,
        String(remaining),
        `anthropic-ratelimit-${kind}-reset`,
        time.format(resetAt).slice(0, 19) + "Z",
      );
    } else {
      headers.push(
        `x-ratelimit-limit-${kind}`,
        String(limit),
        `x-ratelimit-remaining-${kind}`,
        String(remaining),
        `x-ratelimit-reset-${kind}`,
        durationText(resetMs),
      );
    }
  }
  return headers;
}

/** `6ms`, `1.5s`, `1m0s`: how OpenAI writes durations. */
function durationText(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const minutes = Math.floor(ms / MINUTE_MS);
  const seconds = Math.ceil(ms - minutes * MINUTE_MS) / 1000;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
