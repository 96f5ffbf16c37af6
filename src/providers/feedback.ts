/** What users say of answers: remembered by request id for a while, averaged by target. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { ExchangeEvent, Tap } from "../exchange/events.ts";

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
  readonly #requests = new Map<string, AnsweredRequest>();
  readonly #quality = new Map<string, Mean>();

  /** Remembers who answered. */
  on(event: ExchangeEvent): void {
    if (event.type !== "finished") return;
    const { exchange } = event;
    const attempt = exchange.lastAttempt;
    if (attempt?.outcome?.kind !== "answered") return;
    const called = /tool|function/.test(attempt.finishReason ?? "");
    this.#requests.set(exchange.id, {
      target: attempt.target,
      tier: exchange.client.tier,
      contentType: called ? "tool_call" : "text",
    });
    forgetOldest(this.#requests, MOST_REQUESTS);
  }

  /** The answered request of that id, `null` if it is unknown or too long ago. */
  find(requestId: string): AnsweredRequest | null {
    return this.#requests.get(requestId) ?? null;
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
