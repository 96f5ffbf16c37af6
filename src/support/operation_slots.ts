/** Bounds how many operations run at once. @module */

/**
 * A counting semaphore, first come first served. The runtime has 32 threads
 * for files and name lookups together: a hung disk must not take them all.
 */
export class OperationSlots {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #most = 0;

  /** Makes `limit` slots. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Operations that run. */
  get running(): number {
    return this.#running;
  }

  /** Most operations that ever ran at once. */
  get most(): number {
    return this.#most;
  }

  /** Runs `operation` once a slot is free. */
  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) {
      // The slot is handed over: nobody who comes later can take it first.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    this.#most = Math.max(this.#most, this.#running);
    try {
      return await operation();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
