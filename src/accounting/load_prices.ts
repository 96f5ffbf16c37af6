/** Puts the price book together: the config's prices, imported tables, OpenRouter's list, the embedded table. @module */

import type { Config } from "../config/schema.ts";
import { scaledValue } from "../support/decimal.ts";
import { CostCalculator } from "./cost_calculator.ts";
import { embeddedPrices } from "./embedded_prices.ts";
import { keptOpenrouter } from "./kept_openrouter.ts";
import { PriceBook } from "./price_book.ts";
import {
  compilePriceFile,
  type PriceFile,
  PriceFileError,
  readPriceFile,
} from "./price_file.ts";
import { parseTable, PriceStore } from "./price_store.ts";
import type { PriceTable } from "./price_table.ts";
import { fallbackPrice, userPrices } from "./user_prices.ts";
import { systemWords } from "../support/system_words.ts";

const PPM_SCALE = 6;
const DAY_MS = 86_400_000;

/** Where prices come from. */
export interface PriceSources {
  /** `pricing` of the config. */
  readonly pricing: Config["pricing"];
  /** Provider ids of the config. */
  readonly providers: ReadonlySet<string>;
  /** Folder of the program's state. */
  readonly stateDir: string;
}

/** The tables of a gateway, in their order of precedence. */
export interface LoadedPrices {
  /** The config's own prices. */
  readonly user: PriceTable;
  /** Tables of the config and imported ones. */
  readonly imported: readonly PriceTable[];
  /** The last good list of OpenRouter's own, `null` where the config does not ask for it or none is kept. */
  readonly openrouter: PriceTable | null;
  /** The table of the executable. */
  readonly embedded: PriceTable;
  /** What could not be used, one sentence each. */
  readonly warnings: readonly string[];
}

/** The day of a moment, UTC, `YYYY-MM-DD`. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** Age of a table in whole days, `null` where it does not say its date. */
export function ageDaysOf(
  { date }: { readonly date: string | null },
  nowMs: number,
): number | null {
  const atMs = date === null ? NaN : Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(atMs)) return null;
  return Math.max(0, Math.floor((nowMs - atMs) / DAY_MS));
}

/**
 * Loads every table.
 *
 * @throws {PriceFileError} when a table that the config names cannot be used.
 */
export async function loadPrices(sources: PriceSources): Promise<LoadedPrices> {
  const warnings: string[] = [];
  const named: PriceTable[] = [];
  for (const { file, format } of sources.pricing.tables) {
    named.push(await loadNamed(file, format, warnings));
  }
  return {
    user: userPrices(sources.pricing, sources.providers),
    // Later tables of the config win over earlier ones.
    imported: [
      ...named.reverse(),
      ...await loadStored(sources.stateDir, warnings),
    ],
    openrouter: sources.pricing.openrouter.enabled
      ? await keptOpenrouter(sources.stateDir)
      : null,
    embedded: embeddedPrices(),
    warnings,
  };
}

/** Reads a price table from a file; its own date, else that of the file. */
export async function loadPriceFile(
  path: string,
  format: PriceFile["format"] | "auto" = "auto",
): Promise<PriceFile> {
  let text: string;
  let date: string;
  try {
    text = await Deno.readTextFile(path);
    date = dayOf((await Deno.stat(path)).mtime?.getTime() ?? 0);
  } catch (error) {
    throw new PriceFileError(
      `Cannot read price table ${path}: ${
        systemWords(error)
      }; give the path of a file that this user may read`,
    );
  }
  return readPriceFile(parseTable(text, path), { format, date });
}

async function loadNamed(
  path: string,
  format: PriceFile["format"] | "auto",
  warnings: string[],
): Promise<PriceTable> {
  const file = await loadPriceFile(path, format);
  const { table, problems } = compilePriceFile(file, path, "imported");
  warnings.push(
    ...problems.map((problem) => `${path}: ${problem}, the entry is left out`),
  );
  return table;
}

/** Tables that were imported, the newest first. One that is broken is left out, with a warning. */
async function loadStored(
  stateDir: string,
  warnings: string[],
): Promise<readonly PriceTable[]> {
  const store = new PriceStore(stateDir);
  const tables: PriceTable[] = [];
  try {
    for (const name of await store.names()) {
      const table = await storedTable(store, name, warnings);
      if (table !== null) tables.push(table);
    }
  } catch (error) {
    warnings.push(`Cannot list imported price tables: ${words(error)}`);
  }
  return tables.sort((left, right) =>
    (right.date ?? "").localeCompare(left.date ?? "")
  );
}

async function storedTable(
  store: PriceStore,
  name: string,
  warnings: string[],
): Promise<PriceTable | null> {
  try {
    const file = await store.read(name);
    if (file === null) return null;
    return compilePriceFile(file, `prices/${name}`, "imported").table;
  } catch (error) {
    warnings.push(
      error instanceof PriceFileError
        ? error.message
        : `Cannot read price table ${name}: ${words(error)}`,
    );
    return null;
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The tables in their order of precedence. OpenRouter's own list comes after what was imported. */
export function tablesOf(prices: LoadedPrices): readonly PriceTable[] {
  const { user, imported, openrouter, embedded } = prices;
  return [
    user,
    ...imported,
    ...(openrouter === null ? [] : [openrouter]),
    embedded,
  ];
}

/** Puts the tables together, and the config's price for models that none of them lists. */
export function bookOf(
  prices: LoadedPrices,
  pricing: Config["pricing"],
): PriceBook {
  return new PriceBook(tablesOf(prices), fallbackPrice(pricing));
}

/** Makes the calculator of a book, with the config's discounts. */
export function calculatorOf(
  book: PriceBook,
  pricing: Config["pricing"],
): CostCalculator {
  const discounts = new Map<string, bigint>();
  for (const [provider, factor] of pricing.discounts) {
    const ppm = scaledValue(factor, PPM_SCALE);
    if (ppm !== null) discounts.set(provider, ppm.value);
  }
  return new CostCalculator(book, discounts);
}
