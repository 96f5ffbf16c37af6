/** Draws numbers within the bounds of a JSON Schema. @module */

import type { JsonObject, JsonValue } from "../support/json.ts";
import type { SeededRandom } from "./seeded_random.ts";

const USUAL_SPAN = 100;
const TRIES = 16;

/** Draws a number that keeps to `minimum`, `maximum`, their exclusive forms and `multipleOf`. */
export function numberValue(
  schema: JsonObject,
  integer: boolean,
  random: SeededRandom,
): number {
  const [low, high] = limits(schema);
  const step = positive(schema["multipleOf"]);
  if (step !== null) return multiple(low, high, step, integer, random);
  if (integer) {
    const least = lowestInteger(low, schema);
    const most = highestInteger(high, schema);
    return least <= most ? random.integer(least, most) : least;
  }
  return fraction(low, high, schema, random);
}

function number(value: JsonValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function positive(value: JsonValue | undefined): number | null {
  return typeof value === "number" && value > 0 ? value : null;
}

// Both ends; where one is open, a usual span is taken from the other.
function limits(schema: JsonObject): [number, number] {
  const lows = [number(schema["minimum"]), number(schema["exclusiveMinimum"])];
  const highs = [number(schema["maximum"]), number(schema["exclusiveMaximum"])];
  const low = Math.max(...lows.map((one) => one ?? -Infinity));
  const high = Math.min(...highs.map((one) => one ?? Infinity));
  if (low === -Infinity && high === Infinity) return [0, USUAL_SPAN];
  const step = positive(schema["multipleOf"]) ?? 1;
  const span = Math.max(USUAL_SPAN, step * 4, Math.abs(low) / 4);
  if (high === Infinity) return [low, low + span];
  if (low !== -Infinity) return [low, high];
  return [Math.min(high > 0 ? 0 : high - USUAL_SPAN, high - step * 4), high];
}

function lowestInteger(low: number, schema: JsonObject): number {
  const least = Math.ceil(low);
  return least === number(schema["exclusiveMinimum"]) ? least + 1 : least;
}

function highestInteger(high: number, schema: JsonObject): number {
  const most = Math.floor(high);
  return most === number(schema["exclusiveMaximum"]) ? most - 1 : most;
}

function fraction(
  low: number,
  high: number,
  schema: JsonObject,
  random: SeededRandom,
): number {
  const barred = [
    number(schema["exclusiveMinimum"]),
    number(schema["exclusiveMaximum"]),
  ];
  for (let i = 0; i < TRIES; i++) {
    const exact = low + (high - low) * random.next();
    const rounded = Math.round(exact * 100) / 100;
    const value = rounded >= low && rounded <= high ? rounded : exact;
    if (!barred.includes(value)) return value;
  }
  return barred.includes(low) ? low + (high - low) / 2 : low;
}

// Steps such as 0.01 do not divide evenly in binary: a multiple is taken only
// if the division gives a whole number, as validators compute it.
function multiple(
  low: number,
  high: number,
  step: number,
  integer: boolean,
  random: SeededRandom,
): number {
  const from = Math.ceil(low / step);
  const to = Math.floor(high / step);
  for (let i = 0; i < TRIES && from <= to; i++) {
    const value = random.integer(from, to) * step;
    const fits = Number.isInteger(value / step) && value >= low &&
      value <= high;
    if (fits && (!integer || Number.isInteger(value))) return value;
  }
  for (let count = from; count <= to && count < from + 10_000; count++) {
    const value = count * step;
    if (
      Number.isInteger(value / step) && (!integer || Number.isInteger(value))
    ) return value;
  }
  return low <= 0 && high >= 0 ? 0 : from * step;
}
