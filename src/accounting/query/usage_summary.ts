/** The answer to "how much, by what": totals, costs by provider and model, groups. @module */

import { usdText } from "../../support/decimal.ts";
import { QueryError } from "./query_error.ts";
import { HOUR_MS, momentText, type TimeRange } from "./time_range.ts";
import {
  type Dimension,
  DIMENSIONS,
  type Parameters,
  readCount,
  type UsageDimensions,
} from "./usage_filter.ts";
import { MoneySum, totalsView, UsageTotals } from "./usage_totals.ts";
import type { TotalsView } from "./usage_totals.ts";
import type { UsageRow } from "../usage_row.ts";

/** What lines are grouped by. */
export type GroupKey = Dimension | "day" | "hour";

/** Most groups that are kept apart; the rest is one group, `other`. */
const MAX_GROUPS = 10_000;
const KEYS: readonly GroupKey[] = [...DIMENSIONS, "day", "hour"];
/** No name has it: lines of the log escape control characters. */
const SEPARATOR = "\u0000";

/** How a summary is grouped. */
export interface Grouping {
  /** The keys, none for totals alone. */
  readonly by: readonly GroupKey[];
  /** Most groups that are answered; 0: all. */
  readonly top: number;
}

/** Names of the parameters of a grouping. */
export const GROUPING_PARAMETERS: readonly string[] = ["groupBy", "top"];

/**
 * Reads `groupBy` (a list) and `top`.
 *
 * @throws {QueryError} that names the parameter
 */
export function readGrouping(parameters: Parameters): Grouping {
  const by = [...new Set(parameters("groupBy")?.split(",") ?? [])];
  for (const key of by) {
    if (isGroupKey(key)) continue;
    throw new QueryError(
      "groupBy",
      `Cannot group by ${
        JSON.stringify(key.slice(0, 40))
      }: it is unknown, use ${KEYS.join(", ")}`,
    );
  }
  return {
    by: by.filter(isGroupKey),
    top: readCount(parameters, "top", 0, [0, MAX_GROUPS]),
  };
}

function isGroupKey(key: string): key is GroupKey {
  return KEYS.some((one) => one === key);
}

/** A group as it is answered: its keys by name, then its sums. */
export type GroupView =
  & TotalsView
  & {
    readonly [K in GroupKey]?: string;
  };

/** A summary as it is answered. */
export interface SummaryView extends TotalsView {
  /** What it is of; `null` for an open end. */
  readonly period: { readonly from: string | null; readonly to: string | null };
  /** The cost, also by who answered. */
  readonly cost: TotalsView["cost"] & {
    readonly byProvider: Readonly<Record<string, string>>;
    readonly byModel: Readonly<Record<string, string>>;
  };
  /** The groups, where some were asked for. */
  readonly groups?: readonly GroupView[];
  /** Groups beyond `top`. */
  readonly moreGroups?: number;
  /** Lines of the log that could not be read. */
  readonly brokenLines: number;
}

/** Takes lines, or sums of lines, and gives the answer. */
export class UsageSummary {
  /** All of them. */
  readonly totals: UsageTotals = new UsageTotals();
  /** Lines that could not be read. */
  brokenLines = 0;
  readonly #grouping: Grouping;
  readonly #targets = new Map<string, Map<string, MoneySum>>();
  readonly #groups = new Map<string, UsageTotals>();
  #hour = NaN;
  #hourText = "";

  /** Starts empty. */
  constructor(grouping: Grouping) {
    this.#grouping = grouping;
  }

  /** Whether hours are told apart: days will not do. */
  get needsHours(): boolean {
    return this.#grouping.by.includes("hour");
  }

  /** Adds a line. */
  addRow(row: UsageRow): void {
    this.totals.add(row);
    if (row.costPico !== null) this.#target(row).add(row.costPico);
    if (this.#grouping.by.length > 0) {
      this.#group(row, row.timestampMs).add(row);
    }
  }

  /** Adds the sums of lines that have the same dimensions, from one hour or day on. */
  addTotals(
    dimensions: UsageDimensions,
    startMs: number,
    totals: UsageTotals,
  ): void {
    this.totals.merge(totals);
    if (totals.requests > totals.unpriced) {
      const { pico } = totals.cost;
      if (pico > 0n) this.#target(dimensions).add(pico);
    }
    if (this.#grouping.by.length > 0) {
      this.#group(dimensions, startMs).merge(totals);
    }
  }

  /** Puts it as it is answered. */
  view({ fromMs, toMs }: TimeRange): SummaryView {
    const view = totalsView(this.totals);
    const { byProvider, byModel } = this.#costs();
    const grouped = this.#grouping.by.length > 0;
    const groups = grouped ? this.#sortedGroups() : [];
    const { top } = this.#grouping;
    const shown = top === 0 ? groups : groups.slice(0, top);
    return {
      period: { from: momentText(fromMs), to: momentText(toMs) },
      ...view,
      cost: { ...view.cost, byProvider, byModel },
      ...(grouped
        ? { groups: shown, moreGroups: groups.length - shown.length }
        : {}),
      brokenLines: this.brokenLines,
    };
  }

  #target({ provider, model }: UsageDimensions): MoneySum {
    let models = this.#targets.get(provider);
    if (models === undefined) this.#targets.set(provider, models = new Map());
    let sum = models.get(model);
    if (sum === undefined) models.set(model, sum = new MoneySum());
    return sum;
  }

  #group(dimensions: UsageDimensions, atMs: number): UsageTotals {
    const { by } = this.#grouping;
    let key = "";
    for (const [index, name] of by.entries()) {
      if (index > 0) key += SEPARATOR;
      key += name === "hour"
        ? this.#hourOf(atMs)
        : name === "day"
        ? this.#hourOf(atMs).slice(0, 10)
        : dimensions[name];
    }
    const found = this.#groups.get(key);
    if (found !== undefined) return found;
    if (this.#groups.size >= MAX_GROUPS) {
      key = by.map(() => "other").join(SEPARATOR);
    }
    let totals = this.#groups.get(key);
    if (totals === undefined) {
      totals = new UsageTotals();
      this.#groups.set(key, totals);
    }
    return totals;
  }

  #hourOf(ms: number): string {
    const hour = Math.floor(ms / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#hourText = new Date(hour * HOUR_MS).toISOString().slice(0, 13) +
        ":00Z";
    }
    return this.#hourText;
  }

  #costs(): {
    byProvider: Record<string, string>;
    byModel: Record<string, string>;
  } {
    const providers: [string, bigint][] = [];
    const targets: [string, bigint][] = [];
    for (const [provider, models] of this.#targets) {
      let sum = 0n;
      for (const [model, { pico }] of models) {
        sum += pico;
        if (pico > 0n) targets.push([`${provider}/${model}`, pico]);
      }
      if (sum > 0n) providers.push([provider, sum]);
    }
    return { byProvider: texts(providers), byModel: texts(targets) };
  }

  /** Times in their order, all else by cost, then by how often. */
  #sortedGroups(): GroupView[] {
    const { by } = this.#grouping;
    const byTime = by[0] === "day" || by[0] === "hour";
    const sorted = [...this.#groups].sort(([left, one], [right, other]) => {
      const byCost = Number(other.cost.pico - one.cost.pico);
      if (!byTime && byCost !== 0) return byCost;
      if (!byTime && one.requests !== other.requests) {
        return other.requests - one.requests;
      }
      return left < right ? -1 : 1;
    });
    return sorted.map(([key, totals]) => {
      const names = key.split(SEPARATOR);
      const keys = by.map((name, index) => [name, names[index] ?? ""]);
      return { ...Object.fromEntries(keys), ...totalsView(totals) };
    });
  }
}

function texts(sums: readonly [string, bigint][]): Record<string, string> {
  const sorted = sums.toSorted(([left, one], [right, other]) =>
    one === other ? (left < right ? -1 : 1) : one > other ? -1 : 1
  );
  return Object.fromEntries(
    sorted.map(([name, pico]) => [name, usdText(pico)]),
  );
}
