/** Exchanges as the relay leaves them, for the tests of the taps. @module */

import type { Cost } from "../../src/exchange/cost.ts";
import {
  Attempt,
  type AttemptOutcome,
  Exchange,
} from "../../src/exchange/exchange.ts";
import type { Tap } from "../../src/exchange/events.ts";

/** What differs between the exchanges of a test. */
export interface ExchangeShape {
  /** `provider/model` of every attempt, in order. */
  targets?: string[];
  /** How the attempts end, the last one repeated. */
  outcomes?: AttemptOutcome[];
  /** Fields set over the defaults. */
  fields?: Partial<
    Pick<
      Exchange,
      | "stream"
      | "status"
      | "outcome"
      | "losses"
      | "cacheStatus"
      | "error"
      | "requestedModel"
    >
  >;
  /** The client's name and tier. */
  client?: { name: string; tier: string };
  /** The client's request id. */
  clientRequestId?: string;
}

/** Makes an ended exchange: 2 ms, then 100 ms per attempt with gaps of 50 ms, then 3 ms. */
export function endedExchange(shape: ExchangeShape = {}): Exchange {
  const exchange = new Exchange({
    id: "01kafx9p3r8d7zq2m4n6v8w0yt",
    receivedAtMs: 1_795_212_123_456,
    startedMs: 1000,
    endpoint: "/v1/messages",
    protocol: "messages",
    operation: "generate",
    client: shape.client ?? { name: "ci", tier: "internal" },
    clientIp: "127.0.0.1",
    clientRequestId: shape.clientRequestId ?? null,
  });
  exchange.requestedModel = "fast";
  let nowMs = 2;
  const targets = shape.targets ?? ["openai/gpt-5-mini"];
  for (const [index, id] of targets.entries()) {
    const [provider = "", model = ""] = id.split("/");
    const attempt = new Attempt(
      index,
      { id, provider, model },
      "chat",
      false,
      nowMs,
    );
    attempt.outcome = shape.outcomes?.[index] ?? shape.outcomes?.at(-1) ??
      { kind: "answered" };
    if (attempt.outcome.kind === "answered") {
      attempt.upstreamStatus = 200;
      attempt.firstByteMs = nowMs + 20;
      attempt.firstContentMs = nowMs + 40;
      exchange.firstContentMs = nowMs + 40;
      attempt.usage.source = "reported";
      Object.assign(attempt.usage.ledger, {
        input: 100,
        cacheRead: 50,
        output: 8,
        reasoning: 3,
      });
    } else if (attempt.outcome.kind === "failed") {
      attempt.upstreamStatus = attempt.outcome.failure.upstreamStatus ?? 0;
    }
    nowMs += 100;
    attempt.endedMs = nowMs;
    nowMs += 50;
    exchange.attempts.push(attempt);
  }
  exchange.endedMs = (exchange.lastAttempt?.endedMs ?? 0) + 3;
  exchange.status = 200;
  exchange.outcome = "success";
  exchange.bytesIn = 500;
  exchange.bytesOut = 700;
  Object.assign(exchange, shape.fields);
  return exchange;
}

/** Makes the cost of an attempt; all of it is input unless `fields` say otherwise. */
export function costOf(
  totalPico: bigint | null,
  fields: Partial<Cost> = {},
): Cost {
  return {
    status: totalPico === null ? "unpriced" : "priced",
    source: totalPico === null ? null : "config",
    totalPico,
    inputPico: totalPico ?? 0n,
    cachedPico: 0n,
    outputPico: 0n,
    reasoningPico: 0n,
    otherPico: 0n,
    reportedPico: null,
    computedPico: totalPico,
    priceKey: null,
    priceAsOf: null,
    prices: [],
    rateMissing: [],
    ...fields,
  };
}

/** Tells a tap the events of an ended exchange. */
export function play(tap: Tap, exchange: Exchange): void {
  tap.on({ type: "received", exchange });
  tap.on({ type: "decided", exchange });
  for (const attempt of exchange.attempts) {
    tap.on({ type: "attempt-started", exchange, attempt });
    tap.on({ type: "attempt-finished", exchange, attempt });
  }
  tap.on({ type: "finished", exchange });
}
