/** Keeps OpenRouter's own price list: the last good one stays, whatever comes after it. @module */

import {
  compilePriceFile,
  PriceFileError,
  readPriceFile,
} from "./price_file.ts";
import { guardImport, type GuardLimits } from "./import_guard.ts";
import { KEPT_FOLDER, KEPT_NAME, keptOpenrouter } from "./kept_openrouter.ts";
import { dayOf } from "./load_prices.ts";
import { parseTable, PriceStore } from "./price_store.ts";
import type { PriceTable } from "./price_table.ts";

/** What the list needs. */
export interface OpenrouterOptions {
  /** Fetches the list's text. */
  readonly download: () => Promise<string>;
  /** Folder of the program's state. */
  readonly stateDir: string;
  /** When a new list is refused. */
  readonly limits: GuardLimits;
  /** Wall clock in ms since the epoch. */
  readonly now: () => number;
}

/** The list, refreshed by its owner. */
export class OpenrouterPrices {
  readonly #options: OpenrouterOptions;
  readonly #store: PriceStore;
  #table: PriceTable | null = null;

  /** Starts without a list. */
  constructor(options: OpenrouterOptions) {
    this.#options = options;
    this.#store = new PriceStore(options.stateDir, KEPT_FOLDER);
  }

  /** The last good list, `null` until there is one. */
  get table(): PriceTable | null {
    return this.#table;
  }

  /** Takes up the list that an earlier run kept; a broken one is as good as none. */
  async restore(): Promise<void> {
    this.#table = await keptOpenrouter(this.#options.stateDir) ?? this.#table;
  }

  /**
   * Fetches the list anew.
   *
   * @throws {Error} when it cannot be had or is implausible; the last good one stays.
   */
  async refresh(): Promise<void> {
    const text = await this.#options.download();
    const date = dayOf(this.#options.now());
    const file = readPriceFile(parseTable(text, "of OpenRouter"), {
      format: "openrouter",
      date,
    });
    const { table } = compilePriceFile(file, "openrouter", "openrouter");
    const problems = [
      ...file.suspects,
      ...this.#table === null
        ? []
        : guardImport(this.#table, table, this.#options.limits),
    ];
    if (problems.length > 0) {
      throw new PriceFileError(
        `Cannot use OpenRouter's prices: they are implausible: ${problems[0]}`,
      );
    }
    this.#table = table;
    await this.#store.add(KEPT_NAME, file, {
      limits: this.#options.limits,
      accept: true,
      baseline: table,
    });
  }
}
