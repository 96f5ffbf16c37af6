/** Which lines of the usage log are meant. @module */

import { OUTCOMES } from "../../exchange/names.ts";
import type { UsageRow } from "../usage_row.ts";
import { QueryError } from "./query_error.ts";
import { readRange, type TimeRange } from "./time_range.ts";

/** What a line is told apart by. */
export interface UsageDimensions {
  /** Who answered last, "" for nobody. */
  readonly provider: string;
  /** Its model, "" for none. */
  readonly model: string;
  /** The alias, "" for none. */
  readonly alias: string;
  /** The client's name. */
  readonly client: string;
  /** How the request ended. */
  readonly outcome: string;
}

/** Names of the dimensions. */
export const DIMENSIONS = [
  "provider",
  "model",
  "alias",
  "client",
  "outcome",
] as const satisfies readonly (keyof UsageDimensions)[];

/** The name of a dimension. */
export type Dimension = (typeof DIMENSIONS)[number];

/** Gives the value of a parameter, `undefined` where it was not given. */
export type Parameters = (name: string) => string | undefined;

/** Which lines are meant. */
export interface UsageFilter extends TimeRange {
  /** Values that count, by dimension; all count where there is no entry. */
  readonly values: ReadonlyMap<Dimension, ReadonlySet<string>>;
  /** Whether it must have ended well, `null` for both. */
  readonly success: boolean | null;
}

/** Names of the parameters of a filter. */
export const FILTER_PARAMETERS: readonly string[] = [
  "from",
  "to",
  ...DIMENSIONS,
  "success",
];

/**
 * Reads `from`, `to`, a list of values by dimension, and `success`.
 *
 * @throws {QueryError} that names the parameter
 */
export function readFilter(parameters: Parameters): UsageFilter {
  const values = new Map<Dimension, ReadonlySet<string>>();
  for (const dimension of DIMENSIONS) {
    const text = parameters(dimension);
    if (text !== undefined) values.set(dimension, new Set(text.split(",")));
  }
  for (const outcome of values.get("outcome") ?? []) {
    if ((OUTCOMES as readonly string[]).includes(outcome)) continue;
    throw new QueryError(
      "outcome",
      `Cannot use outcome ${
        JSON.stringify(outcome.slice(0, 40))
      }: it is unknown, use ${OUTCOMES.join(", ")}`,
    );
  }
  return {
    ...readRange(parameters("from"), parameters("to")),
    values,
    success: readSuccess(parameters("success")),
  };
}

/**
 * Reads a whole number between `least` and `most`.
 *
 * @throws {QueryError} that names the parameter
 */
export function readCount(
  parameters: Parameters,
  name: string,
  otherwise: number,
  [least, most]: readonly [number, number],
): number {
  const text = parameters(name);
  if (text === undefined) return otherwise;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new QueryError(
    name,
    `Cannot use ${name} ${
      JSON.stringify(text.slice(0, 40))
    }: it is no whole number from ${least} to ${most}, give one`,
  );
}

/** Tells whether a line is meant, its time included. */
export function matchesRow(filter: UsageFilter, row: UsageRow): boolean {
  return row.timestampMs >= filter.fromMs && row.timestampMs < filter.toMs &&
    matchesDimensions(filter, row);
}

/** Tells whether lines with these dimensions are meant. */
export function matchesDimensions(
  { values, success }: UsageFilter,
  dimensions: UsageDimensions,
): boolean {
  if (success !== null && (dimensions.outcome === "success") !== success) {
    return false;
  }
  if (values.size === 0) return true;
  for (const [dimension, wanted] of values) {
    if (!wanted.has(dimensions[dimension])) return false;
  }
  return true;
}

function readSuccess(text: string | undefined): boolean | null {
  if (text === undefined) return null;
  if (text === "true" || text === "false") return text === "true";
  throw new QueryError(
    "success",
    `Cannot use success ${
      JSON.stringify(text.slice(0, 40))
    }: it is neither true nor false, give one of them`,
  );
}
