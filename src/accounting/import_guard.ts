/** Looks at a price table before it takes the place of another: what is implausible is refused. @module */

import { priceFields } from "./price_diff.ts";
import type { PriceEntry } from "./price_entry.ts";
import type { PriceTable } from "./price_table.ts";

/** When an import is refused. */
export interface GuardLimits {
  /** Largest share of models that may be gone. */
  readonly maxModelLossRatio: number;
  /** Largest factor by which a price may move, up or down. */
  readonly maxPriceFactor: number;
}

/** More lines of one kind say nothing more. */
const MAX_LINES = 20;

/** Says what speaks against `after` in the place of `before`; nothing if all is well. */
export function guardImport(
  before: PriceTable,
  after: PriceTable,
  limits: GuardLimits,
): readonly string[] {
  return [
    ...lossProblems(before, after, limits.maxModelLossRatio),
    ...jumpProblems(before, after, limits.maxPriceFactor),
  ];
}

function placeOf(row: PriceTable["rows"][number]): string {
  return `${row.provider ?? "*"}/${row.model}`;
}

function lossProblems(
  before: PriceTable,
  after: PriceTable,
  maxRatio: number,
): readonly string[] {
  const kept = new Set(after.rows.map(placeOf));
  const lost = before.rows.filter((row) => !kept.has(placeOf(row)));
  const ratio = before.rows.length === 0 ? 0 : lost.length / before.rows.length;
  if (ratio <= maxRatio) return [];
  const percent = Math.round(ratio * 100);
  return [
    `${lost.length} of ${before.rows.length} models (${percent} %) are gone, ` +
    `more than ${Math.round(maxRatio * 100)} %`,
  ];
}

/**
 * Prices that moved too far. A price that becomes 0 moved infinitely far; one
 * that was 0 before is not compared.
 */
export function jumpProblems(
  before: PriceTable,
  after: PriceTable,
  maxFactor: number,
): readonly string[] {
  const old = new Map(before.rows.map((row) => [placeOf(row), row.source]));
  const problems: string[] = [];
  for (const row of after.rows) {
    const was = old.get(placeOf(row));
    if (was === undefined || was === row.source) continue;
    for (
      const { field, from, to } of jumps(was.entry, row.source.entry, maxFactor)
    ) {
      problems.push(
        `${row.key}: ${field} moves from ${from} to ${to}, ` +
          `by more than a factor of ${maxFactor}`,
      );
    }
  }
  const more = problems.length - MAX_LINES;
  return more > 0
    ? [...problems.slice(0, MAX_LINES), `and ${more} more prices`]
    : problems;
}

/** A price that moved too far. */
type Jump = {
  readonly field: string;
  readonly from: string;
  readonly to: string;
};

/** Every price that moved too far; those of conditions only where the plain one did not. */
function jumps(
  before: PriceEntry,
  after: PriceEntry,
  maxFactor: number,
): readonly Jump[] {
  const old = priceFields(before);
  const found: Jump[] = [];
  for (const [field, to] of priceFields(after)) {
    const from = old.get(field);
    if (from === undefined || from === to || from === "0") continue;
    const factor = to === "0" ? Infinity : Number(to) / Number(from);
    if (factor <= maxFactor && factor >= 1 / maxFactor) continue;
    const plain = field.slice(field.lastIndexOf(".") + 1);
    if (found.some((jump) => jump.field === plain)) continue;
    found.push({ field, from, to });
  }
  return found;
}
