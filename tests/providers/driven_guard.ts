/** A guard whose time and attempts a test drives. @module */

import type { TargetRef } from "../../src/exchange/decision.ts";
import type { Tap } from "../../src/exchange/events.ts";
import {
  Attempt,
  type AttemptOutcome,
  Exchange,
} from "../../src/exchange/exchange.ts";
import {
  type Failure,
  failure,
  type FailureKind,
} from "../../src/exchange/failure.ts";
import { configSchema } from "../../src/config/schema.ts";
import type { GuardSettings } from "../../src/providers/guard.ts";
import { TargetGuard } from "../../src/providers/target_guard.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** The documented defaults. */
export const ROUTING = configSchema.parse({}).routing;

/** Splits a target's id. */
export function target(id: string): TargetRef {
  const slash = id.indexOf("/");
  return { id, provider: id.slice(0, slash), model: id.slice(slash + 1) };
}

/** An exchange that has just begun. */
export function newExchange(stream = false): Exchange {
  const exchange = new Exchange({
    id: "01kafx9p3r8d7zq2m4n6v8w0yt",
    receivedAtMs: 0,
    startedMs: 0,
    endpoint: "/v1/chat/completions",
    protocol: "chat",
    operation: "generate",
    client: { name: "local", tier: "default" },
    clientIp: "127.0.0.1",
    clientRequestId: null,
  });
  exchange.stream = stream;
  return exchange;
}

/** A failed outcome. */
export function failed(
  kind: FailureKind,
  details: Partial<Failure> = {},
): AttemptOutcome {
  return { kind: "failed", failure: failure(kind, "told so", details) };
}

/** A guard with a clock. */
export class DrivenGuard {
  readonly clock: FakeClock = new FakeClock(1_800_000_000_000);
  readonly transitions: string[] = [];
  changes = 0;
  readonly guard: TargetGuard;

  constructor(settings: Partial<GuardSettings> = {}) {
    this.guard = new TargetGuard(
      { ...ROUTING, ...settings },
      {
        onTransition: (id, state) => this.transitions.push(`${id} ${state}`),
        onChange: () => this.changes++,
      },
      this.clock,
    );
  }

  /** Begins an attempt that was admitted, or `null` if it was not. */
  begin(id: string, keyIndex = -1, lastResort = false): Attempt | null {
    if (!this.guard.admit(target(id), lastResort)) return null;
    return startAttempt(this.guard, id, keyIndex);
  }

  /** Ends an attempt. */
  end(attempt: Attempt, outcome: AttemptOutcome): void {
    endAttempt(this.guard, attempt, outcome);
  }

  /** Begins and ends an attempt; `false` if it was not admitted. */
  attempt(id: string, outcome: AttemptOutcome, keyIndex = -1): boolean {
    const attempt = this.begin(id, keyIndex);
    if (attempt !== null) this.end(attempt, outcome);
    return attempt !== null;
  }

  usable(id: string): boolean {
    return this.guard.health(target(id)).usable;
  }
}

/** Tells a tap that an attempt begins. */
export function startAttempt(tap: Tap, id: string, keyIndex = -1): Attempt {
  const attempt = new Attempt(0, target(id), "chat", true, 0);
  attempt.keyIndex = keyIndex;
  tap.on({ type: "attempt-started", exchange: newExchange(), attempt });
  return attempt;
}

/** Tells a tap that an attempt has ended. */
export function endAttempt(
  tap: Tap,
  attempt: Attempt,
  outcome: AttemptOutcome,
  stream = false,
): void {
  attempt.outcome = outcome;
  tap.on({
    type: "attempt-finished",
    exchange: newExchange(stream),
    attempt,
  });
}
