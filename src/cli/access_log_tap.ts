/** One log line per exchange. @module */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { totalInput, totalOutput } from "../exchange/usage.ts";
import { jsonText, type LogLimits } from "../support/log_format.ts";
import type { LogFields, LogLevel } from "../support/logger.ts";
import type { LogWriter } from "../support/log_writer.ts";

const MESSAGE = "request";

/** Logs how every exchange ended: a warning where a provider failed it, an error where the gateway did. */
export class AccessLogTap implements Tap {
  /** Shown when it throws. */
  readonly name = "access-log";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = ["finished"];
  readonly #log: LogWriter;
  readonly #limits: LogLimits;

  /** Logs to `log`, within the limits that the log has itself. */
  constructor(log: LogWriter, limits: LogLimits) {
    this.#log = log;
    this.#limits = limits;
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (event.type !== "finished") return;
    const { exchange } = event;
    const level = levelOf(exchange);
    if (!this.#log.enabled(level)) return;
    if (this.#log.format === "json") {
      const line = this.#line(level, exchange);
      // No UTF-16 unit needs more than three bytes; what is longer is cut by the log.
      if (line.length * 3 <= this.#limits.maxLineBytes) {
        return this.#log.append(level, line);
      }
    }
    this.#log.log(level, MESSAGE, fieldsOf(exchange));
  }

  /** Half the time of writing an object: ids, endpoints and outcomes are our own and need no escaping. */
  #line(level: LogLevel, exchange: Exchange): string {
    const last = exchange.lastAttempt;
    const ledger = last?.usage.ledger;
    const target = last === null ? "null" : this.#text(last.target.id);
    const cache = exchange.cacheStatus;
    const { error, losses } = exchange;
    const clientId = exchange.clientRequestId;
    return `{"time":"${this.#log.timestamp()}","level":"${level}","message":"${MESSAGE}","id":"${exchange.id}","endpoint":"${exchange.endpoint}","model":${
      this.#text(exchange.requestedModel)
    },"target":${target},"status":${exchange.status},"outcome":"${exchange.outcome}","stream":${exchange.stream},"attempts":${exchange.attempts.length},"durationMs":${
      round(exchange.endedMs)
    },"ttftMs":${
      exchange.firstContentMs < 0 ? "null" : round(exchange.firstContentMs)
    },"inputTokens":${
      ledger === undefined ? 0 : totalInput(ledger)
    },"outputTokens":${
      ledger === undefined ? 0 : totalOutput(ledger)
    },"client":${this.#text(exchange.client.name)},"clientIp":${
      this.#text(exchange.clientIp)
    },"bytesIn":${exchange.bytesIn},"bytesOut":${exchange.bytesOut}${
      cache === null ? "" : `,"cache":"${cache}"`
    }${clientId === null ? "" : `,"clientRequestId":${this.#text(clientId)}`}${
      losses.length === 0 ? "" : `,"losses":${this.#text(losses.join(", "))}`
    }${error === null ? "" : `,"error":${this.#text(error)}`}}`;
  }

  #text(value: string): string {
    return jsonText(value, this.#limits.maxFieldBytes);
  }
}

/** The same for people: only what differs from request to request. */
function fieldsOf(exchange: Exchange): LogFields {
  const last = exchange.lastAttempt;
  const ledger = last?.usage.ledger;
  return {
    status: exchange.status,
    outcome: exchange.outcome,
    endpoint: exchange.endpoint,
    model: exchange.requestedModel,
    target: last?.target.id,
    attempts: exchange.attempts.length > 1
      ? exchange.attempts.length
      : undefined,
    durationMs: round(exchange.endedMs),
    ttftMs: exchange.firstContentMs < 0
      ? undefined
      : round(exchange.firstContentMs),
    inputTokens: ledger === undefined ? undefined : totalInput(ledger),
    outputTokens: ledger === undefined ? undefined : totalOutput(ledger),
    client: exchange.client.name,
    cache: exchange.cacheStatus ?? undefined,
    losses: exchange.losses.length === 0
      ? undefined
      : exchange.losses.join(", "),
    error: exchange.error ?? undefined,
    id: exchange.id,
  };
}

function levelOf(exchange: Exchange): LogLevel {
  switch (exchange.outcome) {
    case "signalbox_error":
      return "error";
    case "upstream_error":
    case "timeout":
    case "stream_broken":
      return "warn";
    default:
      return "info";
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
