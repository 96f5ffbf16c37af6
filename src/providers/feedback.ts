/** What users say of answers: remembered by request id for a while, averaged by target. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";

/** Requests whose feedback is still taken. */
const MOST_REQUESTS = 10_000;
/** Targets that are averaged. */
const MOST_TARGETS = 1_000;
/** Weight of a new vote once there are many: about the last twenty count. */
const LEAST_WEIGHT = 0.05;

/** The answer that feedback is about. */
export interface AnsweredRequest {
  /** Who answered. */
  readonly target: TargetRef;
  /** The client's tier. */
  readonly tier: string;
  /** `tool_call` where the answer ended in calls, else `text`. */
  readonly contentType: "text" | "tool_call";
}

interface Mean {
  readonly value: number;
  readonly votes: number;
}

/** Takes feedback. Quality and satisfaction run from 0 to 1. */
export class FeedbackBook implements Tap {
  /** Shown when it throws. */
  readonly name = "feedback";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["finished"];
  // A ring, searched when a vote comes: votes are rare, answers are not.
  readonly #ids: string[] = new Array(MOST_REQUESTS).fill("");
  readonly #targets: (TargetRef | null)[] = new Array(MOST_REQUESTS)
    .fill(null);
  readonly #tiers: string[] = new Array(MOST_REQUESTS).fill("");
  readonly #finishReasons: (string | null)[] = new Array(MOST_REQUESTS)
    .fill(null);
  #next = 0;
  readonly #quality = new Map<string, Mean>();

  /** Remembers who answered. */
  on(event: ExchangeEvent): void {
    if (event.type !== "finished") return;
    const { exchange } = event;
    const attempt = exchange.lastAttempt;
    if (attempt?.outcome?.kind !== "answered") return;
    const place = this.#next;
    this.#ids[place] = exchange.id;
    this.#targets[place] = attempt.target;
    this.#tiers[place] = exchange.client.tier;
    this.#finishReasons[place] = attempt.finishReason;
    this.#next = (place + 1) % MOST_REQUESTS;
  }

  /** The answered request of that id, `null` if it is unknown or too long ago. */
  find(requestId: string): AnsweredRequest | null {
    const place = this.#ids.indexOf(requestId);
    const target = this.#targets[place] ?? null;
    if (target === null) return null;
    const called = /tool|function/.test(this.#finishReasons[place] ?? "");
    return {
      target,
      tier: this.#tiers[place] ?? "",
      contentType: called ? "tool_call" : "text",
    };
  }

  /** Takes one vote on the quality of a target. */
  vote(target: TargetRef, quality: number): void {
    const { value, votes } = this.#quality.get(target.id) ??
      { value: 0, votes: 0 };
    const weight = Math.max(LEAST_WEIGHT, 1 / (votes + 1));
    this.#quality.set(target.id, {
      value: value + weight * (quality - value),
      votes: votes + 1,
    });
    forgetOldest(this.#quality, MOST_TARGETS);
  }

  /** Mean quality of a target, `null` before the first vote. */
  quality(target: TargetRef): number | null {
    return this.#quality.get(target.id)?.value ?? null;
  }
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
