/**
 * Who may be called: a breaker per target, a ring of keys per provider. Hears
 * how attempts end, and answers for routing and the relay. Outlives reloads:
 * targets are known by id, keys by digest.
 *
 * @module
 */

import type { TargetRef } from "../exchange/decision.ts";
import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Attempt } from "../exchange/exchange.ts";
import {
  type Failure,
  FAILURE_RULES,
  type FailureKind,
} from "../exchange/failure.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import type { Breaker, BreakerState, Permit } from "./breaker.ts";
import { BreakerTable } from "./breaker_table.ts";
import { cooldownClass, isKeyFailure, restMs } from "./cooldowns.ts";
import type { GuardAnswer, GuardHooks, GuardSettings } from "./guard.ts";
import type { GuardMemory } from "./guard_memory.ts";
import type { GuardView } from "./guard_view.ts";
import type { KeyRing } from "./key_ring.ts";
import { KeyRings } from "./key_rings.ts";
import { SideSlot } from "../support/side_slot.ts";

const USABLE: GuardAnswer = { usable: true, note: null };
const PROBE: GuardAnswer = { usable: true, note: "Probe after a rest" };
/** Failures of the request that prove that the target is there. */
const ALIVE: ReadonlySet<FailureKind> = new Set([
  "bad_request",
  "context_length",
  "content_filter",
]);

/** Keeps breakers and key rings. */
export class TargetGuard implements Tap {
  /** The tap's name. */
  readonly name = "breakers";
  /** It needs no bytes. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = [
    "attempt-started",
    "first-content",
    "attempt-finished",
  ];
  readonly #clock: Pick<Clock, "monotonicMs" | "wallMs">;
  readonly #hooks: GuardHooks;
  readonly #breakers: BreakerTable;
  readonly #rings = new KeyRings();
  readonly #permits = new SideSlot<Attempt, Permit>("permit");
  #settings: GuardSettings;
  #admitted: { readonly id: string; readonly permit: Permit } | null = null;

  /** Begins with everything closed. */
  constructor(
    settings: GuardSettings,
    hooks: GuardHooks,
    clock: Pick<Clock, "monotonicMs" | "wallMs"> = SYSTEM_CLOCK,
  ) {
    this.#settings = settings;
    this.#hooks = hooks;
    this.#clock = clock;
    this.#breakers = new BreakerTable(settings, clock, (target, state) => {
      hooks.onTransition(target, state);
      hooks.onChange();
    });
  }

  /** Whether targets are left out at all. */
  get enabled(): boolean {
    return this.#settings.breaker.enabled;
  }

  /** Monotonic ms, the clock of every ring. */
  get nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Takes over the numbers of a new config. */
  update(settings: GuardSettings): void {
    this.#settings = settings;
    this.#breakers.update(settings);
  }

  /** Makes the ring of a provider for a config that is not live yet, its keys by `keyName`. */
  makeRing(provider: string, names: readonly string[]): KeyRing {
    return this.#rings.make(provider, names);
  }

  /** Takes over the rings of a config that goes live. */
  useRings(rings: ReadonlyMap<string, KeyRing>): void {
    this.#rings.use(rings);
  }

  /** Begins to watch a head that has registered. */
  addHead(id: string): void {
    this.#rings.add(id);
  }

  /** Forgets a head, with its targets. */
  removeHead(id: string): void {
    this.#rings.remove(id);
    this.#breakers.retain((provider) => provider !== id);
  }

  /** Forgets the targets of providers that are gone. */
  retain(isKnown: (provider: string) => boolean): void {
    this.#breakers.retain(isKnown);
  }

  /** Whether a target may be called now. Changes nothing. */
  health(target: TargetRef): GuardAnswer {
    if (!this.enabled) return USABLE;
    const breaker = this.#breakers.find(target.id);
    const ring = this.#rings.find(target.provider);
    if (breaker === undefined && ring === undefined) return USABLE;
    const nowMs = this.nowMs;
    const rest = ring?.restOf(target.model, nowMs) ?? null;
    if (rest !== null) {
      return {
        usable: false,
        reason: `Its keys rest until ${
          this.#iso(rest.untilMs)
        }: ${rest.reason}`,
        retryAfterMs: rest.untilMs - nowMs,
        lastResort: true,
        rateLimited: rest.reason === "rate_limited",
      };
    }
    return breaker === undefined ? USABLE : this.#answer(breaker, nowMs);
  }

  /** Where the breaker of a target stands. */
  state(targetId: string): BreakerState {
    return this.#breakers.find(targetId)?.state(this.nowMs) ?? "closed";
  }

  /** Takes the place of an attempt that is made next; `lastResort`: there is nobody else. */
  admit(target: TargetRef, lastResort: boolean): boolean {
    if (!this.enabled) return true;
    this.#giveBack();
    const nowMs = this.nowMs;
    const ring = this.#rings.find(target.provider);
    const rests = ring !== undefined && ring.freeAtMs(target.model) > nowMs;
    if (rests && !lastResort) return false;
    const permit = this.#breakers.of(target.id).take(nowMs, lastResort);
    if (permit === null) return false;
    this.#admitted = { id: target.id, permit };
    return true;
  }

  /** Whether a provider has a key that does not rest, after another one was refused. */
  hasOtherKey(target: TargetRef): boolean {
    const ring = this.#rings.find(target.provider);
    return ring !== undefined && ring.size > 1 &&
      ring.freeAtMs(target.model) <= this.nowMs;
  }

  /** Hears of attempts. */
  on(event: ExchangeEvent): void {
    if (event.type === "attempt-started") this.#started(event.attempt);
    else if (event.type === "first-content") this.#began(event.attempt);
    else if (event.type === "attempt-finished") this.#finished(event.attempt);
  }

  /** Closes the breaker of a target and ends its keys' rests; `null` does so for all. */
  reset(target: TargetRef | null): void {
    this.#breakers.reset(target?.id ?? null);
    if (target === null) this.#rings.reset();
    else this.#rings.find(target.provider)?.reset(target.model);
    this.#hooks.onChange();
  }

  /** Whether a target has a breaker or a provider with keys. */
  knows(target: TargetRef): boolean {
    return this.#breakers.find(target.id) !== undefined ||
      this.#rings.find(target.provider) !== undefined;
  }

  /** Gives every breaker that exists, and every key that rests. */
  views(): GuardView[] {
    const wall = (ms: number) => this.#wall(ms);
    return [
      ...this.#breakers.views(wall),
      ...this.#rings.views(this.nowMs, wall),
    ];
  }

  /**
   * How usable a provider's targets are, 0 to 1: the mean over those that were
   * called, where open counts 0 and half-open or limited counts a half.
   */
  usability(provider: string): number {
    if (!this.enabled) return 1;
    const nowMs = this.nowMs;
    const ring = this.#rings.find(provider);
    const prefix = `${provider}/`;
    let targets = 0;
    let sum = 0;
    this.#breakers.forEach((id, state) => {
      if (!id.startsWith(prefix)) return;
      targets++;
      const rest = ring?.restOf(id.slice(prefix.length), nowMs) ?? null;
      const isLimited = rest?.reason === "rate_limited";
      if (rest !== null && !isLimited) return;
      if (state === "half_open" || (isLimited && state === "closed")) {
        sum += 0.5;
      } else if (state === "closed") sum += 1;
    });
    if (targets > 0) return sum / targets;
    return ring === undefined || ring.restOf("", nowMs) === null ? 1 : 0;
  }

  /** Calls for each breaker. */
  forEachState(visit: (targetId: string, state: BreakerState) => void): void {
    this.#breakers.forEach(visit);
  }

  /** What must survive a restart, with times since the epoch. */
  memory(): GuardMemory {
    const wall = (ms: number) => this.#wall(ms);
    return {
      targets: [...this.#breakers.memories(wall)],
      keys: [...this.#rings.memories(this.nowMs, wall)],
    };
  }

  /** Takes up what was before a restart; call it before any {@linkcode TargetGuard.makeRing}. */
  restore(memory: GuardMemory): void {
    const offset = this.nowMs - this.#clock.wallMs();
    // Whatever the clock did meanwhile: nothing rests for longer than it may.
    const most = Math.max(
      this.#settings.cooldownMs.max,
      this.#settings.breaker.maxOpenMs,
    );
    const bounded = (wallMs: number) =>
      Math.min(wallMs + offset, this.nowMs + most);
    for (const { id, ...rest } of memory.targets) {
      this.#breakers.of(id).restore({
        ...rest,
        openedAtMs: rest.openedAtMs + offset,
        retryAtMs: bounded(rest.retryAtMs),
      }, this.nowMs);
    }
    for (const rest of memory.keys) {
      this.#rings.restore({
        ...rest,
        sinceMs: rest.sinceMs + offset,
        untilMs: bounded(rest.untilMs),
      });
    }
  }

  #started(attempt: Attempt): void {
    if (!this.enabled) return;
    const { id } = attempt.target;
    const admitted = this.#admitted;
    this.#admitted = null;
    const permit = admitted !== null && admitted.id === id
      ? admitted.permit
      : this.#breakers.of(id).take(this.nowMs, true);
    if (permit !== null) this.#permits.set(attempt, permit);
  }

  /** A probe that brings content has proved what it was for: a stream may go on for minutes. */
  #began(attempt: Attempt): void {
    const permit = this.#permits.get(attempt);
    if (permit === undefined || !permit.probe) return;
    const breaker = this.#breakers.of(attempt.target.id);
    breaker.settle(permit, "answered", this.nowMs);
    const next = breaker.take(this.nowMs, true);
    if (next !== null) this.#permits.set(attempt, next);
  }

  #finished(attempt: Attempt): void {
    const { outcome, target } = attempt;
    if (outcome === null) return;
    const nowMs = this.nowMs;
    const ring = this.#rings.find(target.provider);
    const permit = this.#permits.get(attempt);
    this.#permits.set(attempt, undefined);
    const breaker = permit === undefined
      ? undefined
      : this.#breakers.find(target.id);
    const settle = (
      ...about: [verdict: "answered" | "nothing"] | [
        verdict: "failed",
        openMs: number,
        reason: string,
      ]
    ) => {
      if (permit === undefined || breaker === undefined) return;
      const [verdict, openMs, reason] = about;
      breaker.settle(permit, verdict, nowMs, openMs, reason);
    };
    if (outcome.kind === "cancelled") return settle("nothing");
    if (outcome.kind === "answered") {
      ring?.answered(Math.max(0, attempt.keyIndex), target.model);
      return settle("answered");
    }
    const { failure } = outcome;
    if (ALIVE.has(failure.kind)) return settle("answered");
    if (!FAILURE_RULES[failure.kind].countsAgainstTarget) {
      return settle("nothing");
    }
    if (ring !== undefined && this.#restKey(ring, attempt, failure, nowMs)) {
      return settle("nothing");
    }
    settle("failed", this.#openMs(failure), failure.kind);
    this.#restTarget(breaker, failure, nowMs);
  }

  #restKey(
    ring: KeyRing,
    { keyIndex, target }: Attempt,
    failed: Failure,
    nowMs: number,
  ): boolean {
    if (!isKeyFailure(failed.kind)) return false;
    const { cooldownMs } = this.#settings;
    const index = Math.max(0, keyIndex);
    const rested = ring.rest(index, target.model, failed, cooldownMs, nowMs);
    if (rested > 0) this.#hooks.onChange();
    return rested > 0;
  }

  /** A provider that says when to come back is left alone until then. */
  #restTarget(
    breaker: Breaker | undefined,
    failed: Failure,
    nowMs: number,
  ): void {
    if (breaker === undefined || failed.retryAfterMs === null) return;
    const lastsMs = restMs(failed, this.#settings.cooldownMs, 1);
    breaker.rest(nowMs + lastsMs, nowMs, failed.kind);
  }

  /** The shorter of the breaker's time and that of the failure's class. */
  #openMs(failed: Failure): number {
    const { breaker, cooldownMs } = this.#settings;
    const ofClass = cooldownMs[cooldownClass(failed.kind)];
    return ofClass === 0 ? breaker.openMs : Math.min(breaker.openMs, ofClass);
  }

  #answer(breaker: Breaker, nowMs: number): GuardAnswer {
    const state = breaker.state(nowMs);
    if (state === "closed") return USABLE;
    if (breaker.mayTry(nowMs)) return PROBE;
    if (state === "half_open") {
      return {
        usable: false,
        reason: "Circuit half-open: a probe is under way",
        retryAfterMs: null,
        lastResort: true,
        rateLimited: false,
      };
    }
    return {
      usable: false,
      reason: `Circuit open until ${
        this.#iso(breaker.retryAtMs)
      }: ${breaker.reason}`,
      retryAfterMs: breaker.retryAtMs - nowMs,
      lastResort: true,
      rateLimited: false,
    };
  }

  /** An admitted attempt that was never made gives its place back. */
  #giveBack(): void {
    const admitted = this.#admitted;
    if (admitted === null) return;
    this.#admitted = null;
    this.#breakers.find(admitted.id)
      ?.settle(admitted.permit, "nothing", this.nowMs);
  }

  #wall(monotonicMs: number): number {
    return Math.round(monotonicMs - this.nowMs + this.#clock.wallMs());
  }

  #iso(monotonicMs: number): string {
    return new Date(this.#wall(monotonicMs)).toISOString();
  }
}
