/**
 * Deadlines without a timer per request: a list of running things that one
 * interval looks at. Adding and removing costs two pointer writes.
 *
 * @module
 */

/** Something with a deadline. Extend it; one object is in at most one ticker. */
export abstract class TickNode {
  /** Next in the list; the ticker's own. */
  nextNode: TickNode | null = null;
  /** Previous in the list; the ticker's own. */
  previousNode: TickNode | null = null;
  /** Monotonic ms at which {@linkcode TickNode.tick} is wanted; Infinity for never. */
  wakeAtMs: number = Infinity;

  /** Called when `wakeAtMs` has passed. Sets the next `wakeAtMs`; it is Infinity on entry. */
  abstract tick(nowMs: number): void;
}

/** What a {@linkcode Ticker} needs of the world. */
export interface TickerOptions {
  /** How often deadlines are looked at. @default {20} */
  resolutionMs?: number;
  /** Monotonic clock in ms. @default {performance.now} */
  now?: () => number;
  /** Hears what a node throws; the other nodes are woken all the same. @default {reportError} */
  onError?: (error: unknown) => void;
}

/** Wakes nodes whose time has come. Holds no timer while it is empty. */
export class Ticker {
  readonly #resolutionMs: number;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  #head: TickNode | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #idleTicks = 0;

  /** Makes an empty ticker. */
  constructor(options: TickerOptions = {}) {
    this.#resolutionMs = options.resolutionMs ?? 20;
    this.#now = options.now ?? (() => performance.now());
    this.#onError = options.onError ?? reportError;
  }

  /** Watches `node` from now on. */
  add(node: TickNode): void {
    node.previousNode = null;
    node.nextNode = this.#head;
    if (this.#head !== null) this.#head.previousNode = node;
    this.#head = node;
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.#tick(), this.#resolutionMs);
    }
  }

  /** Watches `node` no more. */
  remove(node: TickNode): void {
    if (node.previousNode !== null) node.previousNode.nextNode = node.nextNode;
    else if (this.#head === node) this.#head = node.nextNode;
    if (node.nextNode !== null) node.nextNode.previousNode = node.previousNode;
    node.nextNode = null;
    node.previousNode = null;
    node.wakeAtMs = Infinity;
  }

  /** Stops the interval. Nodes stay, unwatched. */
  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#head = null;
  }

  #wake(node: TickNode, now: number): void {
    try {
      node.tick(now);
    } catch (error) {
      this.#onError(error);
    }
  }

  #tick(): void {
    if (this.#head === null) {
      // A second of grace: starting an interval per request costs microseconds.
      if (++this.#idleTicks * this.#resolutionMs >= 1000) {
        if (this.#timer !== null) clearInterval(this.#timer);
        this.#timer = null;
        this.#idleTicks = 0;
      }
      return;
    }
    this.#idleTicks = 0;
    const now = this.#now();
    for (let node: TickNode | null = this.#head; node !== null;) {
      const next: TickNode | null = node.nextNode;
      if (now >= node.wakeAtMs) {
        node.wakeAtMs = Infinity;
        this.#wake(node, now);
      }
      node = next;
    }
  }
}
