/** How many answers of a provider may be read on that no client waits for any more. @module */

/** The bounds of the config (`providers.*.drain`). */
export interface DrainSettings {
  /** Longest reading on, ms. */
  readonly maxMs: number;
  /** Most answers at once. */
  readonly maxConcurrent: number;
}

/** The places of one provider. */
export class DrainSlots {
  readonly #settings: DrainSettings;
  #taken = 0;

  /** Begins with all of them free. */
  constructor(settings: DrainSettings) {
    this.#settings = settings;
  }

  /** Longest reading on, ms. */
  get maxMs(): number {
    return this.#settings.maxMs;
  }

  /** Takes a place; `false` if there is none. */
  take(): boolean {
    if (this.#taken >= this.#settings.maxConcurrent) return false;
    this.#taken++;
    return true;
  }

  /** Gives a place back. */
  giveBack(): void {
    this.#taken--;
  }
}
