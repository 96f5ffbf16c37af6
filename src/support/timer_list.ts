/**
 * Timeouts without a timer per request. All nodes of a list wait equally long,
 * so its head is always the earliest and arming is an append. One timer wakes
 * for the earliest head of all lists.
 *
 * An object with several timeouts owns one {@linkcode TimerNode} for each and
 * is told which one expired:
 *
 * ```ts
 * class Call implements TimerOwner {
 *   readonly idle = new TimerNode(this, "idle");
 *   onTimer(node: TimerNode): void {}
 * }
 * ```
 *
 * @module
 */

import { type CancelTimer, type Clock, SYSTEM_CLOCK } from "./clock.ts";

/** Has timeouts. */
export interface TimerOwner {
  /** Called once when `node` has expired; it is in no list any more and may be added again. */
  onTimer(node: TimerNode): void;
}

/** One timeout of one owner. In at most one list at a time. */
export class TimerNode {
  /** Who is told. */
  readonly owner: TimerOwner;
  /** Which of the owner's timeouts this is. */
  readonly name: string;
  /** When it expires, on the monotonic clock in ms. Means nothing while it is in no list. */
  deadlineMs = 0;
  /** The list it is in. Only {@linkcode TimerList} sets it. */
  list: TimerList | null = null;
  /** The node before. Only {@linkcode TimerList} sets it. */
  previous: TimerNode | null = null;
  /** The node after. Only {@linkcode TimerList} sets it. */
  next: TimerNode | null = null;

  /** Makes a timeout that is not armed. */
  constructor(owner: TimerOwner, name: string) {
    this.owner = owner;
    this.name = name;
  }

  /** Whether it waits. */
  get armed(): boolean {
    return this.list !== null;
  }
}

/** All timeouts of one duration, earliest first. Made by {@linkcode Timers.list}. */
export class TimerList {
  /** How long every node waits, in ms. 0: never expires, adding does nothing. */
  readonly durationMs: number;
  readonly #timers: Timers;
  #head: TimerNode | null = null;
  #tail: TimerNode | null = null;
  #size = 0;

  /** Makes a list that `timers` looks after. */
  constructor(timers: Timers, durationMs: number) {
    this.#timers = timers;
    this.durationMs = durationMs;
  }

  /** How many nodes wait. */
  get size(): number {
    return this.#size;
  }

  /** The earliest node. */
  get head(): TimerNode | null {
    return this.#head;
  }

  /** Arms `node`, or arms it again from now: it leaves the list it is in. */
  add(node: TimerNode): void {
    if (node.list !== null) node.list.remove(node);
    if (this.durationMs === 0) return;
    node.deadlineMs = this.#timers.nowMs() + this.durationMs;
    node.list = this;
    node.previous = this.#tail;
    if (this.#tail === null) {
      this.#head = node;
      this.#timers.wakeBy(node.deadlineMs);
    } else this.#tail.next = node;
    this.#tail = node;
    this.#size++;
  }

  /** Disarms `node`; does nothing if it is not in this list. */
  remove(node: TimerNode): void {
    if (node.list !== this) return;
    const { previous, next } = node;
    if (previous === null) this.#head = next;
    else previous.next = next;
    if (next === null) this.#tail = previous;
    else next.previous = previous;
    node.list = null;
    node.previous = null;
    node.next = null;
    this.#size--;
  }

  /** Takes out the head if it has expired by `nowMs`. */
  takeExpired(nowMs: number): TimerNode | null {
    const node = this.#head;
    if (node === null || node.deadlineMs > nowMs) return null;
    this.remove(node);
    return node;
  }
}

/** What {@linkcode Timers} take from outside. */
export interface TimersOptions {
  /** What the time is read from. @default {SYSTEM_CLOCK} */
  clock?: Clock;
  /** Hears what an owner threw; the others are told all the same. */
  onError: (error: unknown) => void;
}

// setTimeout counts in 31 bits; a later deadline is looked at again then.
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** Looks after the lists of all durations with one timer. */
export class Timers implements Disposable {
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #lists = new Map<number, TimerList>();
  readonly #wake = (): void => this.#expire();
  #cancelWake: CancelTimer | null = null;
  #wakeMs = Infinity;
  #disposed = false;

  /** Makes timers; nothing runs until a node is added. */
  constructor(options: TimersOptions) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#onError = options.onError;
  }

  /** Gives the list of a duration in ms; the same one for the same duration. 0: its nodes never expire. */
  list(durationMs: number): TimerList {
    if (!(durationMs >= 0)) {
      throw new RangeError(
        `Cannot make a timer list: durationMs is ${durationMs}, it must be 0 or more`,
      );
    }
    let list = this.#lists.get(durationMs);
    if (list === undefined) {
      list = new TimerList(this, durationMs);
      this.#lists.set(durationMs, list);
    }
    return list;
  }

  /** How many nodes wait in all lists. */
  get size(): number {
    let size = 0;
    for (const list of this.#lists.values()) size += list.size;
    return size;
  }

  /** The clock the deadlines are on, in ms. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Makes sure that the timer fires by `deadlineMs`. Called by the lists. */
  wakeBy(deadlineMs: number): void {
    // A wake-up that is set for earlier stays: under steady traffic a list
    // empties and fills all the time, and the timer is left alone.
    if (this.#disposed || deadlineMs >= this.#wakeMs) return;
    this.#cancelWake?.();
    this.#wakeMs = deadlineMs;
    const delayMs = Math.ceil(deadlineMs - this.#clock.monotonicMs());
    this.#cancelWake = this.#clock.setTimer(
      this.#wake,
      Math.min(Math.max(0, delayMs), LONGEST_SLEEP_MS),
    );
  }

  /** Disarms every node and stops. Nodes that are added later never expire. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#cancelWake?.();
    this.#cancelWake = null;
    for (const list of this.#lists.values()) {
      while (list.takeExpired(Infinity) !== null);
    }
  }

  #expire(): void {
    this.#cancelWake = null;
    this.#wakeMs = Infinity;
    const nowMs = this.#clock.monotonicMs();
    for (const list of this.#lists.values()) {
      let node = list.takeExpired(nowMs);
      while (node !== null) {
        try {
          node.owner.onTimer(node);
        } catch (error) {
          this.#onError(error);
        }
        node = list.takeExpired(nowMs);
      }
    }
    for (const list of this.#lists.values()) {
      if (list.head !== null) this.wakeBy(list.head.deadlineMs);
    }
  }
}
