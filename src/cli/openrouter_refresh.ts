/** Refreshes OpenRouter's price list in the background while the config asks for it. @module */

import { OpenrouterPrices } from "../accounting/openrouter_prices.ts";
import type { Config } from "../config/schema.ts";
import type { PriceTable } from "../accounting/price_table.ts";
import { endsWithin } from "../support/deadline.ts";
import type { Logger } from "../support/logger.ts";
import { download } from "../upstream/download.ts";

const MAX_BYTES = 33_554_432;
const TIMEOUT_MS = 30_000;
const LAST_WAIT_MS = 2000;

/** Keeps the list fresh. The last good one is used whatever happens. */
export class OpenrouterRefresh implements AsyncDisposable {
  readonly #log: Logger;
  readonly #onTable: (table: PriceTable | null) => void;
  #prices: OpenrouterPrices | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #running: Promise<void> = Promise.resolve();
  #generation = 0;
  #abort = new AbortController();

  /** Tells `onTable` of every new list. */
  constructor(log: Logger, onTable: (table: PriceTable | null) => void) {
    this.#log = log;
    this.#onTable = onTable;
  }

  /** Begins, ends or goes on as a config says. */
  update(config: Config): void {
    this.#stop();
    const { openrouter, guard } = config.pricing;
    if (!openrouter.enabled) {
      this.#prices = null;
      this.#onTable(null);
      return;
    }
    const { signal } = this.#abort;
    const prices = new OpenrouterPrices({
      download: () =>
        download(openrouter.url, {
          maxBytes: MAX_BYTES,
          timeoutMs: TIMEOUT_MS,
          signal,
        }),
      stateDir: config.stateDir,
      limits: guard,
      now: () => Date.now(),
    });
    const known = this.#prices;
    this.#prices = prices;
    if (known !== null) this.#onTable(known.table);
    const everyMs = openrouter.cacheRefreshMinutes * 60_000;
    this.#running = this.#run(prices, this.#generation, everyMs, true);
  }

  /** Ends it; a disk that hangs is not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await endsWithin(LAST_WAIT_MS, this.#running);
  }

  #stop(): void {
    this.#generation++;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  /** Never rejects. */
  async #run(
    prices: OpenrouterPrices,
    generation: number,
    everyMs: number,
    first: boolean,
  ): Promise<void> {
    try {
      if (first) {
        await prices.restore();
        this.#tell(prices, generation);
      }
      await prices.refresh();
      this.#tell(prices, generation);
    } catch (error) {
      if (generation === this.#generation) {
        this.#log.log("warn", "OpenRouter's prices not refreshed", {
          error: error instanceof Error ? error.message : String(error),
        });
      }
    }
    if (generation !== this.#generation) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run(prices, generation, everyMs, false);
    }, everyMs);
  }

  #tell(prices: OpenrouterPrices, generation: number): void {
    if (generation === this.#generation && prices.table !== null) {
      this.#onTable(prices.table);
    }
  }
}
