/** Sums lines by hour and by day, apart by everything that queries filter by. @module */

import type { UsageRow } from "../usage_row.ts";
import { DAY_MS, HOUR_MS } from "./time_range.ts";
import type { UsageDimensions } from "./usage_filter.ts";
import { UsageTotals } from "./usage_totals.ts";

/** Sums of the lines of one hour or day that have the same dimensions. */
export interface RollupCell {
  /** Length in ms: an hour or a day. */
  readonly spanMs: number;
  /** Its beginning, ms since the epoch. */
  readonly startMs: number;
  /** What its lines have in common. */
  readonly dimensions: UsageDimensions;
  /** Their sums. */
  readonly totals: UsageTotals;
}

/** Takes lines, gives cells. */
export interface Rollup {
  /** Lines so far. */
  readonly lines: number;
  /** Adds a line. */
  add(row: UsageRow): void;
  /** All hours, then all days. */
  cells(): Iterable<RollupCell>;
}

/** Makes an empty rollup. */
export function cellsOf(): Rollup {
  return new HourlyRollup();
}

class HourlyRollup implements Rollup {
  lines = 0;
  readonly #hours = new Map<string, RollupCell>();

  add(row: UsageRow): void {
    this.lines++;
    this.#cell(this.#hours, HOUR_MS, row.timestampMs, row).totals.add(row);
  }

  *cells(): Generator<RollupCell> {
    yield* this.#hours.values();
    const days = new Map<string, RollupCell>();
    for (const { startMs, dimensions, totals } of this.#hours.values()) {
      this.#cell(days, DAY_MS, startMs, dimensions).totals.merge(totals);
    }
    yield* days.values();
  }

  #cell(
    cells: Map<string, RollupCell>,
    spanMs: number,
    atMs: number,
    { provider, model, alias, client, outcome }: UsageDimensions,
  ): RollupCell {
    const startMs = Math.floor(atMs / spanMs) * spanMs;
    const key =
      `${startMs}\0${provider}\0${model}\0${alias}\0${client}\0${outcome}`;
    let cell = cells.get(key);
    if (cell === undefined) {
      const dimensions = { provider, model, alias, client, outcome };
      cell = { spanMs, startMs, dimensions, totals: new UsageTotals() };
      cells.set(key, cell);
    }
    return cell;
  }
}
