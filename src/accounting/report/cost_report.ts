/** The cost report: what was spent on whom, what was saved, where it is going. @module */

import { usdText } from "../../support/decimal.ts";
import type { Pricing } from "../attempt_pricer.ts";
import { HOUR_MS, momentText } from "../query/time_range.ts";
import type { UsageFilter } from "../query/usage_filter.ts";
import { scanLines, type UsageLogReader } from "../query/usage_scan.ts";
import { dayOf } from "../usage_files.ts";
import type { UsageRow } from "../usage_row.ts";
import { readLoggedLine } from "./logged_line.ts";
import {
  percent,
  type Recommendation,
  recommendationsOf,
} from "./recommendations.ts";
import { Savings, type SavingsDetails } from "./savings.ts";
import { type CostTrends, trendsOf } from "./trends.ts";

/** Costs by name, the dearest first; decimal text in USD. */
export type CostsByName = Readonly<Record<string, string>>;

/** A report as it is answered. Money is decimal text in USD. */
export interface CostReport {
  /** What it is of; `null` for an open end. */
  readonly period: { readonly from: string | null; readonly to: string | null };
  /** Known cost of all requests. */
  readonly totalCost: string;
  /** Always USD. */
  readonly currency: "USD";
  /** How many requests. */
  readonly requests: number;
  /** Those whose cost is not known: the total is more by theirs. */
  readonly unpricedRequests: number;
  /** Who has spent it on whom, when. */
  readonly breakdown: {
    readonly byProvider: CostsByName;
    readonly byModel: CostsByName;
    readonly byClient: CostsByName;
    readonly byDay: CostsByName;
  };
  /** What was not spent. */
  readonly savings: {
    readonly cachingAmount: string | null;
    readonly smartRoutingAmount: string | null;
    readonly totalPotentialCost: string;
    readonly actualCost: string;
    readonly savingsPercentage: number;
    readonly details: SavingsDetails;
  };
  /** Where it is going. */
  readonly trends: CostTrends;
  /** What follows from the numbers. */
  readonly recommendations: readonly Recommendation[];
  /** Lines of the log that could not be read. */
  readonly brokenLines: number;
}

/** What a report is made with. */
export interface ReportOptions {
  /** The prices savings are computed at. */
  readonly pricing: Pricing;
  /** This moment, ms since the epoch: the day it is in is not whole. */
  readonly nowMs: number;
}

/** Makes the report of the lines that are meant. */
export async function costReport(
  reader: UsageLogReader,
  filter: UsageFilter,
  options: ReportOptions,
): Promise<CostReport> {
  const sums = new ReportSums(options.pricing);
  const broken = await scanLines(reader, filter, (line) => {
    sums.add(line.row, line.text());
  });
  return sums.report(filter, options.nowMs, broken);
}

/** Sums by name. */
class Costs extends Map<string, bigint> {
  plus(name: string, pico: bigint): void {
    this.set(name, (this.get(name) ?? 0n) + pico);
  }

  byCost(): CostsByName {
    return texts(
      [...this].sort(([left, one], [right, other]) =>
        one === other ? (left < right ? -1 : 1) : one > other ? -1 : 1
      ),
    );
  }

  byName(): CostsByName {
    return texts([...this].sort(([left], [right]) => left < right ? -1 : 1));
  }
}

function texts(costs: readonly (readonly [string, bigint])[]): CostsByName {
  return Object.fromEntries(costs.map(([name, pico]) => [name, usdText(pico)]));
}

class ReportSums {
  readonly #savings: Savings;
  readonly #byProvider = new Costs();
  readonly #byModel = new Costs();
  readonly #byClient = new Costs();
  readonly #byDay = new Costs();
  readonly #byHour: bigint[] = new Array(24).fill(0n);
  #requests = 0;
  #unpriced = 0;
  #total = 0n;

  constructor(pricing: Pricing) {
    this.#savings = new Savings(pricing);
  }

  add(row: UsageRow, text: string): void {
    const pico = row.costPico === null ? null : BigInt(row.costPico);
    const line = readLoggedLine(text);
    this.#requests++;
    if (pico === null && row.costStatus !== "no-usage") this.#unpriced++;
    const name = row.alias === "" ? row.requestedModel : row.alias;
    this.#savings.add(line, row.timestampMs, name, pico);
    this.#byDay.plus(dayOf(row.timestampMs), pico ?? 0n);
    if (pico === null || pico === 0n) return;
    this.#total += pico;
    this.#byClient.plus(row.client, pico);
    const hour = Math.floor(row.timestampMs / HOUR_MS) % 24;
    this.#byHour[hour] = (this.#byHour[hour] ?? 0n) + pico;
    // Attempts that failed over cost at whom they were made.
    for (const { provider, model, costPico } of line.attempts) {
      if (costPico === null || costPico === 0n) continue;
      this.#byProvider.plus(provider, costPico);
      this.#byModel.plus(`${provider}/${model}`, costPico);
    }
  }

  report(
    filter: UsageFilter,
    nowMs: number,
    brokenLines: number,
  ): CostReport {
    const { cachingPico, routingPico } = this.#savings;
    const saved = (cachingPico ?? 0n) + (routingPico ?? 0n);
    const potentialPico = this.#total + saved;
    return {
      period: {
        from: momentText(filter.fromMs),
        to: momentText(filter.toMs),
      },
      totalCost: usdText(this.#total),
      currency: "USD",
      requests: this.#requests,
      unpricedRequests: this.#unpriced,
      breakdown: {
        byProvider: this.#byProvider.byCost(),
        byModel: this.#byModel.byCost(),
        byClient: this.#byClient.byCost(),
        byDay: this.#byDay.byName(),
      },
      savings: {
        cachingAmount: textOrNull(cachingPico),
        smartRoutingAmount: textOrNull(routingPico),
        totalPotentialCost: usdText(potentialPico),
        actualCost: usdText(this.#total),
        savingsPercentage: percent(saved, potentialPico),
        details: this.#savings.view(),
      },
      trends: trendsOf(this.#byDay, filter, nowMs),
      recommendations: recommendationsOf({
        actualPico: this.#total,
        cachingPico,
        potentialPico,
        byProvider: this.#byProvider,
        byHour: this.#byHour,
        cheaperPico: (provider) => this.#savings.cheaperPico(provider),
      }),
      brokenLines,
    };
  }
}

function textOrNull(pico: bigint | null): string | null {
  return pico === null ? null : usdText(pico);
}
