/** What a range of the usage log would have cost at other prices. Nothing is changed. @module */

import type { Usage } from "../../exchange/usage.ts";
import { usdText } from "../../support/decimal.ts";
import type { Pricing } from "../attempt_pricer.ts";
import { momentText } from "../query/time_range.ts";
import type { UsageFilter } from "../query/usage_filter.ts";
import { scanLines, type UsageLogReader } from "../query/usage_scan.ts";
import {
  type LoggedAttempt,
  pricedRequest,
  readLoggedLine,
} from "./logged_line.ts";

/** Sums of logged costs beside those of today's prices. Decimal text in USD. */
export interface RepricedSums {
  /** Attempts that consumed something. */
  readonly attempts: number;
  /** Those whose cost differs. */
  readonly changed: number;
  /** Logged cost, where it was known. */
  readonly logged: string;
  /** Cost at the other prices, where they are known. */
  readonly repriced: string;
  /** By how much the attempts that have both costs became dearer; no price is no saving. */
  readonly difference: string;
  /** Attempts without a logged cost. */
  readonly loggedUnpriced: number;
  /** Attempts without a cost at the other prices. */
  readonly repricedUnpriced: number;
}

/** The comparison. */
export interface Repriced extends RepricedSums {
  /** What it is of; `null` for an open end. */
  readonly period: { readonly from: string | null; readonly to: string | null };
  /** The same by target, the largest difference first. */
  readonly byModel: readonly (RepricedSums & { readonly model: string })[];
  /** Lines of the log that could not be read. */
  readonly brokenLines: number;
}

/** What a range is priced with. */
export interface RepriceOptions {
  /** The other prices. */
  readonly pricing: Pricing;
  /** What an attempt consumed, as prices want it: read again from the provider's own words where that is possible. */
  usageOf(attempt: LoggedAttempt): Usage;
}

/** Prices the lines that are meant again. */
export async function reprice(
  reader: UsageLogReader,
  filter: UsageFilter,
  { pricing, usageOf }: RepriceOptions,
): Promise<Repriced> {
  const total = new Sums();
  const models = new Map<string, Sums>();
  const brokenLines = await scanLines(reader, filter, (line) => {
    const atMs = line.row.timestampMs;
    for (const logged of readLoggedLine(line.text()).attempts) {
      if (logged.usage.source === "none" && logged.costPico === null) continue;
      const attempt = { ...logged, usage: usageOf(logged) };
      const request = pricedRequest(attempt, atMs, pricing);
      const pico = pricing.cost(request).totalPico;
      const model = `${logged.provider}/${logged.model}`;
      let sums = models.get(model);
      if (sums === undefined) models.set(model, sums = new Sums());
      for (const one of [total, sums]) one.add(logged.costPico, pico);
    }
  });
  const byModel = [...models].sort(([left, one], [right, other]) =>
    one.distance === other.distance
      ? (left < right ? -1 : 1)
      : one.distance > other.distance
      ? -1
      : 1
  ).map(([model, sums]) => ({ model, ...sums.view() }));
  return {
    period: { from: momentText(filter.fromMs), to: momentText(filter.toMs) },
    ...total.view(),
    byModel,
    brokenLines,
  };
}

class Sums {
  #attempts = 0;
  #changed = 0;
  #logged = 0n;
  #repriced = 0n;
  #difference = 0n;
  #loggedUnpriced = 0;
  #repricedUnpriced = 0;

  add(logged: bigint | null, repriced: bigint | null): void {
    this.#attempts++;
    if (logged !== repriced) this.#changed++;
    if (logged === null) this.#loggedUnpriced++;
    else this.#logged += logged;
    if (repriced === null) this.#repricedUnpriced++;
    else this.#repriced += repriced;
    if (logged !== null && repriced !== null) {
      this.#difference += repriced - logged;
    }
  }

  get distance(): bigint {
    return this.#difference < 0n ? -this.#difference : this.#difference;
  }

  view(): RepricedSums {
    return {
      attempts: this.#attempts,
      changed: this.#changed,
      logged: usdText(this.#logged),
      repriced: usdText(this.#repriced),
      difference: usdText(this.#difference),
      loggedUnpriced: this.#loggedUnpriced,
      repricedUnpriced: this.#repricedUnpriced,
    };
  }
}
