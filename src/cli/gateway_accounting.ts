/** Everything a gateway counts in tokens and money: built, wired and taken down here. @module */

import { AttemptPricer } from "../accounting/attempt_pricer.ts";
import { type ErrorLogOptions, ErrorLogTap } from "../accounting/error_log.ts";
import { SpendLogTap } from "../accounting/spend_log.ts";
import { UsageLogTap } from "../accounting/usage_log.ts";
import type { Config } from "../config/schema.ts";
import type { Cost } from "../exchange/cost.ts";
import type { Tap } from "../exchange/events.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import type { Logger } from "../support/logger.ts";
import type { Redactor } from "../support/redact.ts";
import { GatewayBudgets } from "./gateway_budgets.ts";
import type { LivePricing } from "./live_pricing.ts";
import { LogStreams } from "./log_streams.ts";
import { OpenrouterRefresh } from "./openrouter_refresh.ts";

/** What accounting is built from. */
export interface AccountingOptions {
  /** The config at start. */
  readonly config: Config;
  /** The log. */
  readonly log: Logger;
  /** The prices of the moment. */
  readonly pricing: () => LivePricing;
  /** Takes the secrets of the moment out of texts. */
  readonly redactor: () => Redactor;
}

function errorOptions({ logging }: Config): ErrorLogOptions {
  return { ...logging.errors, clientIp: logging.usage.clientIp };
}

/** The accounting of one gateway. */
export class GatewayAccounting implements AsyncDisposable {
  /** The files of lines. */
  readonly streams: LogStreams;
  readonly #pricer: AttemptPricer;
  readonly #openrouter: OpenrouterRefresh;
  /** Writes failures down; bugs are told to it. */
  readonly errorTap: ErrorLogTap;
  /** Limits and budgets. */
  readonly budgets: GatewayBudgets;
  readonly #usageTap: UsageLogTap;
  readonly #spendTap: SpendLogTap;

  private constructor(options: AccountingOptions) {
    const { config, log, pricing } = options;
    this.#pricer = new AttemptPricer(pricing);
    this.#openrouter = new OpenrouterRefresh(
      log,
      (table) => pricing().useOpenrouter(table),
    );
    this.streams = new LogStreams(config, log);
    this.#usageTap = new UsageLogTap(
      this.streams.usage.stream,
      config.logging.usage,
    );
    this.errorTap = new ErrorLogTap(
      this.streams.errors.stream,
      options.redactor,
      errorOptions(config),
    );
    this.#spendTap = new SpendLogTap(
      this.streams.spending.stream,
      this.streams.spending.enabled,
    );
    this.budgets = new GatewayBudgets(config, log, this.streams, pricing);
  }

  /** Builds it. What cannot be written does not keep the gateway from starting. */
  static async start(options: AccountingOptions): Promise<GatewayAccounting> {
    const accounting = new GatewayAccounting(options);
    await accounting.budgets.restore();
    await accounting.streams.prepare();
    accounting.#openrouter.update(options.config);
    return accounting;
  }

  /** The taps. */
  get taps(): readonly Tap[] {
    return [
      this.budgets.admission,
      this.#usageTap,
      this.#spendTap,
      this.errorTap,
    ];
  }

  /** Completes and prices an ended attempt. */
  costOf(attempt: Attempt, exchange: Exchange): Cost | null {
    return this.#pricer.costOf(attempt, exchange);
  }

  /** Facts for `/health`. */
  health(): Readonly<Record<string, string>> {
    const { usage, errors } = this.streams;
    return { usage: usage.health, errors: errors.health };
  }

  /** Takes over another config. */
  update(config: Config): void {
    this.#openrouter.update(config);
    this.streams.update(config);
    this.#usageTap.update(config.logging.usage);
    this.#spendTap.enabled = this.streams.spending.enabled;
    this.budgets.update(config);
    this.errorTap.update(errorOptions(config));
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#openrouter[Symbol.asyncDispose]();
    this.errorTap.flush();
    // A disk that did not take the lines does not give them back either.
    await this.budgets.end(await this.streams.close());
  }
}
