/** What the relay is given; it knows no accounting, recording or metrics. @module */

import type { Cost } from "../exchange/cost.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import type { KeptAnswer, KeptQuestion } from "../exchange/kept_answer.ts";
import type { ResponsesStore } from "../protocols/responses_store.ts";
import type { Ticker } from "../support/ticker.ts";
import type { Admission } from "./admission.ts";
import type { Drains } from "./drains.ts";
import type { Protocols } from "./outbound.ts";
import type { RetryBudgets } from "./retry_budget.ts";
import type { TapFanOut } from "./tap_fan_out.ts";

/** The response cache, as the relay sees it. */
export interface AnswerCache {
  /** Longest body that is kept, bytes. */
  readonly maxEntryBytes: number;
  /** Names the answer to a request; `null`: it may not be given again. */
  keyOf(
    exchange: Exchange,
    alias: string,
    question: KeptQuestion,
  ): string | null;
  /** Finds an answer, and counts the lookup. */
  find(key: string): KeptAnswer | null;
  /** Keeps an answer that is complete and a success. */
  keep(key: string, answer: KeptAnswer): void;
}

/** The relay's surroundings, built once. */
export interface RelayDependencies {
  /** The codecs. */
  readonly protocols: Protocols;
  /** Who listens. */
  readonly taps: TapFanOut;
  /** Wakes running exchanges at their deadlines. */
  readonly ticker: Ticker;
  /** Takes secrets out of an upstream's words. */
  readonly scrub: (text: string) => string;
  /** Prices an ended attempt, `null` where nothing is priced. */
  readonly costOf: (attempt: Attempt, exchange: Exchange) => Cost | null;
  /** Limits and budgets. */
  readonly admission: Admission;
  /** Bounds retries, over all exchanges. */
  readonly retryBudgets: RetryBudgets;
  /** The answers that are read on for nobody. */
  readonly drains: Drains;
  /** Keeps Responses conversations, `null` while that is switched off. */
  readonly responsesStore: () => ResponsesStore | null;
  /** Gives answers again, `null` while that is switched off. */
  readonly cache: () => AnswerCache | null;
  /** Reports what should never be thrown; the exchange ends with an error of its own. */
  readonly onBug: (error: unknown, exchange: Exchange) => void;
  /** Makes ids of items that a provider did not name. */
  readonly newId: (prefix: string) => string;
}
