/** What a gateway knows of the state of its targets: breakers, keys, health, what runs. Built and taken down here. @module */

import { knownLabels } from "../metrics/known_labels.ts";
import type { Config } from "../config/schema.ts";
import type { ProviderStatus } from "../http/admin_health.ts";
import type { TargetRef } from "../exchange/decision.ts";
import type { Tap } from "../exchange/events.ts";
import { HealthMetrics } from "../metrics/health_metrics.ts";
import type { Registry } from "../metrics/registry.ts";
import { BREAKER_STATES, type BreakerState } from "../providers/breaker.ts";
import type { HeadRegistration } from "../providers/head.ts";
import {
  DEFAULT_POLICY,
  type HeadPolicy,
  policyPath,
  readPolicy,
} from "../providers/head_policy.ts";
import type { HeadEnd } from "../providers/heads.ts";
import {
  readGuardMemory,
  spellGuardMemory,
} from "../providers/guard_memory.ts";
import { HealthScores } from "../providers/health.ts";
import { RunningAttempts } from "../providers/running_attempts.ts";
import { notRestored, StateFile } from "../providers/state_file.ts";
import { TargetGuard } from "../providers/target_guard.ts";
import { type AnsweredRequest, FeedbackBook } from "../providers/feedback.ts";
import { FeedbackMetrics } from "../metrics/feedback_metrics.ts";
import type { RoutingReaders, TargetHealth } from "../routing/readers.ts";
import type { Logger } from "../support/logger.ts";
import type { Ticker } from "../support/ticker.ts";
import type { BuiltProviders } from "./build_providers.ts";
import { GatewayHeads } from "./gateway_heads.ts";

/** A client of a full target may ask again after so long. */
const FULL_RETRY_MS = 1000;

/** Outlives reloads. */
export class GatewayTargets implements AsyncDisposable {
  /** Breakers and keys. */
  readonly guard: TargetGuard;
  /** What users say of answers. */
  readonly feedback: FeedbackBook = new FeedbackBook();
  /** Scores of providers. */
  readonly scores: HealthScores;
  /** What runs. */
  readonly running: RunningAttempts = new RunningAttempts();
  /** Registered back ends. */
  readonly heads: GatewayHeads;
  /** Hears of heads that come (`null`) and go. */
  onHead: (head: HeadRegistration, end: HeadEnd | null) => void = () => {};
  readonly #file: StateFile;
  readonly #log: Logger;
  #config: Config;
  #named: ReadonlySet<string>;
  #said: FeedbackMetrics | null = null;
  #metrics: HealthMetrics | null = null;

  private constructor(
    config: Config,
    log: Logger,
    ticker: Ticker,
    policy: HeadPolicy,
  ) {
    this.#config = config;
    this.#named = knownLabels(config).targets;
    this.#log = log;
    this.guard = new TargetGuard(config.routing, {
      onTransition: (target, state) => this.#transition(target, state),
      onChange: () => this.#file.changed(),
    });
    this.#file = new StateFile({
      path: guardPath(config),
      text: () => spellGuardMemory(this.guard.memory()),
      onError: (error) => this.#notKept(error),
    });
    this.scores = new HealthScores(
      config.routing.health.halfLifeMs,
      (provider) => this.guard.usability(provider),
    );
    const { running } = this;
    this.heads = new GatewayHeads({ config, ticker, running, policy, log });
    this.heads.onChange = (head, end) => this.#headChanged(head, end);
  }

  /** Takes up what was before a restart. What cannot be read does not keep the gateway from starting. */
  static async start(
    config: Config,
    log: Logger,
    ticker: Ticker,
  ): Promise<GatewayTargets> {
    const policy = await keptPolicy(config, log);
    const targets = new GatewayTargets(config, log, ticker, policy);
    try {
      targets.guard.restore(await readGuardMemory(guardPath(config)));
    } catch (error) {
      await notRestored(log, "cooldowns", error);
    }
    await targets.heads.restore();
    return targets;
  }

  /** What routing may ask. */
  get readers(): Partial<RoutingReaders> {
    return {
      health: (target) => this.#health(target),
      // A place that is not there takes no probe either.
      admit: (target, lastResort) =>
        !this.#isFull(target) && this.guard.admit(target, lastResort),
      load: (target) =>
        this.heads.load(target.provider, target.id) ??
          this.running.load(target.id, this.#mostCalls(target)),
      quality: (target) => this.feedback.quality(target),
      heads: (filter) => this.heads.targets(filter),
      headSelector: (configured) => this.heads.selector(configured),
      head: (id) => this.heads.active(id),
    };
  }

  /** What must hear of exchanges; before all others, so that they see the state after an attempt. */
  get taps(): readonly Tap[] {
    return [this.guard, this.scores, this.running, this.feedback];
  }

  /** Takes what a user said of an answer. */
  takeFeedback(
    { target, tier, contentType }: AnsweredRequest,
    quality: number | null,
    satisfaction: number | null,
  ): void {
    const model = this.#named.has(target.id) ? target.model : "other";
    if (quality !== null) {
      this.feedback.vote(target, quality);
      this.#said?.quality(target.provider, model, contentType, quality);
    }
    if (satisfaction !== null) {
      this.#said?.satisfaction(tier, target.provider, satisfaction);
    }
  }

  /** Takes over a config that goes live. */
  update(config: Config, { rings }: BuiltProviders): void {
    this.#config = config;
    this.heads.update(config);
    this.#named = knownLabels(config, this.heads.registry.all).targets;
    const isKnown = (provider: string) =>
      config.providers.has(provider) ||
      this.heads.registry.find(provider) !== undefined;
    this.guard.update(config.routing);
    this.guard.useRings(rings);
    this.guard.retain(isKnown);
    this.scores.update(config.routing.health.halfLifeMs);
    this.scores.retain(isKnown);
  }

  /** How every provider does. */
  providerStatus(): ProviderStatus[] {
    const providers = [...this.#config.providers.keys()].map((name) =>
      this.#status(name, { kind: "provider" })
    );
    const heads = this.heads.registry.all.map(({ id, status, currentLoad }) =>
      this.#status(id, { kind: "head", headStatus: status, currentLoad })
    );
    return [...providers, ...heads];
  }

  /** Exposes what is known. */
  expose(registry: Registry): void {
    this.#said = new FeedbackMetrics(registry);
    this.#metrics = new HealthMetrics(registry, {
      states: BREAKER_STATES,
      scores: () =>
        [
          ...this.#config.providers.keys(),
          ...this.heads.registry.all.map(({ id }) => id),
        ].map((id) => [id, this.scores.of(id).score] as const),
      breakers: () =>
        [...this.#named].map((id) => {
          const slash = id.indexOf("/");
          const state = this.guard.state(id);
          return [id.slice(0, slash), id.slice(slash + 1), state] as const;
        }),
    });
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.heads[Symbol.asyncDispose]();
    await this.#file[Symbol.asyncDispose]();
  }

  #status(name: string, about: Record<string, unknown>): ProviderStatus {
    const { score, ...details } = this.scores.of(name);
    const running = this.running.ofProvider(name);
    return { name, score, details: { ...about, ...details, running } };
  }

  #headChanged(head: HeadRegistration, end: HeadEnd | null): void {
    const { id, endpoint } = head;
    if (end === null) this.guard.addHead(id);
    else {
      this.guard.removeHead(id);
      this.scores.retain((provider) => provider !== id);
    }
    this.#named = knownLabels(this.#config, this.heads.registry.all).targets;
    this.#log.log(end === "expired" ? "warn" : "info", "head", {
      id,
      endpoint,
      event: end ?? "registered",
    });
    this.onHead(head, end);
  }

  #health(target: TargetRef): TargetHealth {
    if (!this.#isFull(target)) return this.guard.health(target);
    const most = this.#mostCalls(target);
    return {
      usable: false,
      reason:
        `${target.id} has as many calls as it may (maxConcurrent: ${most})`,
      retryAfterMs: FULL_RETRY_MS,
      lastResort: false,
      rateLimited: false,
    };
  }

  #isFull(target: TargetRef): boolean {
    const most = this.#mostCalls(target);
    return most > 0 && this.running.ofTarget(target.id) >= most;
  }

  #mostCalls({ provider }: TargetRef): number {
    return this.#config.providers.get(provider)?.maxConcurrent ?? 0;
  }

  #transition(target: string, state: BreakerState): void {
    const provider = target.slice(0, target.indexOf("/"));
    this.#metrics?.transition(provider, state);
    this.#log.log(state === "open" ? "warn" : "info", "circuit breaker", {
      target,
      state,
    });
  }

  #notKept(error: unknown): void {
    this.#log.log("warn", "cooldowns not written", { error: words(error) });
  }
}

/** A policy that cannot be read is as good as none: heads then take part as the config says. */
async function keptPolicy(config: Config, log: Logger): Promise<HeadPolicy> {
  try {
    return await readPolicy(policyPath(config.stateDir));
  } catch (error) {
    await notRestored(log, "policy", error);
    return DEFAULT_POLICY;
  }
}

function guardPath({ stateDir, server }: Config): string {
  const suffix = server.instance === "" ? "" : `.${server.instance}`;
  return `${stateDir}/cooldowns${suffix}.json`;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
