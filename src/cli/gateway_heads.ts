/** Heads as targets: each with a connection pool of its own and nobody's key. Built and taken down here. @module */

import type { SelectorName } from "../config/schema/models.ts";
import { type Config, configSchema } from "../config/schema.ts";
import type { Head, HeadRegistration } from "../providers/head.ts";
import { checkEndpoint } from "../providers/head_endpoint.ts";
import { readHeads, spellHeads } from "../providers/head_file.ts";
import {
  type HeadPolicy,
  headSelector,
  policyPath,
  writePolicy,
} from "../providers/head_policy.ts";
import { type HeadEnd, HeadRegistry } from "../providers/heads.ts";
import { KeyRing } from "../providers/key_ring.ts";
import type { Provider } from "../providers/provider.ts";
import type { RunningAttempts } from "../providers/running_attempts.ts";
import { notRestored, StateFile } from "../providers/state_file.ts";
import { type KnownTarget, knownTarget } from "../routing/eligibility.ts";
import type { HeadFilter } from "../routing/readers.ts";
import type { Logger } from "../support/logger.ts";
import type { Ticker } from "../support/ticker.ts";
import { buildNetworkProvider, type BuiltNetwork } from "./build_providers.ts";

interface BackEnd extends BuiltNetwork {
  readonly head: HeadRegistration;
  /** What aliases ask for. */
  readonly target: KnownTarget;
}

/** What the heads act on. */
export interface GatewayHeadsOptions {
  /** The config at start. */
  readonly config: Config;
  /** Wakes calls at their deadlines. */
  readonly ticker: Ticker;
  /** What runs. */
  readonly running: RunningAttempts;
  /** The policy that was kept. */
  readonly policy: HeadPolicy;
  /** Hears of what could not be kept or taken up. */
  readonly log: Logger;
}

/** The heads of one gateway. Outlives reloads. */
export class GatewayHeads implements AsyncDisposable {
  /** Leases. */
  readonly registry: HeadRegistry;
  /** Hears of heads that come (`null`) and go. */
  onChange: (head: HeadRegistration, end: HeadEnd | null) => void = () => {};
  readonly #options: GatewayHeadsOptions;
  readonly #backEnds = new Map<string, BackEnd>();
  /** Gone, but with calls that still run. */
  readonly #leaving = new Map<string, BackEnd[]>();
  readonly #closing = new Set<Promise<void>>();
  readonly #file: StateFile;
  #policy: HeadPolicy;
  #config: Config;

  /** Begins without heads. */
  constructor(options: GatewayHeadsOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#policy = options.policy;
    this.registry = new HeadRegistry(options.config.routing.heads);
    this.registry.onEnd = (head, why) => this.#ended(head, why);
    this.#file = new StateFile({
      path: headsPath(options.config),
      text: () => spellHeads(this.registry.all),
      onError: (error) =>
        options.log.log("warn", "heads not written", { error: words(error) }),
      // Every heartbeat is a change: a lease may be remembered as shorter by so much.
      writeAfterMs: 1000,
    });
    this.registry.onChange = () => this.#file.changed();
    options.running.onIdle = (provider) => this.#idle(provider);
  }

  /** What may be changed while the gateway runs. */
  get policy(): HeadPolicy {
    return this.#policy;
  }

  /** Keeps another policy and goes by it. */
  async setPolicy(policy: HeadPolicy): Promise<void> {
    await writePolicy(policyPath(this.#config.stateDir), policy);
    this.#policy = policy;
  }

  /** Registers a head that was checked. */
  async register(registration: HeadRegistration): Promise<Head> {
    const built = await this.#build(registration);
    const head = this.registry.register(registration);
    this.#join(registration, built);
    return head;
  }

  /**
   * Takes up the heads that were registered before a restart and whose lease
   * runs. What the config no longer allows stays out.
   */
  async restore(): Promise<void> {
    if (!this.#config.routing.heads.enabled) return;
    const { log } = this.#options;
    try {
      for (const head of await readHeads(headsPath(this.#config))) {
        const problem = this.#problem(head);
        if (problem !== null) {
          log.log("warn", "head not restored", { id: head.id, problem });
          continue;
        }
        const built = await this.#build(head);
        if (this.registry.restore(head)) this.#join(head, built);
        else await built.close();
      }
    } catch (error) {
      await notRestored(log, "heads", error);
    }
  }

  async #build(registration: HeadRegistration): Promise<BuiltNetwork> {
    const { id, protocol, endpoint, region, modelType } = registration;
    const section = configSchema.parse({
      providers: {
        [id]: {
          protocols: { [protocol]: endpoint },
          models: registration.models,
          region,
          modelType,
        },
      },
    }).providers.get(id);
    if (section === undefined) throw new Error(`Cannot build head ${id}`);
    // A ring of its own: a head never sees a key of anybody else.
    const ring = new KeyRing([]);
    return await buildNetworkProvider(id, section, this.#options.ticker, ring);
  }

  #join(head: HeadRegistration, built: BuiltNetwork): void {
    const { id, models, capacity } = head;
    const model = models[0] ?? "";
    const target = { id: `${id}/${model}`, provider: id, model };
    this.#backEnds.set(id, {
      ...built,
      head,
      target: knownTarget(target, built.provider, capacity || 1),
    });
    this.onChange(head, null);
  }

  /** Why the config does not allow a head, `null` if it does. */
  #problem({ id, endpoint }: HeadRegistration): string | null {
    if (this.#config.providers.has(id)) {
      return `the config has a provider ${id}`;
    }
    const checked = checkEndpoint(endpoint, this.#config.routing.heads.allow);
    return checked.ok ? null : checked.problem;
  }

  /** The provider of a head; one that has left is found as long as it is called. */
  provider(id: string): Provider | undefined {
    return this.#backEnds.get(id)?.provider ??
      this.#leaving.get(id)?.at(-1)?.provider;
  }

  /** The provider of a head that can be asked for by name. */
  active(id: string): Provider | null {
    if (!this.#takesPart || this.registry.find(id)?.status !== "active") {
      return null;
    }
    return this.#backEnds.get(id)?.provider ?? null;
  }

  /** The targets that match, as the policy says. */
  targets(filter: HeadFilter): KnownTarget[] {
    if (!this.#takesPart) return [];
    const { enableGeoRouting, enableModelSpecific } = this.#policy;
    const region = enableGeoRouting ? filter.region : null;
    const modelType = enableModelSpecific ? filter.modelType : null;
    return this.registry.all.flatMap((head) => {
      const isWanted = head.status === "active" &&
        (region === null || head.region === region) &&
        (modelType === null || head.modelType === modelType);
      const target = this.#backEnds.get(head.id)?.target;
      return isWanted && target !== undefined ? [target] : [];
    });
  }

  /** The selector that a group with heads goes by. */
  selector(configured: SelectorName): SelectorName {
    return headSelector(configured, this.#policy);
  }

  /** How busy a target of a head is, 0 to 1; `null` if it is none. */
  load(provider: string, targetId: string): number | null {
    const head = this.registry.find(provider);
    if (head === undefined) return null;
    const own = this.#options.running.load(targetId, head.capacity);
    return Math.max(own, head.currentLoad / 100);
  }

  /** Takes over a config that has gone live: heads that it does not allow end. */
  update(config: Config): void {
    this.#config = config;
    this.registry.update(config.routing.heads);
    for (const head of this.registry.all) {
      if (this.#problem(head) !== null) this.registry.remove(head.id);
    }
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
    this.registry[Symbol.dispose]();
    const all = [...this.#backEnds.values(), ...this.#leaving.values()].flat();
    await Promise.all([...all.map(({ close }) => close()), ...this.#closing]);
  }

  get #takesPart(): boolean {
    return this.#config.routing.heads.enabled && this.#policy.enabled;
  }

  #ended({ id }: Head, why: HeadEnd): void {
    const backEnd = this.#backEnds.get(id);
    if (backEnd === undefined) return;
    this.#backEnds.delete(id);
    this.onChange(backEnd.head, why);
    if (this.#options.running.ofProvider(id) === 0) return this.#close(backEnd);
    this.#leaving.set(id, [...this.#leaving.get(id) ?? [], backEnd]);
  }

  #idle(provider: string): void {
    const leaving = this.#leaving.get(provider);
    if (leaving === undefined) return;
    this.#leaving.delete(provider);
    for (const backEnd of leaving) this.#close(backEnd);
  }

  #close(backEnd: BackEnd): void {
    const closing = backEnd.close().finally(() =>
      this.#closing.delete(closing)
    );
    this.#closing.add(closing);
  }
}

/** Processes of one `stateDir` have a file each. */
function headsPath({ stateDir, server }: Config): string {
  const suffix = server.instance === "" ? "" : `.${server.instance}`;
  return `${stateDir}/heads${suffix}.json`;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
