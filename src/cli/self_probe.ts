/**
 * Asks the own listener at an interval and opens it anew when it is dead: the
 * runtime's accept loop ends for good, and silently, when the process runs out
 * of file descriptors.
 *
 * @module
 */

import {
  type CancelTimer,
  type Clock,
  SYSTEM_CLOCK,
} from "../support/clock.ts";
import type { Logger } from "../support/logger.ts";

/** A question to the listener. */
export interface ProbeCall {
  /** Whether it answered in time. */
  readonly answered: Promise<boolean>;
  /** Gives up. */
  cancel(): void;
}

/** What is probed and how. */
export interface SelfProbeOptions {
  /** Asks the listener; `null` while it does not listen. */
  probe(): ProbeCall | null;
  /** Connections that were accepted so far: a listener that takes others is only busy. */
  accepted(): number;
  /** Opens the listener anew. */
  reopen(): Promise<void>;
  /** Where failures are told. */
  readonly log: Logger;
  /** Pause between two questions. @default {5000} */
  readonly intervalMs?: number;
  /** The same after a failure. @default {500} */
  readonly retryMs?: number;
  /** Failures in a row before the listener is opened anew. @default {2} */
  readonly failures?: number;
  /** Time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
}

/** Watches one listener. */
export class SelfProbe implements Disposable {
  readonly #options: SelfProbeOptions;
  readonly #clock: Clock;
  #failed = 0;
  #acceptedBefore = 0;
  #reopened = 0;
  #stopped = false;
  #call: ProbeCall | null = null;
  #cancelTimer: CancelTimer | null = null;

  /** Begins to watch; the first question comes after a pause. */
  constructor(options: SelfProbeOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#schedule();
  }

  /** Questions in a row without an answer. */
  get failed(): number {
    return this.#failed;
  }

  /** Ends the watch. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    this.#call?.cancel();
  }

  #schedule(): void {
    if (this.#stopped) return;
    const { intervalMs = 5000, retryMs = 500 } = this.#options;
    this.#cancelTimer = this.#clock.setTimer(
      () => void this.#ask(),
      this.#failed === 0 ? intervalMs : retryMs,
    );
  }

  async #ask(): Promise<void> {
    const before = this.#options.accepted();
    const call = this.#options.probe();
    if (call === null) return this.#schedule();
    this.#call = call;
    const answered = await call.answered;
    this.#call = null;
    if (this.#stopped) return;
    if (answered) this.#alive();
    else await this.#dead(before);
    this.#schedule();
  }

  #alive(): void {
    if (this.#failed > 0) {
      this.#options.log.log("info", "listener answers again", {
        failedProbes: this.#failed,
        reopened: this.#reopened,
      });
    }
    this.#failed = 0;
    this.#reopened = 0;
  }

  async #dead(acceptedBefore: number): Promise<void> {
    const { log, failures = 2 } = this.#options;
    if (this.#failed === 0) {
      this.#acceptedBefore = acceptedBefore;
      log.log("warn", "listener does not answer its own probe");
    }
    this.#failed++;
    if (this.#failed < failures) return;
    const accepted = this.#options.accepted();
    if (accepted !== this.#acceptedBefore) {
      this.#acceptedBefore = accepted;
      return;
    }
    this.#reopened++;
    try {
      await this.#options.reopen();
    } catch (error) {
      // Once, not at every try: descriptors may be short for hours.
      if (this.#reopened > 1) return;
      log.log("error", "listener cannot be opened anew", {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
