/** Checks, event by event, that the story of every exchange adds up. @module */

import { assert, assertEquals } from "@std/assert";
import type { ExchangeEvent, Tap } from "../../../src/exchange/events.ts";
import type { Attempt, Exchange } from "../../../src/exchange/exchange.ts";

interface Story {
  decided: number;
  clientBytes: number;
  readonly started: Attempt[];
  readonly finished: Attempt[];
  readonly upstreamBytes: Map<Attempt, number>;
}

/** Keeps the books of a run. What does not add up is kept in `problems`: a tap that throws would be caught. */
export class LedgerTap implements Tap {
  readonly name = "ledger";
  readonly wantsBytes = true;
  /** What did not add up. */
  readonly problems: string[] = [];
  /** Exchanges by outcome. */
  readonly outcomes = new Map<string, number>();
  /** Attempts by outcome. */
  readonly attempts = new Map<string, number>();
  /** Exchanges that took more than one attempt. */
  failovers = 0;
  decisions = 0;
  readonly #open = new Map<Exchange, Story>();
  readonly #ended = new WeakSet<Exchange>();

  /** Exchanges that have not ended. */
  get open(): number {
    return this.#open.size;
  }

  on(event: ExchangeEvent): void {
    try {
      this.#hear(event);
    } catch (error) {
      this.problems.push(`${event.type}: ${String(error)}`);
    }
  }

  #hear(event: ExchangeEvent): void {
    const { exchange } = event;
    if (event.type === "received") {
      assert(!this.#open.has(exchange), "received twice");
      this.#open.set(exchange, {
        decided: 0,
        clientBytes: 0,
        started: [],
        finished: [],
        upstreamBytes: new Map(),
      });
      return;
    }
    assert(!this.#ended.has(exchange), "told of after its end");
    const story = this.#open.get(exchange);
    assert(story !== undefined, "told of before it was received");
    switch (event.type) {
      case "decided":
        story.decided++;
        this.decisions++;
        break;
      case "attempt-started":
        assertEquals(story.started.length, story.finished.length, "overlap");
        story.started.push(event.attempt);
        break;
      case "attempt-finished":
        assertEquals(story.started.at(-1), event.attempt, "ends another");
        story.finished.push(event.attempt);
        count(this.attempts, event.attempt.outcome?.kind ?? "none");
        break;
      case "chunk":
        if (event.side === "client") story.clientBytes += event.bytes.length;
        else if (event.attempt !== null) {
          const { attempt, bytes } = event;
          const before = story.upstreamBytes.get(attempt) ?? 0;
          story.upstreamBytes.set(attempt, before + bytes.length);
        }
        break;
      case "finished":
        this.#open.delete(exchange);
        this.#ended.add(exchange);
        this.#close(exchange, story);
    }
  }

  #close(exchange: Exchange, story: Story): void {
    const { attempts, outcome } = exchange;
    count(this.outcomes, outcome ?? "none");
    if (attempts.length > 1) this.failovers++;
    assertEquals(story.decided, 1, "decisions");
    assertEquals(story.started, attempts, "attempts");
    assertEquals(story.finished.length, attempts.length, "ended attempts");
    assertEquals(story.clientBytes, exchange.bytesOut, "bytes to the client");
    for (const attempt of attempts) {
      const bytes = story.upstreamBytes.get(attempt) ?? 0;
      assertEquals(bytes, attempt.bytesIn, "bytes of an attempt");
      const last = attempt === exchange.lastAttempt;
      if (!last) assertEquals(attempt.outcome?.kind, "failed", "not the last");
    }
    const good = exchange.lastAttempt?.outcome?.kind === "answered";
    assertEquals(good, outcome === "success", "success");
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
