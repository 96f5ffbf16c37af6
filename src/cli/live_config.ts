/**
 * The configuration that is live, and the one way to replace it: compiled
 * whole, swapped at once; a failing one leaves the old one in place.
 *
 * @module
 */

import type { LoadedConfig } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import { notReloadable } from "../config/reload.ts";
import type { Config } from "../config/schema.ts";
import type { ModelEntry } from "../http/models.ts";
import { factsOf } from "../relay/facts.ts";
import type { RelaySettings, Snapshot } from "../relay/snapshot.ts";
import { mayAskFor, type Router } from "../routing/router.ts";
import type { Logger } from "../support/logger.ts";
import { Redactor } from "../support/redact.ts";
import { Secret } from "../support/secret.ts";
import type { Ticker } from "../support/ticker.ts";
import { buildProviders, type BuiltProviders } from "./build_providers.ts";
import type { GatewayTargets } from "./gateway_targets.ts";
import { LivePricing } from "./live_pricing.ts";
import type { RoutingParts } from "./routing_parts.ts";

/** One compiled configuration with what was built from it. */
export interface Live {
  /** The config. */
  readonly loaded: LoadedConfig;
  /** When it went live, ms since the epoch. */
  readonly loadedAtMs: number;
  /** What exchanges see of it. */
  readonly snapshot: Snapshot;
  /** Decides, and explains. */
  readonly router: Router;
  /** What was built. */
  readonly built: BuiltProviders;
  /** Its prices. */
  readonly pricing: LivePricing;
  /** Takes every secret of the config out of texts. */
  readonly redactor: Redactor;
  /** Lets go of it as soon as no exchange uses it any more. */
  retire(): void;
}

/** How a reload ended. */
export type ReloadResult =
  | { readonly ok: true; readonly live: Live; readonly previous: Live }
  | { readonly ok: false; readonly error: Error };

/** Holds what is live. */
export class LiveConfig {
  #live: Live;
  readonly #ticker: Ticker;
  readonly #log: Logger;
  readonly #load: () => Promise<LoadedConfig>;
  readonly #routing: RoutingParts;
  readonly #targets: GatewayTargets;
  #reloading: Promise<ReloadResult> | null = null;

  private constructor(
    live: Live,
    ticker: Ticker,
    log: Logger,
    load: () => Promise<LoadedConfig>,
    routing: RoutingParts,
    targets: GatewayTargets,
  ) {
    this.#routing = routing;
    this.#targets = targets;
    this.#live = live;
    this.#ticker = ticker;
    this.#log = log;
    this.#load = load;
  }

  /** Compiles the first config. @throws whatever {@linkcode buildProviders} throws */
  static async start(
    loaded: LoadedConfig,
    ticker: Ticker,
    log: Logger,
    load: () => Promise<LoadedConfig>,
    routing: RoutingParts,
    targets: GatewayTargets,
  ): Promise<LiveConfig> {
    const live = await compile(loaded, ticker, log, routing, targets);
    targets.update(loaded.config, live.built);
    return new LiveConfig(live, ticker, log, load, routing, targets);
  }

  /** What is live now. */
  get current(): Live {
    return this.#live;
  }

  /** Loads the config again. Two callers at once get the same reload. What `approve` throws keeps the old one. */
  reload(
    approve: (next: LoadedConfig) => Promise<void> = () => Promise.resolve(),
  ): Promise<ReloadResult> {
    this.#reloading ??= this.#reload(approve).finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  async #reload(
    approve: (next: LoadedConfig) => Promise<void>,
  ): Promise<ReloadResult> {
    try {
      const loaded = await this.#load();
      const fixed = notReloadable(this.#live.loaded.config, loaded.config);
      if (fixed.length > 0) throw needsRestart(loaded.source, fixed);
      const live = await compile(
        loaded,
        this.#ticker,
        this.#log,
        this.#routing,
        this.#targets,
      );
      try {
        await approve(loaded);
      } catch (error) {
        await live.built.close();
        throw error;
      }
      this.#routing.update(loaded.config);
      this.#targets.update(loaded.config, live.built);
      const previous = this.#live;
      this.#live = live;
      previous.retire();
      return { ok: true, live, previous };
    } catch (error) {
      return {
        ok: false,
        error: error instanceof Error ? error : new Error(String(error)),
      };
    }
  }
}

function needsRestart(source: string, paths: readonly string[]): ConfigError {
  return new ConfigError(
    source,
    paths.map((path) => ({
      path,
      problem: "the value cannot change while the gateway runs",
      fix: "restart the gateway, or take the old value back",
      position: null,
    })),
  );
}

async function compile(
  loaded: LoadedConfig,
  ticker: Ticker,
  log: Logger,
  routing: RoutingParts,
  targets: GatewayTargets,
): Promise<Live> {
  // First what may fail: what was built would have to be closed again.
  const pricing = await LivePricing.load(loaded.config);
  const built = await buildProviders(
    loaded.config,
    ticker,
    log,
    (id, names) => targets.guard.makeRing(id, names),
  );
  const router = routing.router(loaded.config);
  const settings = relaySettings(loaded.config);
  let users = 0;
  let retired = false;
  const closeIfUnused = () => {
    if (retired && users === 0) void built.close();
  };
  return {
    loaded,
    loadedAtMs: Date.now(),
    built,
    router,
    pricing,
    redactor: new Redactor(secretsIn(loaded.config)),
    retire: () => {
      retired = true;
      closeIfUnused();
    },
    snapshot: {
      settings,
      enter: () => {
        users++;
      },
      leave: () => {
        users--;
        closeIfUnused();
      },
      provider: (id) => built.providers.get(id) ?? targets.heads.provider(id),
      onLoss: (alias) =>
        (alias === null ? null : loaded.config.models.get(alias)?.onLoss) ??
          loaded.config.routing.onLoss,
      decide: (exchange, inbound) => router.decide(factsOf(exchange, inbound)),
      divert: (exchange, inbound, name) =>
        router.divert(factsOf(exchange, inbound), name),
      settle: (exchange, inbound) => router.settle(factsOf(exchange, inbound)),
      hasOtherKey: (target) => targets.guard.hasOtherKey(target),
      mayTry: ({ decision }, target) =>
        decision !== null && router.admit(decision, target),
    },
  };
}

/** Every secret that the config resolved, wherever it stands. */
function* secretsIn(config: Config): Generator<string> {
  const stack: unknown[] = [config];
  while (stack.length > 0) {
    const value = stack.pop();
    if (value instanceof Secret) yield value.reveal();
    else if (value instanceof Map) stack.push(...value.values());
    else if (typeof value === "object" && value !== null) {
      stack.push(...Object.values(value));
    }
  }
}

function relaySettings(config: Config): RelaySettings {
  const { limits, heartbeatMs } = config.server;
  const { commit, retry } = config.routing;
  return {
    heartbeatMs,
    commit,
    retry,
    maxResponseBytes: limits.maxResponseBytes,
    streamLimits: {
      maxEventBytes: limits.maxSseEventBytes || Number.MAX_SAFE_INTEGER,
      maxLineBytes: limits.maxSseLineBytes || Number.MAX_SAFE_INTEGER,
    },
    maxStreamMs: limits.maxStreamMs,
    maxRequestMs: limits.maxRequestMs,
  };
}

/** The names that a client may ask for: aliases, then what providers list. */
export function modelEntries(config: Config, client: string): ModelEntry[] {
  const entries: ModelEntry[] = [...config.models.keys()].map((id) => ({
    id,
    ownedBy: "signalbox",
  }));
  for (const [provider, section] of config.providers) {
    const models = section.models ??
      (section.simulator === null ? [] : ["echo"]);
    for (const model of models) {
      entries.push({ id: `${provider}/${model}`, ownedBy: provider });
    }
  }
  return entries.filter(({ id }) => mayAskFor(config, client, id));
}
