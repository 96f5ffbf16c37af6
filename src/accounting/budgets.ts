/**
 * Budgets of clients, aliases and everyone together: what a request may cost
 * is set aside before it is sent and settled when it has ended, so that no
 * output is paid for that the budget does not have.
 *
 * @module
 */

import type { Config } from "../config/schema.ts";
import { usdText } from "../support/decimal.ts";
import type { PeriodName } from "./budget_periods.ts";
import { BudgetScope, limitsOf, type Room } from "./budget_scope.ts";
import {
  type BudgetStatus,
  budgetStatus,
  projectedMonth,
  refusalWords,
} from "./budget_status.ts";

/** A month that is on its way to more than this share of its limit is told of. */
const PROJECTION_SHARE = 1.2;
/** Below this a capped answer is of no use to anyone. */
const LEAST_OUTPUT_TOKENS = 16;

/** Whose money a request spends. */
export interface Spender {
  /** The client's name. */
  readonly client: string;
  /** The alias that serves it, `null` for none. */
  readonly alias: string | null;
}

/** What a request may cost at one target. */
export interface Quote {
  /** The cost of that many output tokens in 1e-12 USD, `null` where there is no price. */
  cost(outputTokens: number): bigint | null;
  /** Most output tokens that it can come to, a guess where it is not `bounded`. */
  readonly outputTokens: number;
  /** Whether anything keeps the output at that: the request's limit or the model's. */
  readonly bounded: boolean;
  /** Whether its output can be capped. */
  readonly mayCap: boolean;
}

/** The answer to a request for money. */
export type Grant =
  | {
    readonly kind: "granted";
    /** What was set aside, in 1e-12 USD. */
    readonly pico: bigint;
    /** The output must be capped at this, `null` if what was quoted fits. */
    readonly outputTokens: number | null;
  }
  | {
    readonly kind: "refused";
    readonly reason: string;
    readonly scope: string;
  };

/** Something to be told of a budget, once per period. */
export interface BudgetEvent {
  /** The budget. */
  readonly budget: string;
  /** The period. */
  readonly period: PeriodName;
  /** What happened. */
  readonly event:
    | "warning"
    | "critical"
    | "exceeded"
    | "projected"
    | "rejected"
    | "downgraded";
  /** What was spent, decimal text in USD. */
  readonly spentUsd: string;
  /** What is allowed, decimal text in USD. */
  readonly limitUsd: string;
  /** What the whole month will come to at this pace, `null` where that is not the point. */
  readonly projectedUsd: string | null;
  /** Whether this is the first time in the period. */
  readonly first: boolean;
}

/** Keeps all budgets. Limits change with the config, what was spent stays. */
export class Budgets {
  readonly #scopes = new Map<string, BudgetScope>();
  readonly #lists = new Map<string, Map<string | null, BudgetScope[]>>();
  readonly #now: () => number;
  readonly #onEvent: (event: BudgetEvent) => void;
  #shares: readonly number[] = [0.8, 0.95, 1];
  #warnAt = 0.8;
  #criticalAt = 0.95;
  #onUnpriced: "reject" | "allow" = "reject";

  /** Begins with nothing spent; `onEvent` is told what happens, `now` is the wall clock. */
  constructor(
    config: Config,
    onEvent: (event: BudgetEvent) => void,
    now: () => number = Date.now,
  ) {
    this.#onEvent = onEvent;
    this.#now = now;
    this.update(config);
  }

  /** Takes over the limits of a config. */
  update(config: Config): void {
    const { budgets } = config;
    this.#warnAt = budgets.warnAt;
    this.#criticalAt = budgets.criticalAt;
    this.#onUnpriced = budgets.onUnpriced;
    this.#shares = [this.#warnAt, this.#criticalAt, 1]
      .sort((left, right) => left - right);
    const limits = new Map([["global", limitsOf(budgets)]]);
    for (const [name, { budget }] of config.clients) {
      limits.set(`client:${name}`, limitsOf(budget));
    }
    for (const [name, { budget }] of config.models) {
      limits.set(`alias:${name}`, limitsOf(budget));
    }
    for (const scope of this.#scopes.values()) {
      scope.budget = limits.get(scope.name) ?? limitsOf({});
    }
    for (const [name, budget] of limits) this.#scope(name).budget = budget;
  }

  /** Whether any budget can refuse or divert anybody's requests. */
  get bindAny(): boolean {
    return [...this.#scopes.values()].some((scope) => scope.binds);
  }

  /** Whether any budget can refuse or divert requests of a spender. */
  binds(spender: Spender): boolean {
    return this.#of(spender).some((scope) => scope.binds);
  }

  /** Where a request must go instead, and why; `null` if it fits where it is. `cost` is what it may come to. */
  divert(
    spender: Spender,
    cost: () => bigint | null,
    passed: ReadonlySet<string>,
  ): { readonly to: string; readonly scope: string } | null {
    for (const scope of this.#of(spender)) {
      const { onExceeded, downgradeTo } = scope.budget;
      if (onExceeded !== "downgrade" || downgradeTo === null) continue;
      if (passed.has(scope.name)) continue;
      const room = scope.room(this.#now());
      if (room === null) continue;
      const pico = cost();
      const fits = pico === null
        ? this.#onUnpriced === "allow" && room.pico > 0n
        : pico <= room.pico;
      if (fits) continue;
      this.#tell(scope, room.period, "downgraded");
      return { to: downgradeTo, scope: scope.name };
    }
    return null;
  }

  /** Sets aside what a request may cost at a target, or refuses. */
  reserve(spender: Spender, quote: Quote): Grant {
    const scopes = this.#of(spender);
    const rejecting = scopes.filter((scope) =>
      scope.binds && scope.budget.onExceeded === "reject"
    );
    if (!scopes.some((scope) => scope.binds)) return NOTHING;
    const pico = quote.cost(quote.outputTokens);
    if (pico === null) return this.#unpriced(rejecting);
    const [strict] = rejecting;
    if (strict !== undefined && isOpen(quote, pico)) return unbounded(strict);
    const tightest = this.#tightest(rejecting);
    if (tightest === null || pico <= tightest.room.pico) {
      return set(scopes, pico, null);
    }
    const capped = quote.mayCap ? affordable(quote, tightest.room.pico) : null;
    if (capped !== null) return set(scopes, capped.pico, capped.outputTokens);
    this.#tell(tightest.scope, tightest.room.period, "rejected");
    return {
      kind: "refused",
      scope: tightest.scope.name,
      reason: refusalWords(tightest.scope, tightest.room, pico, this.#now()),
    };
  }

  /** Gives back what was set aside for a request that was not sent. */
  release(spender: Spender, pico: bigint): void {
    if (pico === 0n) return;
    for (const scope of this.#of(spender)) scope.release(pico);
  }

  /** Books what an attempt cost; `pico` is `null` where nobody knows. */
  settle(
    spender: Spender,
    reserved: bigint,
    pico: bigint | null,
    atMs: number,
  ): void {
    const nowMs = this.#now();
    for (const scope of this.#of(spender)) {
      if (reserved !== 0n) scope.release(reserved);
      if (pico === null || pico === 0n) continue;
      scope.add(pico, atMs, nowMs);
      if (scope.budget.limits.size > 0) this.#thresholds(scope, nowMs);
    }
  }

  /** Books what the log of an earlier run says. */
  restore(spender: Spender, pico: bigint, atMs: number): void {
    const nowMs = this.#now();
    for (const scope of this.#of(spender)) scope.add(pico, atMs, nowMs);
  }

  /** How far the budgets of a spender are used up. */
  state(spender: Spender): "ok" | "warn" | "critical" {
    const nowMs = this.#now();
    let most = 0;
    for (const scope of this.#of(spender)) {
      most = Math.max(most, scope.usedShare(nowMs));
    }
    return most >= this.#criticalAt
      ? "critical"
      : most >= this.#warnAt
      ? "warn"
      : "ok";
  }

  /** How every budget with a limit stands. */
  *statuses(): Generator<BudgetStatus> {
    for (const scope of this.#scopes.values()) {
      if (scope.budget.limits.size > 0) {
        yield budgetStatus(scope, this.#now(), {
          warn: this.#warnAt,
          critical: this.#criticalAt,
        });
      }
    }
  }

  #thresholds(scope: BudgetScope, nowMs: number): void {
    for (const [period, limit] of scope.budget.limits) {
      if (scope.reaches(period, this.#shares, nowMs)) {
        this.#reached(scope, period, limit, nowMs);
      }
    }
    if (scope.outpaces(PROJECTION_SHARE, nowMs)) {
      this.#tellOnce(scope, "month", "projected");
    }
  }

  #reached(
    scope: BudgetScope,
    period: PeriodName,
    limit: bigint,
    nowMs: number,
  ): void {
    const share = Number(scope.spent(period, nowMs)) / Number(limit);
    if (share >= this.#warnAt) this.#tellOnce(scope, period, "warning");
    if (share >= this.#criticalAt) this.#tellOnce(scope, period, "critical");
    if (share >= 1) this.#tellOnce(scope, period, "exceeded");
  }

  #tellOnce(
    scope: BudgetScope,
    period: PeriodName,
    event: BudgetEvent["event"],
  ): void {
    const nowMs = this.#now();
    if (scope.tells(period, event, nowMs)) this.#tell(scope, period, event);
  }

  #tell(
    scope: BudgetScope,
    period: PeriodName,
    event: BudgetEvent["event"],
  ): void {
    const nowMs = this.#now();
    const isThreshold = event !== "rejected" && event !== "downgraded";
    this.#onEvent({
      budget: scope.name,
      period,
      event,
      spentUsd: usdText(scope.spent(period, nowMs)),
      limitUsd: usdText(scope.budget.limits.get(period) ?? 0n),
      projectedUsd: event === "projected"
        ? usdText(projectedMonth(scope, nowMs))
        : null,
      first: isThreshold || scope.tells(period, event, nowMs),
    });
  }

  #unpriced(rejecting: readonly BudgetScope[]): Grant {
    const [scope] = rejecting;
    if (scope === undefined || this.#onUnpriced === "allow") return NOTHING;
    return {
      kind: "refused",
      scope: scope.name,
      reason:
        `budget ${scope.name} applies and the target has no price: set its price in pricing.models, or budgets.onUnpriced to "allow"`,
    };
  }

  #tightest(
    scopes: readonly BudgetScope[],
  ): { readonly scope: BudgetScope; readonly room: Room } | null {
    let tightest: { scope: BudgetScope; room: Room } | null = null;
    for (const scope of scopes) {
      const room = scope.room(this.#now());
      if (room === null) continue;
      if (tightest === null || room.pico < tightest.room.pico) {
        tightest = { scope, room };
      }
    }
    return tightest;
  }

  /** Clients and aliases are the config's: there are as many lists as pairs of them. */
  #of({ client, alias }: Spender): readonly BudgetScope[] {
    let byAlias = this.#lists.get(client);
    if (byAlias === undefined) {
      byAlias = new Map();
      this.#lists.set(client, byAlias);
    }
    let scopes = byAlias.get(alias);
    if (scopes === undefined) {
      scopes = [this.#scope("global"), this.#scope(`client:${client}`)];
      if (alias !== null) scopes.push(this.#scope(`alias:${alias}`));
      byAlias.set(alias, scopes);
    }
    return scopes;
  }

  #scope(name: string): BudgetScope {
    let scope = this.#scopes.get(name);
    if (scope === undefined) {
      scope = new BudgetScope(name);
      this.#scopes.set(name, scope);
    }
    return scope;
  }
}

const NOTHING: Grant = { kind: "granted", pico: 0n, outputTokens: null };

function set(
  scopes: readonly BudgetScope[],
  pico: bigint,
  outputTokens: number | null,
): Grant {
  for (const scope of scopes) scope.reserve(pico);
  return { kind: "granted", pico, outputTokens };
}

/** Whether the output can cost more than `pico`, and nothing keeps it from that. */
function isOpen(quote: Quote, pico: bigint): boolean {
  if (quote.bounded || quote.mayCap) return false;
  const more = quote.cost(quote.outputTokens * 2);
  return more === null || more > pico;
}

/** What cannot be set aside is not sent: no guess keeps a budget. */
function unbounded({ name }: BudgetScope): Grant {
  return {
    kind: "refused",
    scope: name,
    reason:
      `budget ${name} applies and nothing limits what the answer may cost: send an output limit (max_completion_tokens, max_tokens or max_output_tokens), or set maxOutputTokens of the model in the provider's modelSettings`,
  };
}

/** The most output that fits, `null` if next to none does. The cost rises with the output. */
function affordable(
  quote: Quote,
  room: bigint,
): { readonly pico: bigint; readonly outputTokens: number } | null {
  let least = 0;
  let most = quote.outputTokens;
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    const pico = quote.cost(middle);
    if (pico !== null && pico <= room) least = middle;
    else most = middle;
  }
  if (least < LEAST_OUTPUT_TOKENS) return null;
  const pico = quote.cost(least);
  return pico === null || pico > room ? null : { pico, outputTokens: least };
}
