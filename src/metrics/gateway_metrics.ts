/** Everything that the gateway measures, in one place: built, fed and rendered here. @module */

import type { Config } from "../config/schema.ts";
import type { Tap } from "../exchange/events.ts";
import type { LogWriter } from "../support/log_writer.ts";
import type { Logger } from "../support/logger.ts";
import { METRIC_CATALOG } from "./catalog.ts";
import {
  CostMetrics,
  type CostMetricsSettings,
  type TableAge,
} from "./cost_metrics.ts";
import type { ExpositionFormat } from "./exposition.ts";
import { GenAiTap } from "./gen_ai_tap.ts";
import { HttpMetrics } from "./http_metrics.ts";
import { type HeadNames, knownLabels } from "./known_labels.ts";
import { MetricsTap, type RejectedRequest } from "./metrics_tap.ts";
import { ProcessMetrics } from "./process_metrics.ts";
import { Registry } from "./registry.ts";
import {
  ConfigMetrics,
  exposeLog,
  TapErrorMetrics,
} from "./support_metrics.ts";

/** What the metrics are made of. */
export interface GatewayMetricsOptions {
  /** The config at start. */
  readonly config: Config;
  /** Where a failing collector is reported. */
  readonly log: Logger;
  /** The log's own counters, `null` if the log has none. */
  readonly logWriter: LogWriter | null;
  /** Label values of the build. */
  readonly build: { readonly version: string; readonly revision: string };
  /** The heads that are registered now. */
  readonly heads: () => Iterable<HeadNames>;
  /** Route templates of the inference routes. */
  readonly endpoints: readonly string[];
  /** The price tables of the moment. */
  readonly priceTables: () => readonly TableAge[];
}

/** The gateway's metrics. Dispose it to end the samplers. */
export class GatewayMetrics implements AsyncDisposable {
  /** The families. */
  readonly registry: Registry;
  /** Fed by the listener's hooks. */
  readonly http: HttpMetrics;
  readonly #exchanges: MetricsTap;
  readonly #genAi: GenAiTap | null;
  readonly #costs: CostMetrics;
  readonly #process: ProcessMetrics;
  readonly #config: ConfigMetrics;
  readonly #heads: () => Iterable<HeadNames>;
  #live: Config;
  readonly #taps: TapErrorMetrics;

  /** Registers everything and starts the samplers. */
  constructor(options: GatewayMetricsOptions) {
    const { config, log, logWriter } = options;
    const settings = config.metrics;
    this.registry = new Registry(METRIC_CATALOG, {
      maxSeriesPerFamily: settings.maxSeriesPerFamily,
      exemplars: settings.exemplars,
      onCollectError: (name, error) =>
        log.log("error", "metric not collected", {
          metric: name,
          error: error instanceof Error ? error.message : String(error),
        }),
    });
    this.http = new HttpMetrics(this.registry);
    this.#live = config;
    this.#heads = options.heads;
    const known = knownLabels(config);
    this.#exchanges = new MetricsTap(this.registry, known);
    this.#exchanges.precreate(options.endpoints);
    this.#genAi = settings.genAi ? new GenAiTap(this.registry, known) : null;
    this.#costs = new CostMetrics(
      this.registry,
      costSettings(config, []),
      options.priceTables,
    );
    this.#process = new ProcessMetrics(this.registry, {
      folders: [config.stateDir, config.logDir],
      build: options.build,
    });
    this.#config = new ConfigMetrics(this.registry);
    this.#taps = new TapErrorMetrics(this.registry, [
      "metrics",
      "access-log",
      "usage-log",
      "error-log",
      "cost-metrics",
      "budgets",
      "spend-log",
    ]);
    if (logWriter !== null) exposeLog(this.registry, logWriter);
  }

  /** The taps that measure exchanges. */
  get taps(): readonly Tap[] {
    const taps = [this.#exchanges, this.#costs];
    return this.#genAi === null ? taps : [...taps, this.#genAi];
  }

  /** Tells of an attempt to load the config; a successful one brings its names. */
  configLoaded(config: Config | null): void {
    this.#config.loaded(config !== null, Date.now());
    if (config === null) return;
    this.#live = config;
    this.headsChanged();
  }

  /** Takes over the names of the heads that are registered now; the series of others end. */
  headsChanged(): void {
    this.#exchanges.update(knownLabels(this.#live, this.#heads()));
    this.#costs.update(costSettings(this.#live, this.#heads()));
  }

  /** Counts a request on an inference route that never became an exchange. */
  rejected(request: RejectedRequest): void {
    this.#exchanges.reject(request);
  }

  /** Counts an event that a tap failed on. */
  tapFailed(tap: string): void {
    this.#taps.count(tap);
  }

  /** Writes everything out. */
  render(format: ExpositionFormat): string {
    return this.registry.render(format);
  }

  /** Ends the samplers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process[Symbol.dispose]();
    await this.#process.sampled();
  }
}

function costSettings(
  config: Config,
  heads: Iterable<HeadNames>,
): CostMetricsSettings {
  const { userLabel, maxUsers } = config.metrics;
  return {
    known: knownLabels(config, heads),
    userLabel: userLabel === "name",
    maxUsers,
  };
}
