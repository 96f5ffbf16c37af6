/** The prices of one configuration, as the relay, routing and budgets ask for them. @module */

import type { PricedProvider, Pricing } from "../accounting/attempt_pricer.ts";
import type { PricedRequest } from "../accounting/cost_breakdown.ts";
import type { CostCalculator } from "../accounting/cost_calculator.ts";
import {
  type AskedConditions,
  costCeiling,
} from "../accounting/cost_ceiling.ts";
import {
  type CostEstimateFacts,
  estimateCost,
} from "../accounting/cost_estimate.ts";
import {
  bookOf,
  calculatorOf,
  type LoadedPrices,
  loadPrices,
  tablesOf,
} from "../accounting/load_prices.ts";
import type { PriceTable } from "../accounting/price_table.ts";
import type { Config } from "../config/schema.ts";
import type { Cost } from "../exchange/cost.ts";
import type { TargetRef } from "../exchange/decision.ts";
import type { ProtocolName } from "../exchange/names.ts";
import { capabilitiesOf } from "../providers/model_table.ts";
import type { RequestFacts } from "../routing/facts.ts";

/** Prices answers, and requests before they are sent. */
export class LivePricing implements Pricing {
  /** What could not be used, one sentence each. */
  readonly warnings: readonly string[];
  readonly #config: Config;
  readonly #providers: ReadonlyMap<string, PricedProvider>;
  #prices: LoadedPrices;
  #calculator: CostCalculator;

  private constructor(config: Config, prices: LoadedPrices) {
    this.#config = config;
    this.#prices = prices;
    this.warnings = prices.warnings;
    this.#calculator = this.#compile();
    this.#providers = pricedProviders(config);
  }

  /**
   * Loads every table of a config.
   *
   * @throws {PriceFileError} when a table that the config names cannot be used
   */
  static async load(config: Config): Promise<LivePricing> {
    const prices = await loadPrices({
      pricing: config.pricing,
      providers: new Set(config.providers.keys()),
      stateDir: config.stateDir,
    });
    return new LivePricing(config, prices);
  }

  /** The tables, first one first. */
  get tables(): readonly PriceTable[] {
    return tablesOf(this.#prices);
  }

  /** Takes up a newer list of OpenRouter's. */
  useOpenrouter(table: PriceTable | null): void {
    if (table === this.#prices.openrouter) return;
    this.#prices = { ...this.#prices, openrouter: table };
    this.#calculator = this.#compile();
  }

  /** Prices what was consumed. */
  cost(request: PricedRequest): Cost {
    return this.#calculator.cost(request);
  }

  /** What is known of a provider. */
  provider(id: string): PricedProvider | undefined {
    return this.#providers.get(id);
  }

  /** Prices a request before it is sent, in 1e-12 USD; `null` where there is no price. */
  estimate(
    target: TargetRef,
    inputTokens: number,
    outputTokens: number,
  ): bigint | null {
    const facts = this.#factsOf(target, inputTokens, outputTokens);
    return estimateCost(this.#calculator, facts);
  }

  /**
   * Prices a request as far as it can be foreseen: without an output limit
   * half of its input, at most a tenth of what the model can say.
   */
  expect(target: TargetRef, facts: RequestFacts): bigint | null {
    const input = facts.inputTokens;
    const most = capabilitiesOf(target.model).maxOutputTokens ?? Infinity;
    const output = facts.maxOutputTokens ?? Math.min(input / 2, most / 10);
    return this.estimate(target, input, Math.ceil(output));
  }

  /** The most that a request can cost that asks for this: what budgets set aside. */
  ceiling(
    target: TargetRef,
    inputTokens: number,
    outputTokens: number,
    asked: AskedConditions,
  ): bigint | null {
    const facts = this.#factsOf(target, inputTokens, outputTokens);
    return costCeiling(this.#calculator, facts, asked);
  }

  #factsOf(
    target: TargetRef,
    inputTokens: number,
    outputTokens: number,
  ): CostEstimateFacts {
    const hosts = this.#providers.get(target.provider)?.hosts;
    return {
      provider: target.provider,
      host: hosts?.values().next().value ?? null,
      model: target.model,
      inputTokens,
      outputTokens,
      atMs: Date.now(),
    };
  }

  #compile(): CostCalculator {
    const { pricing } = this.#config;
    return calculatorOf(bookOf(this.#prices, pricing), pricing);
  }
}

function pricedProviders(config: Config): Map<string, PricedProvider> {
  const providers = new Map<string, PricedProvider>();
  for (const [id, section] of config.providers) {
    const hosts = new Map<ProtocolName, string>();
    for (const [protocol, url] of section.protocols ?? []) {
      if (URL.canParse(url)) hosts.set(protocol, new URL(url).host);
    }
    providers.set(id, { hosts, trustReportedCost: section.trustReportedCost });
  }
  return providers;
}
