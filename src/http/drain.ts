/** The end of a server: in steps, so that nobody is cut off who could have finished. @module */

import type { InFlight } from "./in_flight.ts";

/** How long to wait at each step. */
export interface DrainOptions {
  /** From the signal to the closing of the listener, ms. */
  readonly delayMs: number;
  /** From then on for the requests under way, ms. */
  readonly drainMs: number;
}

/** What a drain had to cut. */
export interface DrainResult {
  /** Requests that ran at the deadline and were told so. */
  readonly told: number;
  /** Ids of those that did not end even then. */
  readonly cut: readonly string[];
}

/** How long a request that was told has for its last words, ms. */
const LAST_WORDS_MS = 1000;

/** Waits for the requests under way, tells those that are left, then breaks them off. */
export async function drainRequests(
  inFlight: InFlight,
  drainMs: number,
): Promise<DrainResult> {
  await empty(inFlight, drainMs);
  const told = inFlight.count;
  inFlight.forEach((request) => request.shutDown());
  await empty(inFlight, LAST_WORDS_MS);
  const cut: string[] = [];
  inFlight.forEach((request) => {
    cut.push(request.id);
    request.response.destroy();
  });
  return { told, cut };
}

/** Resolves when nothing is under way, at the latest after `timeoutMs`. */
function empty(inFlight: InFlight, timeoutMs: number): Promise<void> {
  if (inFlight.count === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      inFlight.onEmpty = null;
      resolve();
    };
    const timer = setTimeout(done, timeoutMs);
    inFlight.onEmpty = done;
  });
}
