/** What a guard of targets obeys, answers and tells. @module */

import type { BreakerSettings, BreakerState } from "./breaker.ts";
import type { CooldownSettings } from "./cooldowns.ts";

/** The numbers of the config (`routing.breaker`, `routing.cooldownMs`, `routing.stateTtlMs`). */
export interface GuardSettings {
  /** When breakers open; not `enabled`: no target is ever left out. */
  readonly breaker: BreakerSettings & { readonly enabled: boolean };
  /** How long keys and targets rest. */
  readonly cooldownMs: CooldownSettings;
  /** How long a breaker is kept that nobody asks for, ms. */
  readonly stateTtlMs: number;
}

/** Whether a target may be called now. */
export type GuardAnswer =
  | { readonly usable: true; readonly note: string | null }
  | {
    readonly usable: false;
    readonly reason: string;
    readonly retryAfterMs: number | null;
    readonly lastResort: boolean;
    readonly rateLimited: boolean;
  };

/** What the guard tells others. */
export interface GuardHooks {
  /** A breaker has changed its state. */
  onTransition(target: string, state: BreakerState): void;
  /** Something changed that must survive a restart. */
  onChange(): void;
}
