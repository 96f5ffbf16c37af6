/**
 * Decides whether a request may run now, must wait, or is refused: places for
 * all together and for each client, and shedding when the process is in trouble.
 *
 * @module
 */

import { type GatewayError, gatewayError } from "../exchange/gateway_error.ts";
import type { LimitName } from "./limits.ts";

/** The part of the limits that admission looks at. `0` switches a limit off. */
export interface AdmissionLimits {
  /** Admitted requests that run at once. */
  readonly maxConcurrent: number;
  /** Requests that wait for a place. */
  readonly queueLength: number;
  /** How long a request waits for a place, ms. */
  readonly queueWaitMs: number;
  /** Resident memory above which requests are refused, bytes. */
  readonly maxRssBytes: number;
  /** Loop delay above which, if it lasts, requests are refused, ms. */
  readonly shedAtLoopDelayMs: number;
}

/** A request that wants a place. */
export interface Applicant {
  /** Whose it is. */
  readonly clientName: string;
  /** Most requests of that client at once, 0 for any number. */
  readonly clientConcurrent: number;
  /** It waited and may run now. */
  onAdmitted(): void;
  /** It waited for too long. */
  onRefused(error: GatewayError): void;
}

/** Refused: why, and under which limit it is counted. */
export interface Refusal {
  /** What the client is told. */
  readonly error: GatewayError;
  /** The limit that was hit. */
  readonly limit: LimitName;
}

/** How long a high loop delay must last before requests are refused, ms. */
const LASTING_DELAY_MS = 2000;

interface Waiting {
  readonly applicant: Applicant;
  readonly timer: ReturnType<typeof setTimeout> | null;
}

/** Counts places. One per server; survives a reload of the limits. */
export class Admission {
  #limits: AdmissionLimits;
  readonly #onLimit: (limit: LimitName) => void;
  readonly #perClient = new Map<string, number>();
  #queue: Waiting[] = [];
  #running = 0;
  #slowSinceMs = -1;
  #shedding: Refusal | null = null;

  /** Starts with all places free. `onLimit` hears of requests that waited in vain. */
  constructor(limits: AdmissionLimits, onLimit: (limit: LimitName) => void) {
    this.#limits = limits;
    this.#onLimit = onLimit;
  }

  /** Requests that hold a place. */
  get running(): number {
    return this.#running;
  }

  /** Requests that wait for one. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** The limit because of which everything is refused just now, or `null`. */
  get shedding(): LimitName | null {
    return this.#shedding?.limit ?? null;
  }

  /** Takes new limits; who runs goes on. */
  update(limits: AdmissionLimits): void {
    this.#limits = limits;
    this.#fill();
  }

  /** Asks for a place. `null`: it waits and will be told. */
  enter(applicant: Applicant): true | null | Refusal {
    if (this.#shedding !== null) return this.#shedding;
    const held = this.#perClient.get(applicant.clientName) ?? 0;
    const most = applicant.clientConcurrent;
    if (most > 0 && held >= most) return clientRefusal(most);
    const { maxConcurrent, queueLength } = this.#limits;
    const full = maxConcurrent > 0 && this.#running >= maxConcurrent;
    if (full && this.#queue.length >= queueLength) {
      return overloaded("maxConcurrent", "too many requests are running");
    }
    this.#perClient.set(applicant.clientName, held + 1);
    if (full) {
      this.#wait(applicant);
      return null;
    }
    this.#running++;
    return true;
  }

  /** Gives back the place of a request that was admitted. */
  leave(applicant: Applicant): void {
    this.#running--;
    this.#forget(applicant);
    this.#fill();
  }

  /** Takes a request that waits out of the queue. */
  abandon(applicant: Applicant): void {
    const index = this.#queue.findIndex((entry) =>
      entry.applicant === applicant
    );
    if (index < 0) return;
    const [entry] = this.#queue.splice(index, 1);
    if (entry?.timer) clearTimeout(entry.timer);
    this.#forget(applicant);
  }

  /** Takes a look at the state of the process, several times a second. */
  observe(nowMs: number, loopDelayMs: number, rssBytes: number): void {
    const { shedAtLoopDelayMs, maxRssBytes } = this.#limits;
    if (shedAtLoopDelayMs === 0 || loopDelayMs <= shedAtLoopDelayMs) {
      this.#slowSinceMs = -1;
    } else if (this.#slowSinceMs < 0) {
      // The delay has lasted as long as it is.
      this.#slowSinceMs = nowMs - loopDelayMs;
    }
    const slow = this.#slowSinceMs >= 0 &&
      nowMs - this.#slowSinceMs >= LASTING_DELAY_MS;
    if (maxRssBytes > 0 && rssBytes > maxRssBytes) {
      this.#shedding = overloaded("maxRssBytes", "memory is short");
    } else if (slow) {
      this.#shedding = overloaded("shedAtLoopDelayMs", "the process is busy");
    } else {
      this.#shedding = null;
    }
  }

  #wait(applicant: Applicant): void {
    const { queueWaitMs } = this.#limits;
    const timer = queueWaitMs === 0
      ? null
      : setTimeout(() => this.#waitedTooLong(applicant), queueWaitMs);
    this.#queue.push({ applicant, timer });
  }

  #waitedTooLong(applicant: Applicant): void {
    this.abandon(applicant);
    this.#onLimit("queueWaitMs");
    applicant.onRefused(
      overloaded("queueWaitMs", "no place became free in time").error,
    );
  }

  #fill(): void {
    const { maxConcurrent } = this.#limits;
    while (maxConcurrent === 0 || this.#running < maxConcurrent) {
      const entry = this.#queue.shift();
      if (entry === undefined) return;
      if (entry.timer !== null) clearTimeout(entry.timer);
      this.#running++;
      entry.applicant.onAdmitted();
    }
  }

  #forget(applicant: Applicant): void {
    const held = (this.#perClient.get(applicant.clientName) ?? 1) - 1;
    if (held > 0) this.#perClient.set(applicant.clientName, held);
    else this.#perClient.delete(applicant.clientName);
  }
}

function clientRefusal(most: number): Refusal {
  return {
    limit: "clientConcurrent",
    error: gatewayError(
      "rate_limit",
      `Cannot run another request of this client: ${most} run at once already`,
      { retryAfterMs: 1000 },
    ),
  };
}

function overloaded(limit: LimitName, why: string): Refusal {
  return {
    limit,
    error: gatewayError(
      "overloaded",
      `Cannot take the request now: ${why}; try again`,
      { retryAfterMs: 1000 },
    ),
  };
}
