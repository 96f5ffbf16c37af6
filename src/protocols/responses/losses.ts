/** Collects what a translation could not carry over, each field once. @module */

import type { Loss } from "../canonical.ts";

/** The losses of one translated request. */
export class Losses {
  readonly #byField = new Map<string, Loss>();

  /** Records that `field` was not carried over; `reason` is one clause. */
  add(field: string, reason: string): void {
    if (!this.#byField.has(field)) this.#byField.set(field, { field, reason });
  }

  /** What was recorded, in order. */
  get all(): Loss[] {
    return [...this.#byField.values()];
  }
}
