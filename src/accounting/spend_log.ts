/** What requests cost, for budgets alone: written only while the usage log is switched off. @module */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import { usdText } from "../support/decimal.ts";
import type { FileStream } from "../support/file_stream.ts";
import { requestCost } from "./request_cost.ts";

/** Writes the smallest line that budgets can be summed from again. */
export class SpendLogTap implements Tap {
  /** Shown when it throws. */
  readonly name = "spend-log";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["finished"];
  /** Whether lines are written. */
  enabled: boolean;
  readonly #stream: FileStream;

  /** Writes to `stream`, which is one of daily files. */
  constructor(stream: FileStream, enabled: boolean) {
    this.#stream = stream;
    this.enabled = enabled;
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (event.type !== "finished" || !this.enabled) return;
    const { exchange } = event;
    const { totalPico, status } = requestCost(exchange);
    if (totalPico === null || totalPico === 0n) return;
    this.#stream.append(JSON.stringify({
      id: exchange.id,
      timestamp: new Date(exchange.receivedAtMs).toISOString(),
      client: exchange.client.name,
      aliasUsed: exchange.decision?.alias ?? null,
      cost: { totalCost: usdText(totalPico), status },
    }));
  }
}
