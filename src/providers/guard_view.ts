/** A breaker or resting key, as people see it. @module */

import type { BreakerState } from "./breaker.ts";

/** A breaker or resting key. Times are ms since the epoch. */
export interface GuardView {
  /** `provider/model`; of a key `provider#position`, with the model where it rests for one. */
  readonly name: string;
  /** What it is. */
  readonly kind: "target" | "key";
  /** Where it stands. */
  readonly state: BreakerState;
  /** Failures in a row; of a key its rests in a row. */
  readonly failures: number;
  /** When it opened, `null` while it is closed. */
  readonly openedAtMs: number | null;
  /** When it may be tried again, `null` while it is closed. */
  readonly retryAtMs: number | null;
  /** Why it opened, `null` while it is closed. */
  readonly reason: string | null;
}
