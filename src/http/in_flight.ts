/** The requests under way, as a list through the requests themselves. @module */

import type { ServedRequest } from "./served_request.ts";

/** Adds, removes and walks without allocating. */
export class InFlight {
  /** Called when the last one is gone. */
  onEmpty: (() => void) | null = null;
  #first: ServedRequest | null = null;
  #last: ServedRequest | null = null;
  #count = 0;

  /** Requests under way. */
  get count(): number {
    return this.#count;
  }

  /** Appends a request that is in no list. */
  add(request: ServedRequest): void {
    request.listed = true;
    request.previous = this.#last;
    if (this.#last === null) this.#first = request;
    else this.#last.next = request;
    this.#last = request;
    this.#count++;
  }

  /** Takes a request out; does nothing if it is not in. */
  remove(request: ServedRequest): void {
    if (!request.listed) return;
    request.listed = false;
    const { previous, next } = request;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    request.previous = null;
    request.next = null;
    if (--this.#count === 0) this.onEmpty?.();
  }

  /** Calls for each, oldest first; the one called for may be removed meanwhile. */
  forEach(visit: (request: ServedRequest) => void): void {
    let request = this.#first;
    while (request !== null) {
      const { next } = request;
      visit(request);
      request = next;
    }
  }
}
