/**
 * Price tables as files: our own format, and the foreign ones that are
 * recognised by their shape and imported on the way in.
 *
 * @module
 */

import type { CostSource } from "../exchange/cost.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import { compileEntry } from "./compile_entry.ts";
import { importGenaiPrices } from "./import/genai_prices.ts";
import { type ImportedPrices, noPrices } from "./import/imported_prices.ts";
import { importLitellm } from "./import/litellm.ts";
import { importModelsDev, importPiAi } from "./import/models_dev.ts";
import { importOpenrouter } from "./import/openrouter.ts";
import { type EntrySource, PriceTable } from "./price_table.ts";

/** Formats of price tables. */
export const PRICE_FORMATS = [
  "signalbox",
  "litellm",
  "models.dev",
  "openrouter",
  "genai-prices",
  "pi-ai",
] as const;

/** A format of price tables. */
export type PriceFormat = typeof PRICE_FORMATS[number];

/** What our own files begin with. */
const OWN_FORMAT = "signalbox-prices/1";

/** A price table as it is kept in files. */
export interface PriceFile {
  /** Format it was read from. */
  readonly format: PriceFormat;
  /** The day as of which it holds, `YYYY-MM-DD`, `null` if unsaid. */
  readonly date: string | null;
  /** Entries in our own form, by `provider/model`. */
  readonly entries: ReadonlyMap<string, JsonObject>;
  /** What was changed or left out on the way in. */
  readonly notes: readonly string[];
  /** Numbers that no price can be: negative ones, infinite ones. */
  readonly suspects: readonly string[];
}

/** How a file is read. */
export interface ReadPriceFileOptions {
  /** Its format; `auto` goes by its shape. @default {"auto"} */
  readonly format?: PriceFormat | "auto";
  /** The day it is from, `YYYY-MM-DD`, where the file does not say it. */
  readonly date: string;
}

/** A file that is no price table. */
export class PriceFileError extends Error {
  /** Name of the class of errors. */
  override name = "PriceFileError";
}

function firstObject(file: JsonObject): JsonObject {
  const values = Object.values(file).filter(isJsonObject);
  return values.find((value) => "litellm_provider" in value) ??
    values.find((value) => "models" in value) ?? values[0] ?? {};
}

/** Tells the format of a table by its shape, `null` if it is none that is known. */
export function detectPriceFormat(file: JsonValue): PriceFormat | null {
  if (Array.isArray(file)) {
    return isJsonObject(file[0]) && Array.isArray(file[0].models)
      ? "genai-prices"
      : null;
  }
  if (!isJsonObject(file)) return null;
  if (file.format === OWN_FORMAT) return "signalbox";
  if (Array.isArray(file.providers)) return "genai-prices";
  if (Array.isArray(file.data)) return "openrouter";
  const first = firstObject(file);
  if ("litellm_provider" in first || "input_cost_per_token" in first) {
    return "litellm";
  }
  if (isJsonObject(first.models)) return "models.dev";
  const inner = Object.values(first).find(isJsonObject) ?? {};
  return Object.keys(inner).some((key) => key.startsWith("chat:"))
    ? "pi-ai"
    : null;
}

function importAs(
  format: PriceFormat,
  file: JsonValue,
  date: string,
): ImportedPrices {
  const root = isJsonObject(file) ? file : {};
  switch (format) {
    case "litellm":
      return importLitellm(root);
    case "models.dev":
      return importModelsDev(root);
    case "pi-ai":
      return importPiAi(root);
    case "openrouter":
      return importOpenrouter(root);
    case "genai-prices": {
      const listed = Array.isArray(file) ? file : root.providers;
      return importGenaiPrices(Array.isArray(listed) ? listed : [], date);
    }
    case "signalbox":
      return ownEntries(root);
  }
}

function ownEntries(root: JsonObject): ImportedPrices {
  const prices = noPrices();
  const listed = isJsonObject(root.entries) ? root.entries : {};
  for (const [key, entry] of Object.entries(listed)) {
    if (isJsonObject(entry)) prices.entries.set(key, entry);
  }
  return prices;
}

/**
 * Reads a price table from the JSON of its file.
 *
 * @throws {PriceFileError} when it is no price table.
 */
export function readPriceFile(
  file: JsonValue,
  options: ReadPriceFileOptions,
): PriceFile {
  const wanted = options.format ?? "auto";
  const format = wanted === "auto" ? detectPriceFormat(file) : wanted;
  if (format === null) {
    throw new PriceFileError(
      `Cannot read price table: its format is none of ${
        PRICE_FORMATS.join(", ")
      }`,
    );
  }
  const { entries, notes } = importAs(format, file, options.date);
  if (entries.size === 0) {
    throw new PriceFileError(
      `Cannot read price table: it is not in the format ${format}, or lists no price`,
    );
  }
  const said = isJsonObject(file) && typeof file.date === "string"
    ? file.date
    : null;
  const suspects = suspectNumbers(file);
  return { format, date: said ?? options.date, entries, notes, suspects };
}

/** More than this is not worth reading. */
const MAX_SUSPECTS = 20;

/** The end of a path that leads to a price, in every known format. */
const PRICE_PATH_REGEXP = /(?:cost|pric|per1)[^/]*(?:\/[^/]*){0,4}$/i;

/** OpenRouter's way to say that the price depends on the route. */
const DEPENDS = "-1";

function isSuspect(value: JsonValue): boolean {
  if (typeof value === "number") return !(value >= 0 && Number.isFinite(value));
  return typeof value === "string" && value !== DEPENDS &&
    /^(?:-\s*[\d.]|[+-]?(?:nan|inf))/i.test(value.trim());
}

/** Finds prices that are negative or infinite, with their paths. */
function suspectNumbers(file: JsonValue): readonly string[] {
  const suspects: string[] = [];
  const open: (readonly [string, JsonValue])[] = [["", file]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, value] = next;
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (inner !== undefined) open.push([`${path}/${key}`, inner]);
      }
    } else if (isSuspect(value) && PRICE_PATH_REGEXP.test(path)) {
      suspects.push(`${path.slice(1)}: value is ${value}, not a price`);
      if (suspects.length === MAX_SUSPECTS) break;
    }
  }
  return suspects;
}

/** Spells a table as a file of our own, one entry per line. */
export function formatPriceFile(file: PriceFile): string {
  const lines = [...file.entries].sort(([left], [right]) =>
    left < right ? -1 : 1
  )
    .map(([key, entry]) => `${JSON.stringify(key)}:${JSON.stringify(entry)}`);
  const head = [
    `"format":${JSON.stringify(OWN_FORMAT)}`,
    `"date":${JSON.stringify(file.date)}`,
    `"importedFrom":${JSON.stringify(file.format)}`,
  ];
  return `{${head.join(",")},"entries":{\n${lines.join(",\n")}\n}}\n`;
}

/** A compiled table, and the entries that were wrong. */
export interface CompiledPriceFile {
  /** The table. */
  readonly table: PriceTable;
  /** What is wrong, each with the key of its entry. */
  readonly problems: readonly string[];
}

/** Compiles a table for the price book; entries that are wrong are left out. */
export function compilePriceFile(
  file: PriceFile,
  name: string,
  source: CostSource,
): CompiledPriceFile {
  const entries = new Map<string, EntrySource>();
  const problems: string[] = [];
  for (const [key, written] of file.entries) {
    const compiled = compileEntry(written);
    for (const problem of compiled.problems) {
      problems.push(`${key}: ${problem}`);
    }
    // An entry that is half wrong would bill half: better none.
    const { entry } = compiled;
    if (compiled.problems.length === 0) {
      const { aliases, pattern } = entry;
      entries.set(key, { aliases, pattern, entry });
    }
  }
  // In files every key begins with a provider, known or not.
  const table = new PriceTable(
    { name, source, date: file.date, entries },
    () => true,
  );
  return { table, problems };
}
