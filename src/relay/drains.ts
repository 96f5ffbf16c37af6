/** The exchanges whose client has gone and whose answer is read on, to learn what it cost. @module */

import type { Inbound } from "./inbound.ts";

/** One of them. */
export interface DrainingRun {
  /** Ends it; what it used by then is estimated and told to the taps. */
  cut(): void;
}

/** The request that is sent still hangs on the call. */
export type HeldRequest = Pick<Inbound, "keep" | "release">;

/** Knows them all, so that the gateway does not end before they are accounted for. */
export class Drains {
  readonly #runs = new Map<DrainingRun, HeldRequest>();
  #onEmpty: (() => void) | null = null;

  /** How many there are. */
  get count(): number {
    return this.#runs.size;
  }

  /** Takes one up; the memory of its request counts until it has ended. */
  add(run: DrainingRun, request: HeldRequest): void {
    request.keep();
    this.#runs.set(run, request);
  }

  /** Forgets one that has ended. */
  remove(run: DrainingRun): void {
    this.#runs.get(run)?.release();
    this.#runs.delete(run);
    if (this.#runs.size === 0) this.#onEmpty?.();
  }

  /** Waits until all have ended, at most `timeoutMs`, then ends the rest. */
  async settle(timeoutMs: number): Promise<void> {
    if (this.#runs.size > 0 && timeoutMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#onEmpty = null;
    }
    this.end();
  }

  /** Ends all of them now. */
  end(): void {
    for (const run of [...this.#runs.keys()]) run.cut();
  }
}
