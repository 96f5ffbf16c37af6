/**
 * Compiles price entries, of the config and of price tables alike: from
 * decimals as they are written to exact integers. Nothing that is wrong is
 * passed over: it becomes a problem with its path.
 *
 * @module
 */

import { scaledValue } from "../support/decimal.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import { compileNamePattern, type NamePattern } from "./name_pattern.ts";
import {
  type PastPrice,
  type PriceEntry,
  type PriceTier,
  type PriceVariant,
  type PriceWindow,
  RATE_KEYS,
  type RateKey,
  type Rates,
  type SearchContextSize,
} from "./price_entry.ts";

/** A per-million price has this many decimals in an integer rate. */
const RATE_SCALE = 6;
const USD_SCALE = 12;
const PPM_SCALE = 6;
const DAY_MINUTES = 24 * 60;

const SIZES: readonly SearchContextSize[] = ["low", "medium", "high"];

const ENTRY_KEYS: ReadonlySet<string> = new Set([
  ...RATE_KEYS,
  "perRequest",
  "perRequestBySize",
  "webSearchPer1K",
  "webSearchUnit",
  "tiers",
  "serviceTiers",
  "regions",
  "windows",
  "history",
  "aliases",
  "match",
  "source",
  "date",
  "notes",
]);

/** An entry and everything that is wrong with it. */
export interface CompiledEntry {
  /** The entry, without the parts that are wrong. */
  readonly entry: PriceEntry;
  /** What is wrong, each with its path. */
  readonly problems: readonly string[];
}

/** Compiles one price entry. Maps and objects are both read as objects. */
export function compileEntry(source: unknown): CompiledEntry {
  const compiler = new EntryCompiler();
  return { entry: compiler.entry(source), problems: compiler.problems };
}

function fields(value: unknown): JsonObject {
  if (value instanceof Map) return Object.fromEntries(value) as JsonObject;
  return isJsonObject(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Reads `HH:MM` as minutes of the day. */
function minuteOf(text: string): number | null {
  const found = /^(\d{2}):(\d{2})$/.exec(text);
  if (found === null) return null;
  const minute = Number(found[1]) * 60 + Number(found[2]);
  return minute <= DAY_MINUTES ? minute : null;
}

class EntryCompiler {
  readonly problems: string[] = [];
  readonly #rounded: string[] = [];

  entry(source: unknown): PriceEntry {
    const from = fields(source);
    for (const key of Object.keys(from)) {
      if (!ENTRY_KEYS.has(key)) {
        this.problems.push(`${key}: the key is unknown`);
      }
    }
    const entry: PriceEntry = {
      rates: this.#rates(from, ""),
      perRequestPico: this.#usd(from.perRequest, "perRequest"),
      perRequestBySizePico: this.#bySize(from.perRequestBySize),
      webSearchPer1KPico: this.#usd(from.webSearchPer1K, "webSearchPer1K"),
      webSearchUnit: from.webSearchUnit === "request" ? "request" : "query",
      tiers: this.#tiers(from.tiers, "tiers"),
      serviceTiers: new Map(
        Object.entries(fields(from.serviceTiers)).map(([name, variant]) => [
          name.toLowerCase(),
          this.#variant(variant, `serviceTiers.${name}`),
        ]),
      ),
      regions: this.#regions(from.regions),
      windows: list(from.windows).flatMap((window, index) =>
        this.#window(window, `windows[${index}]`)
      ),
      history: this.#history(from.history),
      aliases: list(from.aliases).filter((name) => typeof name === "string"),
      pattern: this.#pattern(from.match),
      source: typeof from.source === "string" ? from.source : null,
      date: typeof from.date === "string" ? from.date : null,
      notes: [
        ...list(from.notes).filter((note) => typeof note === "string"),
        ...this.#rounded,
      ],
    };
    return entry;
  }

  #pattern(value: JsonValue | undefined): NamePattern | null {
    if (value === undefined || value === null) return null;
    const pattern = compileNamePattern(value);
    if (pattern === null) {
      this.problems.push(
        `match: value is ${
          JSON.stringify(value).slice(0, 80)
        }, not a clause such as {"starts_with":"name"}`,
      );
    }
    return pattern;
  }

  #rates(from: JsonObject, path: string): Rates {
    const rates: { [Key in RateKey]?: bigint } = {};
    for (const key of RATE_KEYS) {
      const rate = this.#scaled(from[key], RATE_SCALE, `${path}${key}`);
      if (rate !== null) rates[key] = rate;
    }
    return rates;
  }

  #scaled(value: unknown, scale: number, path: string): bigint | null {
    if (value === undefined || value === null) return null;
    const read = scaledValue(value, scale);
    if (read === null) {
      this.problems.push(
        `${path}: value is ${JSON.stringify(value)}, not a price of 0 or more`,
      );
      return null;
    }
    if (!read.exact) {
      this.#rounded.push(`${path}: ${value} is rounded to 1e-12 USD`);
    }
    return read.value;
  }

  #usd(value: unknown, path: string): bigint | null {
    return this.#scaled(value, USD_SCALE, path);
  }

  #bySize(value: unknown): ReadonlyMap<SearchContextSize, bigint> {
    const from = fields(value);
    const sizes = new Map<SearchContextSize, bigint>();
    for (const size of SIZES) {
      const pico = this.#usd(from[size], `perRequestBySize.${size}`);
      if (pico !== null) sizes.set(size, pico);
    }
    return sizes;
  }

  #factor(value: unknown, path: string): bigint | null {
    if (value === undefined || value === null) return null;
    const read = scaledValue(value, PPM_SCALE);
    if (read === null || read.value === 0n) {
      this.problems.push(
        `${path}: value is ${JSON.stringify(value)}, not a factor above 0`,
      );
      return null;
    }
    return read.value;
  }

  #tiers(value: unknown, path: string): readonly PriceTier[] {
    const tiers: PriceTier[] = [];
    for (const [index, item] of list(value).entries()) {
      const from = fields(item);
      const { above } = from;
      if (typeof above !== "number" || !(above >= 0)) {
        this.problems.push(
          `${path}[${index}].above: value is ${
            JSON.stringify(above)
          }, not a count of tokens`,
        );
        continue;
      }
      tiers.push({
        above,
        inclusive: from.inclusive === true,
        rates: this.#rates(from, `${path}[${index}].`),
      });
    }
    return tiers.sort((left, right) => left.above - right.above);
  }

  #variant(value: unknown, path: string): PriceVariant {
    const from = fields(value);
    return {
      factorPpm: this.#factor(from.factor, `${path}.factor`),
      rates: this.#rates(from, `${path}.`),
      tiers: this.#tiers(from.tiers, `${path}.tiers`),
      shortOnly: from.shortOnly === true,
    };
  }

  #regions(value: unknown): ReadonlyMap<string, bigint> {
    const regions = new Map<string, bigint>();
    for (const [name, factor] of Object.entries(fields(value))) {
      const ppm = this.#factor(factor, `regions.${name}`);
      if (ppm !== null) regions.set(name.toLowerCase(), ppm);
    }
    return regions;
  }

  #window(value: unknown, path: string): PriceWindow[] {
    const from = fields(value);
    const hours = list(from.hours).flatMap((range) => {
      const [start = "", end = ""] = String(range).split("-");
      const fromMinute = minuteOf(start);
      const toMinute = minuteOf(end);
      return fromMinute === null || toMinute === null
        ? []
        : [{ fromMinute, toMinute }];
    });
    const timeZone = typeof from.tz === "string" ? from.tz : "UTC";
    if (hours.length === 0 || !isTimeZone(timeZone)) {
      this.problems.push(
        `${path}: use a known time zone and hours such as 01:00-04:00`,
      );
      return [];
    }
    const days = list(from.days ?? [0, 1, 2, 3, 4, 5, 6])
      .map((day) => Number(day) % 7);
    return [{ ...this.#variant(from, path), timeZone, days, hours }];
  }

  #history(value: unknown): readonly PastPrice[] {
    const past: PastPrice[] = [];
    for (const [index, item] of list(value).entries()) {
      const from = fields(item);
      const untilMs = Date.parse(`${from.until}T00:00:00Z`);
      if (Number.isNaN(untilMs)) {
        this.problems.push(
          `history[${index}].until: value is ${
            JSON.stringify(from.until)
          }, not a date such as 2026-08-21`,
        );
        continue;
      }
      past.push({
        untilMs,
        rates: this.#rates(from, `history[${index}].`),
        tiers: from.tiers === undefined
          ? null
          : this.#tiers(from.tiers, `history[${index}].tiers`),
      });
    }
    return past.sort((left, right) => left.untilMs - right.untilMs);
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
