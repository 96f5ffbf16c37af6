/**
 * The gateway as one object: everything that `serve` runs is built here and
 * taken down in reverse.
 *
 * @module
 */

import type { LoadedConfig } from "../config/load.ts";
import type { Tap } from "../exchange/events.ts";
import { accessOptions } from "../http/access_options.ts";
import { adminRoutes } from "../http/admin.ts";
import { Authenticator } from "../http/auth.ts";
import type { DrainResult } from "../http/drain.ts";
import { budgetRoutes } from "../http/budgets.ts";
import { explainRoutes } from "../http/explain.ts";
import { type Actor, SIGNAL_ACTOR } from "../http/audit_trail.ts";
import { INFERENCE_PATHS, inferenceRoutes } from "../http/inference.ts";
import type { ListenAt } from "../http/listener.ts";
import { logQueryRoutes } from "../http/log_queries.ts";
import { modelRoutes } from "../http/models.ts";
import { probeRoutes } from "../http/probes.ts";
import type { Route } from "../http/route.ts";
import type { ServerHooks } from "../http/server_core.ts";
import { responsesRoutes } from "../http/responses_routes.ts";
import type { GatewayServer } from "../http/server.ts";
import type { ExpositionFormat } from "../metrics/exposition.ts";
import { GatewayMetrics } from "../metrics/gateway_metrics.ts";
import { RoutingMetrics } from "../metrics/routing_metrics.ts";
import { exposeFiles } from "../metrics/support_metrics.ts";
import { PROTOCOLS } from "../protocols/protocols.ts";
import { Drains } from "../relay/drains.ts";
import { outcomeOfError } from "../relay/outcome.ts";
import { Relay } from "../relay/relay.ts";
import { RetryBudgets } from "../relay/retry_budget.ts";
import { TapFanOut } from "../relay/tap_fan_out.ts";
import type { LogWriter } from "../support/log_writer.ts";
import { SYSTEM_CLOCK } from "../support/clock.ts";
import type { Logger } from "../support/logger.ts";
import { endsWithin } from "../support/deadline.ts";
import { Ticker } from "../support/ticker.ts";
import { UlidSource } from "../support/ulid.ts";
import { buildRevision } from "../support/revision.ts";
import { NAME, VERSION } from "../support/version.ts";
import { AccessLogTap } from "./access_log_tap.ts";
import { GatewayControl } from "./gateway_control.ts";
import { GatewayAccounting } from "./gateway_accounting.ts";
import { usageLogSource } from "./gateway_queries.ts";
import { buildServers } from "./gateway_servers.ts";
import { GatewayTargets } from "./gateway_targets.ts";
import { configSummary } from "./config_summary.ts";
import { writeEffectiveConfig } from "./effective_file.ts";
import { ResponsesKeeper } from "./responses_keeper.ts";
import { RoutingParts } from "./routing_parts.ts";
import { type Live, LiveConfig, modelEntries } from "./live_config.ts";
import { watchListener } from "./watch_listener.ts";

/** What a gateway is started with. */
export interface GatewayOptions {
  /** The config, already checked. */
  readonly loaded: LoadedConfig;
  /** Loads it again, for a reload. */
  load(): Promise<LoadedConfig>;
  /** The log. */
  readonly log: Logger;
  /** The log's counters and the access lines; `null` keeps quiet about requests. */
  readonly logWriter: LogWriter | null;
  /** More observers of exchanges. @default {[]} */
  readonly taps?: readonly Tap[];
}

/** A gateway that runs. */
export class Gateway {
  /** The listener. */
  readonly server: GatewayServer;
  /** The listener of everything but inference, `null` where the main one serves it. */
  readonly adminServer: GatewayServer | null;
  readonly #log: Logger;
  readonly #live: LiveConfig;
  readonly #metrics: GatewayMetrics;
  readonly #accounting: GatewayAccounting;
  readonly #targets: GatewayTargets;
  readonly #responses: ResponsesKeeper;
  readonly #control: GatewayControl;
  readonly #ticker: Ticker;
  readonly #drains = new Drains();
  readonly #resources: AsyncDisposableStack;

  private constructor(
    options: GatewayOptions,
    live: LiveConfig,
    accounting: GatewayAccounting,
    targets: GatewayTargets,
    ticker: Ticker,
    resources: AsyncDisposableStack,
    routing: RoutingParts,
  ) {
    const { config } = options.loaded;
    this.#log = options.log;
    this.#live = live;
    this.#accounting = accounting;
    this.#targets = targets;
    this.#ticker = ticker;
    this.#resources = resources;
    this.#responses = resources.use(
      new ResponsesKeeper(config, options.log, ticker),
    );
    this.#metrics = resources.use(
      new GatewayMetrics({
        config,
        log: options.log,
        logWriter: options.logWriter,
        build: { version: VERSION, revision: buildRevision() },
        endpoints: INFERENCE_PATHS,
        heads: () => targets.heads.registry.all,
        priceTables: () => live.current.pricing.tables,
      }),
    );
    this.#control = resources.use(
      new GatewayControl({
        config,
        live: () => live.current,
        targets,
        cache: routing.cache,
        server: () => this.server,
        onHeads: () => this.#metrics.headsChanged(),
      }),
    );
    this.#control.expose(this.#metrics.registry);
    targets.expose(this.#metrics.registry);
    exposeFiles(this.#metrics.registry, accounting.streams.writer);
    accounting.budgets.expose(this.#metrics.registry);
    const ids = new UlidSource();
    const relay = this.#makeRelay(ids, options, routing);
    const servers = buildServers({
      config,
      routes: this.#control.watch(this.#routes(relay)),
      ids: () => ids.next(),
      log: options.log,
      hooks: this.#hooks(),
    });
    this.server = servers.main;
    this.adminServer = servers.admin;
    // Before the logs close, and after the clients have gone.
    resources.defer(() => this.#drains.end());
    resources.defer(() => this.server.close());
    resources.defer(() => this.adminServer?.close());
  }

  /** Builds everything; nothing listens yet. */
  static async build(options: GatewayOptions): Promise<Gateway> {
    const resources = new AsyncDisposableStack();
    const ticker = resources.use(
      new Ticker({
        onError: (error) =>
          options.log.log("error", "deadline failed on a bug of the gateway", {
            error: errorText(error),
          }),
      }),
    );
    const { config } = options.loaded;
    const targets = resources.use(
      await GatewayTargets.start(config, options.log, ticker),
    );
    const routing = new RoutingParts(config, {
      readers: {
        ...targets.readers,
        price: (target, facts) => live.current.pricing.expect(target, facts),
        budgetState: (facts) => accounting.budgets.stateOf(facts),
      },
    });
    const live: LiveConfig = await LiveConfig.start(
      options.loaded,
      ticker,
      options.log,
      options.load,
      routing,
      targets,
    );
    resources.defer(() => live.current.built.close());
    const accounting: GatewayAccounting = resources.use(
      await GatewayAccounting.start({
        config: options.loaded.config,
        log: options.log,
        pricing: () => live.current.pricing,
        redactor: () => live.current.redactor,
      }),
    );
    const gateway = new Gateway(
      options,
      live,
      accounting,
      targets,
      ticker,
      resources,
      routing,
    );
    gateway.#metrics.configLoaded(options.loaded.config);
    await gateway.#control.prepare(options.log);
    await gateway.#loaded(live.current);
    return gateway;
  }

  /** Starts to listen. */
  async listen(at: ListenAt): Promise<void> {
    await this.server.listen(at);
    const { admin, server } = this.#live.current.loaded.config;
    await this.adminServer?.listen({
      host: admin.host ?? server.host,
      port: admin.port ?? 0,
    });
    this.#resources.use(watchListener(this.server, this.#log));
  }

  /** Loads the config again; a failing one changes nothing. Says what went wrong, `null` if nothing did. */
  async reload(actor: Actor = SIGNAL_ACTOR): Promise<Error | null> {
    const audit = this.#control.reload(actor, this.#live.current.loaded);
    const result = await this.#live.reload((next) => audit.approve(next));
    this.#metrics.configLoaded(result.ok ? result.live.loaded.config : null);
    if (!result.ok) {
      this.#log.log("error", "config reload failed, the old config stays", {
        error: result.error.message,
      });
      await audit.failed(result.error);
      return result.error;
    }
    const { config } = result.live.loaded;
    this.#accounting.update(config);
    this.#control.update(config);
    const update = {
      limits: config.server.limits,
      auth: new Authenticator(accessOptions(config)),
    };
    this.server.update(update);
    this.adminServer?.update(update);
    await this.#loaded(result.live);
    return null;
  }

  /** Lets running requests finish, then takes everything down; `closed`: in time. */
  async drain(): Promise<DrainResult & { readonly closed: boolean }> {
    const { drainMs, drainDelayMs } = this.#live.current.loaded.config.server;
    const untilMs = performance.now() + drainDelayMs + drainMs;
    const told = await this.server.drain({ delayMs: drainDelayMs, drainMs });
    await this.#drains.settle(untilMs - performance.now());
    return { ...told, closed: await this.close() };
  }

  /** Takes everything down at once. `false`: something did not end in time and was left behind. */
  close(): Promise<boolean> {
    // With the drain it must fit into a service manager's patience.
    return endsWithin(12_000, this[Symbol.asyncDispose]());
  }

  /** Takes everything down at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  #hooks(): ServerHooks {
    const { http } = this.#metrics;
    return {
      onBug: (id, endpoint, error) =>
        this.#accounting.errorTap.bug(id, endpoint, error),
      onLimit: (limit) => http.onLimit(limit),
      onAuthFailure: (reason) => http.onAuthFailure(reason),
      onRequest: (method, endpoint, status, seconds, refusal) => {
        http.onRequest(method, endpoint, status, seconds);
        if (refusal !== null) this.#control.refused(method, endpoint, refusal);
        if (refusal === null || !INFERENCE_PATHS.includes(endpoint)) return;
        const outcome = outcomeOfError(refusal.error);
        const { tier } = refusal.client;
        this.#metrics.rejected({ endpoint, status, outcome, tier, seconds });
      },
    };
  }

  #renderMetrics(format: ExpositionFormat): string | null {
    if (!this.#live.current.loaded.config.metrics.enabled) return null;
    let streams = 0;
    this.server.inFlight.forEach(({ scan, response }) => {
      if (response.started && scan?.stream === true) streams++;
    });
    this.#metrics.http.sseConnections.set(streams);
    return this.#metrics.render(format);
  }

  #makeRelay(
    ids: UlidSource,
    { logWriter, taps: moreTaps = [] }: GatewayOptions,
    { state, taps: routingTaps, cache }: RoutingParts,
  ): Relay {
    const { log } = this.#live.current.loaded.config;
    const decisions = new RoutingMetrics(
      this.#metrics.registry,
      (decision) => state.notesOf(decision),
    );
    state.onAffinity = (hit) => decisions.lookedUp(hit);
    const taps: Tap[] = [
      ...this.#targets.taps,
      ...routingTaps,
      ...this.#metrics.taps,
      decisions,
      ...this.#accounting.taps,
      ...moreTaps,
    ];
    if (logWriter !== null) taps.push(new AccessLogTap(logWriter, log));
    return new Relay({
      protocols: PROTOCOLS,
      taps: new TapFanOut(taps, (tap, error) => {
        this.#metrics.tapFailed(tap);
        this.#log.log("error", "tap failed", { tap, error: errorText(error) });
      }),
      ticker: this.#ticker,
      scrub: (text) => this.#live.current.redactor.text(text),
      retryBudgets: new RetryBudgets(
        SYSTEM_CLOCK,
        () => this.#metrics.http.onLimit("retryBudget"),
      ),
      drains: this.#drains,
      admission: this.#accounting.budgets.admission,
      costOf: (attempt, exchange) => this.#accounting.costOf(attempt, exchange),
      responsesStore: () => this.#responses.store,
      cache: () => cache.live,
      onBug: (error, exchange) => {
        this.#accounting.errorTap.bug(exchange.id, exchange.endpoint, error);
        this.#log.log("error", "exchange failed on a bug of the gateway", {
          id: exchange.id,
          error: errorText(error),
        });
      },
      newId: (prefix) => prefix + ids.next(),
    });
  }

  #routes(relay: Relay): Route[] {
    const live = () => this.#live.current;
    return [
      ...inferenceRoutes({
        relay,
        protocols: PROTOCOLS,
        limits: () => live().loaded.config.server.limits,
        snapshot: () => live().snapshot,
      }),
      ...responsesRoutes(() => this.#responses.store),
      ...modelRoutes({
        models: (client) => modelEntries(live().loaded.config, client),
        loadedAtMs: () => live().loadedAtMs,
      }),
      ...probeRoutes({
        about: { name: NAME, version: VERSION },
        health: () => ({
          ...this.#accounting.health(),
          metrics: live().loaded.config.metrics.enabled ? "ok" : "disabled",
          ...this.#control.health(),
        }),
        readiness: () => ({
          ready: !this.server.draining,
          status: this.server.draining ? "draining" : "ready",
        }),
        metrics: (format) => this.#renderMetrics(format),
      }),
      ...explainRoutes({
        config: () => live().loaded.config,
        router: () => live().router,
        protocols: PROTOCOLS,
        provider: (id) => live().snapshot.provider(id),
      }),
      ...adminRoutes({
        reload: (actor) => this.reload(actor),
        configHash: () => live().loaded.hash,
      }),
      ...logQueryRoutes(
        usageLogSource(this.#accounting.streams, live, this.#log),
      ),
      ...budgetRoutes(() => this.#accounting.budgets.statuses()),
      ...this.#control.routes(),
    ];
  }

  async #loaded(live: Live): Promise<void> {
    const { loaded, built } = live;
    await this.#responses.update(loaded.config.responses);
    for (const warning of [...loaded.warnings, ...live.pricing.warnings]) {
      this.#log.log("warn", "config warning", { warning });
    }
    this.#log.log("info", "config loaded", {
      source: loaded.source,
      hash: loaded.hash,
      ...configSummary(loaded.config, built.providers.values()),
      codecs: Object.keys(PROTOCOLS).join(" "),
    });
    await writeEffectiveConfig(loaded, this.#log);
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
