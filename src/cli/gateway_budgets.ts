/** The budgets of a gateway: restored at start, admitted, told of. @module */

import { type BudgetEvent, Budgets } from "../accounting/budgets.ts";
import type { BudgetStatus } from "../accounting/budget_status.ts";
import {
  bookedAtMs,
  type SpendFile,
  SpendHistory,
} from "../accounting/spend_history.ts";
import type { Config } from "../config/schema.ts";
import {
  BudgetMetrics,
  type BudgetReading,
} from "../metrics/budget_metrics.ts";
import type { Registry } from "../metrics/registry.ts";
import type { RequestFacts } from "../routing/facts.ts";
import { endsWithin } from "../support/deadline.ts";
import type { Logger } from "../support/logger.ts";
import { GatewayAdmission } from "./gateway_admission.ts";
import type { LivePricing } from "./live_pricing.ts";
import type { LogStreams } from "./log_streams.ts";

/** Longest time that the last look at the logs takes at the end. */
const REMEMBER_MS = 2000;
const EVERY_MS = 600_000;
/** How long the start waits for sums that refuse nobody. */
const PATIENCE_MS = 2000;

/** What is said of an event in the log. */
const WORDS: { readonly [E in BudgetEvent["event"]]: string } = {
  warning: "budget nearly used up",
  critical: "budget critical",
  exceeded: "budget used up",
  projected: "budget of the month will not last",
  rejected: "requests refused for want of budget",
  downgraded: "requests sent elsewhere for want of budget",
};

/** Budgets with everything around them. */
export class GatewayBudgets {
  /** What the relay asks. */
  readonly admission: GatewayAdmission;
  /** The money. */
  readonly budgets: Budgets;
  readonly #log: Logger;
  readonly #history: SpendHistory;
  #timer: ReturnType<typeof setInterval> | undefined;
  #config: Config;
  #metrics: BudgetMetrics | null = null;

  /** Makes them; {@linkcode GatewayBudgets.restore} finds out what was spent. */
  constructor(
    config: Config,
    log: Logger,
    streams: LogStreams,
    pricing: () => LivePricing,
  ) {
    this.#config = config;
    this.#log = log;
    this.budgets = new Budgets(config, (event) => this.#told(event));
    this.admission = new GatewayAdmission({
      config,
      budgets: this.budgets,
      pricing,
      onLimited: (scope) => this.#metrics?.rateLimited(scope),
    });
    this.#history = new SpendHistory(
      () => [...streams.usageFolders, streams.spending.folder],
      `${config.stateDir}/budgets/spent.json`,
    );
  }

  /**
   * Reads off the logs what was spent before this start. Where no budget
   * refuses or diverts anybody, a long log is read on behind the start.
   */
  async restore(): Promise<void> {
    this.#timer = setInterval(() => void this.#remember(), EVERY_MS);
    const nowMs = Date.now();
    let files: readonly SpendFile[];
    try {
      // Listed before the first request: what this run logs is booked as it comes.
      files = await this.#history.list(nowMs);
    } catch (error) {
      return this.#notRestored(error);
    }
    const restored = this.#restore(nowMs, files);
    if (this.budgets.bindAny) await restored;
    else await endsWithin(PATIENCE_MS, restored);
  }

  /** Ends it. `isReadable`: whether the disk answers; then it is remembered how far the logs were read. */
  async end(isReadable: boolean): Promise<void> {
    clearInterval(this.#timer);
    if (isReadable) await endsWithin(REMEMBER_MS, this.#remember());
  }

  async #restore(nowMs: number, files: readonly SpendFile[]): Promise<void> {
    try {
      for (const spending of await this.#history.read(nowMs, files)) {
        this.budgets.restore(spending, spending.pico, bookedAtMs(spending));
      }
    } catch (error) {
      this.#notRestored(error);
    }
  }

  #notRestored(error: unknown): void {
    this.#log.log("error", "earlier spending not known, budgets start at 0", {
      error: error instanceof Error ? error.message : String(error),
    });
  }

  /** Remembers how far the logs were read: the next start is quicker, also after a crash. */
  async #remember(): Promise<void> {
    try {
      await this.#history.read(Date.now());
    } catch {
      // The next start reads more.
    }
  }

  /** Takes over another config. */
  update(config: Config): void {
    this.#config = config;
    this.budgets.update(config);
    this.admission.update(config);
  }

  /** Shows the budgets at /metrics. */
  expose(registry: Registry): void {
    this.#metrics = new BudgetMetrics(registry, () => this.#readings());
  }

  /** How far the budgets of a request are used up. */
  stateOf({ client, model }: RequestFacts): "ok" | "warn" | "critical" {
    const alias = this.#config.models.has(model) ? model : null;
    return this.budgets.state({ client: client.name, alias });
  }

  /** Every budget with a limit. */
  statuses(): BudgetStatus[] {
    return [...this.budgets.statuses()];
  }

  *#readings(): Generator<BudgetReading> {
    for (const { budget, periods } of this.budgets.statuses()) {
      for (const [period, status] of Object.entries(periods)) {
        yield {
          budget,
          period,
          limitUsd: Number(status.limitUsd),
          spentUsd: Number(status.spentUsd),
          resetsAtMs: Date.parse(status.resetsAt),
        };
      }
    }
  }

  #told(event: BudgetEvent): void {
    this.#metrics?.event(event.budget, event.period, event.event);
    if (!event.first) return;
    this.#log.log("warn", WORDS[event.event], {
      budget: event.budget,
      period: event.period,
      spentUsd: event.spentUsd,
      limitUsd: event.limitUsd,
      projectedUsd: event.projectedUsd ?? undefined,
    });
  }
}
