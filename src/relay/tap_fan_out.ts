/** Tells every tap every event; what a tap throws stays here. @module */

import type { ExchangeEvent, Tap } from "../exchange/events.ts";

/** The one place where taps are called. */
export class TapFanOut {
  readonly #taps: readonly Tap[];
  readonly #onError: (tap: string, error: unknown) => void;

  /** Tells `taps` in order; a throwing one is reported by name to `onError`. */
  constructor(
    taps: readonly Tap[],
    onError: (tap: string, error: unknown) => void,
  ) {
    this.#taps = taps;
    this.#onError = onError;
  }

  /** Whether some tap wants the bytes now: else those events are not made. */
  get wantsBytes(): boolean {
    for (const tap of this.#taps) if (tap.wantsBytes) return true;
    return false;
  }

  /** Tells every tap. Never throws. */
  emit(event: ExchangeEvent): void {
    for (const tap of this.#taps) {
      try {
        tap.on(event);
      } catch (error) {
        this.#onError(tap.name, error);
      }
    }
  }
}
