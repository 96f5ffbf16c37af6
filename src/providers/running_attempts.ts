/** What runs at this moment: exchanges, and attempts by target and provider. @module */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Exchange } from "../exchange/exchange.ts";

/** Attempts at which a target without a known capacity counts as half full. */
const HALF_FULL = 16;

/** Counts what runs. */
export class RunningAttempts implements Tap {
  /** The tap's name. */
  readonly name = "running";
  /** It needs no bytes. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = [
    "received",
    "attempt-started",
    "attempt-finished",
    "finished",
  ];
  /**
   * No `Set`: one that entries come and go in is laid out anew all the time, and
   * each old table keeps the next one alive, with every exchange that was in it.
   */
  readonly #exchanges: Exchange[] = [];
  readonly #targets = new Map<string, number>();
  readonly #providers = new Map<string, number>();
  /** Called when the last attempt at a provider has ended. */
  onIdle: (provider: string) => void = () => {};

  /** Exchanges that run, oldest first. */
  get exchanges(): Iterable<Exchange> {
    return this.#exchanges;
  }

  /** Running attempts by provider. */
  get byProvider(): ReadonlyMap<string, number> {
    return this.#providers;
  }

  /** Running attempts at a provider. */
  ofProvider(provider: string): number {
    return this.#providers.get(provider) ?? 0;
  }

  /** Running attempts at a target. */
  ofTarget(targetId: string): number {
    return this.#targets.get(targetId) ?? 0;
  }

  /** How busy a target is, 0 to 1; `capacity` 0: unknown. */
  load(targetId: string, capacity = 0): number {
    const running = this.ofTarget(targetId);
    return capacity > 0
      ? Math.min(1, running / capacity)
      : running / (running + HALF_FULL);
  }

  /** Hears of exchanges and attempts. */
  on(event: ExchangeEvent): void {
    switch (event.type) {
      case "received":
        this.#exchanges.push(event.exchange);
        break;
      case "attempt-started":
        change(this.#targets, event.attempt.target.id, 1);
        change(this.#providers, event.attempt.target.provider, 1);
        break;
      case "attempt-finished": {
        const { id, provider } = event.attempt.target;
        change(this.#targets, id, -1);
        if (change(this.#providers, provider, -1) === 0) this.onIdle(provider);
        break;
      }
      case "finished":
        this.#remove(event.exchange);
        break;
    }
  }

  #remove(exchange: Exchange): void {
    const index = this.#exchanges.indexOf(exchange);
    if (index >= 0) this.#exchanges.splice(index, 1);
  }
}

function change(counts: Map<string, number>, key: string, by: number): number {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
  return count;
}
