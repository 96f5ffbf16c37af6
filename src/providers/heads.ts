/**
 * The registered heads and their leases. A lease that is not renewed ends by
 * itself, and the head with it.
 *
 * @module
 */

import {
  type CancelTimer,
  type Clock,
  SYSTEM_CLOCK,
} from "../support/clock.ts";
import type { Head, HeadRegistration, HeadStatus } from "./head.ts";

/** The numbers of the config (`routing.heads`). */
export interface HeadSettings {
  /** How long a head lives without a heartbeat, ms. */
  readonly leaseMs: number;
  /** Most heads. */
  readonly max: number;
}

/** What a head tells of itself while it lives. */
export interface HeadUpdate {
  /** What it does with requests. */
  readonly status?: HeadStatus | undefined;
  /** How busy it is, 0 to 100. */
  readonly currentLoad?: number | undefined;
}

/** Why a head is gone. */
export type HeadEnd = "removed" | "expired" | "replaced";

/** Keeps heads by id. */
export class HeadRegistry implements Disposable {
  /** Hears of heads that are gone. */
  onEnd: (head: Head, why: HeadEnd) => void = () => {};
  /** Hears of every change, also of leases and loads. */
  onChange: () => void = () => {};
  readonly #clock: Clock;
  readonly #heads = new Map<string, { head: Head; endsMs: number }>();
  #settings: HeadSettings;
  #cancel: CancelTimer | null = null;

  /** Begins without any. */
  constructor(settings: HeadSettings, clock: Clock = SYSTEM_CLOCK) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Takes over the numbers of a new config; leases that run keep their end. */
  update(settings: HeadSettings): void {
    this.#settings = settings;
  }

  /** Whether one more may register. */
  get hasRoom(): boolean {
    this.#expire();
    return this.#heads.size < this.#settings.max;
  }

  /** Registered heads whose lease runs, in the order in which they came. */
  get all(): readonly Head[] {
    this.#expire();
    return Array.from(this.#heads.values(), ({ head }) => head);
  }

  /** Finds a head whose lease runs. */
  find(id: string): Head | undefined {
    this.#expire();
    return this.#heads.get(id)?.head;
  }

  /** Registers a head, in place of one of the same id. */
  register(registration: HeadRegistration): Head {
    const before = this.find(registration.id);
    if (before !== undefined) this.onEnd(before, "replaced");
    const wallMs = this.#clock.wallMs();
    const head: Head = {
      ...registration,
      status: "active",
      currentLoad: 0,
      registeredAtMs: wallMs,
      lastHeartbeatAtMs: wallMs,
      leaseEndsAtMs: wallMs + this.#settings.leaseMs,
    };
    this.#put(head, this.#settings.leaseMs);
    return head;
  }

  /** Takes a head up again whose lease has not ended; it gains no time by that. */
  restore(head: Head): boolean {
    const leftMs = Math.min(
      head.leaseEndsAtMs - this.#clock.wallMs(),
      this.#settings.leaseMs,
    );
    if (leftMs <= 0 || !this.hasRoom) return false;
    // This lease may end before the one that is waited for.
    this.#cancel?.();
    this.#cancel = null;
    this.#put(head, leftMs);
    return true;
  }

  /** Renews a lease; `null` if there is no such head any more. */
  heartbeat(id: string, update: HeadUpdate): Head | null {
    const head = this.find(id);
    if (head === undefined) return null;
    const wallMs = this.#clock.wallMs();
    const renewed: Head = {
      ...head,
      status: update.status ?? head.status,
      currentLoad: update.currentLoad ?? head.currentLoad,
      lastHeartbeatAtMs: wallMs,
      leaseEndsAtMs: wallMs + this.#settings.leaseMs,
    };
    this.#put(renewed, this.#settings.leaseMs);
    return renewed;
  }

  /** Sets what a head does with requests; its lease stays as it is. */
  change(id: string, status: HeadStatus): Head | null {
    const kept = this.find(id) === undefined ? undefined : this.#heads.get(id);
    if (kept === undefined) return null;
    kept.head = { ...kept.head, status };
    this.onChange();
    return kept.head;
  }

  /** Ends a head. */
  remove(id: string): Head | null {
    const head = this.find(id);
    if (head === undefined) return null;
    this.#heads.delete(id);
    this.onEnd(head, "removed");
    this.onChange();
    return head;
  }

  /** Stops to watch leases. */
  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#heads.clear();
  }

  #put(head: Head, leftMs: number): void {
    const endsMs = this.#clock.monotonicMs() + leftMs;
    this.#heads.set(head.id, { head, endsMs });
    this.#watch();
    this.onChange();
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, { head, endsMs }] of this.#heads) {
      if (endsMs > nowMs) continue;
      this.#heads.delete(id);
      this.onEnd(head, "expired");
      this.onChange();
    }
  }

  /** Whoever expires is let go of in time, also while nobody asks. */
  #watch(): void {
    if (this.#cancel !== null || this.#heads.size === 0) return;
    let nextMs = Infinity;
    for (const { endsMs } of this.#heads.values()) {
      nextMs = Math.min(nextMs, endsMs);
    }
    const inMs = Math.max(1, nextMs - this.#clock.monotonicMs());
    this.#cancel = this.#clock.setTimer(() => {
      this.#cancel = null;
      this.#expire();
      this.#watch();
    }, inMs);
  }
}
