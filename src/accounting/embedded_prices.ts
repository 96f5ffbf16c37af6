/** The price table inside the executable. @module */

import prices from "../../config/prices.json" with { type: "json" };
import { isJsonObject, type JsonObject } from "../support/json.ts";
import { compileEntry } from "./compile_entry.ts";
import type { PriceEntry } from "./price_entry.ts";
import { type EntrySource, PriceTable } from "./price_table.ts";

/**
 * An entry that is compiled when it is first asked for: of thousands a
 * gateway uses a few, and compiling all of them would take a start 30 ms.
 */
class LazyEntry implements EntrySource {
  readonly #written: JsonObject;
  #entry: PriceEntry | null = null;

  constructor(written: JsonObject) {
    this.#written = written;
  }

  get aliases(): readonly string[] {
    const { aliases } = this.#written;
    return Array.isArray(aliases)
      ? aliases.filter((alias) => typeof alias === "string")
      : [];
  }

  get entry(): PriceEntry {
    this.#entry ??= compileEntry(this.#written).entry;
    return this.#entry;
  }
}

/** The table of `config/prices.json`. A test sees to it that every entry is right. */
export function embeddedPrices(): PriceTable {
  const entries = new Map<string, EntrySource>();
  const written = prices.entries as unknown as JsonObject;
  for (const [key, entry] of Object.entries(written)) {
    if (isJsonObject(entry)) entries.set(key, new LazyEntry(entry));
  }
  return new PriceTable(
    { name: "embedded", source: "embedded", date: prices.date, entries },
    () => true,
  );
}
