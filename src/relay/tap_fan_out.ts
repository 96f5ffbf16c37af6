/** Tells every tap the events that it hears; what a tap throws stays here. @module */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";

const TYPES: readonly ExchangeEventType[] = [
  "received",
  "request-body",
  "decided",
  "attempt-started",
  "upstream-request",
  "upstream-head",
  "first-byte",
  "first-content",
  "chunk",
  "attempt-finished",
  "finished",
];

const BYTES: readonly ExchangeEventType[] = [
  "request-body",
  "upstream-request",
  "chunk",
];

/** The one place where taps are called. */
export class TapFanOut {
  readonly #byType: Readonly<Record<ExchangeEventType, readonly Tap[]>>;
  readonly #ofBytes: readonly Tap[];
  readonly #onError: (tap: string, error: unknown) => void;

  /** Tells `taps` in order; a throwing one is reported by name to `onError`. */
  constructor(
    taps: readonly Tap[],
    onError: (tap: string, error: unknown) => void,
  ) {
    const hearing = (type: ExchangeEventType) =>
      taps.filter(({ hears }) => hears === undefined || hears.includes(type));
    this.#byType = Object.fromEntries(
      TYPES.map((type) => [type, hearing(type)]),
    ) as Record<ExchangeEventType, Tap[]>;
    this.#ofBytes = taps.filter((tap) =>
      BYTES.some((type) => this.#byType[type].includes(tap))
    );
    this.#onError = onError;
  }

  /** Whether some tap wants the bytes now: else those events are not made. */
  get wantsBytes(): boolean {
    for (const tap of this.#ofBytes) if (tap.wantsBytes) return true;
    return false;
  }

  /** Whether some tap hears events of a type: else they need not be made. */
  hears(type: ExchangeEventType): boolean {
    return this.#byType[type].length > 0;
  }

  /** Tells every tap that hears such events. Never throws. */
  emit(event: ExchangeEvent): void {
    for (const tap of this.#byType[event.type]) {
      try {
        tap.on(event);
      } catch (error) {
        this.#onError(tap.name, error);
      }
    }
  }
}
