/** Metrics of registered heads. They are only shown while heads are switched on. @module */

import type { Registry } from "./registry.ts";

/** Who knows of heads. */
export interface HeadSources {
  /** Whether heads may register. */
  enabled(): boolean;
  /** Heads that take requests now. */
  active(): number;
  /** `routing.heads.minimum`. */
  minimum(): number;
}

/** Counts what heads do, and exposes how many there are. */
export class HeadMetrics {
  readonly #rejected = new Map<string, number>();
  #registrations = 0;
  #updates = 0;

  /** Registers the families; `reasons` are shown as 0 from the start. */
  constructor(
    registry: Registry,
    sources: HeadSources,
    reasons: readonly string[],
  ) {
    for (const reason of reasons) this.#rejected.set(reason, 0);
    const whileEnabled = (name: string, value: () => number) =>
      registry.collect(name, (emit) => {
        if (sources.enabled()) emit(value());
      });
    whileEnabled("active_heads", () => sources.active());
    whileEnabled("signalbox_heads_minimum", () => sources.minimum());
    whileEnabled("head_registrations_total", () => this.#registrations);
    whileEnabled("head_status_updates_total", () => this.#updates);
    registry.collect("signalbox_heads_rejected_total", (emit) => {
      if (!sources.enabled()) return;
      for (const [reason, count] of this.#rejected) emit(count, reason);
    });
  }

  /** Counts a registration. */
  registered(): void {
    this.#registrations++;
  }

  /** Counts a heartbeat or change of status. */
  updated(): void {
    this.#updates++;
  }

  /** Counts a registration that was refused. */
  rejected(reason: string): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1);
  }
}
