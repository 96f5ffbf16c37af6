/**
 * The error log: one line per request that failed, and per bug of our own.
 * Bodies only where the config asks for them, bounded, and never with their
 * credentials. Lines are made after the request is over.
 *
 * @module
 */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import type { FileStream } from "../support/file_stream.ts";
import type { JsonValue } from "../support/json.ts";
import { cutText } from "../support/log_format.ts";
import type { Redactor } from "../support/redact.ts";
import { errorType } from "./line_head.ts";
import { decodeUtf8 } from "../support/utf8.ts";

/** How the error log is kept. */
export interface ErrorLogOptions {
  /** Whether lines are written. */
  readonly enabled: boolean;
  /** Whether bodies are in them. */
  readonly captureBodies: boolean;
  /** Whether the client's address is. */
  readonly clientIp: boolean;
}

/** Most of a body that is kept, in bytes. */
const MAX_BODY_BYTES = 65_536;
const MAX_TEXT_BYTES = 4096;
/** Most failures that wait for their lines; more are counted and dropped. */
const MAX_WAITING = 1024;
/** Ways to end that are nobody's error. */
const NO_ERROR: ReadonlySet<string> = new Set(["success", "client_abort"]);

/** The beginning of a body, copied: the original is given back. */
class BodyStart {
  readonly #pieces: Uint8Array[] = [];
  #kept = 0;
  #bytes = 0;

  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    const room = MAX_BODY_BYTES - this.#kept;
    if (room <= 0) return;
    const piece = bytes.slice(0, room);
    this.#pieces.push(piece);
    this.#kept += piece.length;
  }

  /** The body as JSON where it is, else as text; both redacted. */
  redacted(redactor: Redactor): JsonValue {
    const text = this.#pieces
      .map((piece) => decodeUtf8(piece)).join("");
    const missing = this.#bytes - this.#kept;
    if (missing > 0) return `${redactor.text(text)}…(${missing})`;
    try {
      return redactor.json(JSON.parse(text) as JsonValue);
    } catch {
      return redactor.text(text);
    }
  }
}

/** Writes a line when an exchange has failed. */
export class ErrorLogTap implements Tap {
  /** Shown when it throws. */
  readonly name = "error-log";
  readonly #stream: FileStream;
  readonly #redactor: () => Redactor;
  readonly #requests = new WeakMap<Exchange, BodyStart>();
  readonly #answers = new WeakMap<Attempt, BodyStart>();
  readonly #waiting: (() => string)[] = [];
  #options: ErrorLogOptions;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #dropped = 0;

  /** Writes to `stream`; `redactor` knows the secrets of the moment. */
  constructor(
    stream: FileStream,
    redactor: () => Redactor,
    options: ErrorLogOptions,
  ) {
    this.#stream = stream;
    this.#redactor = redactor;
    this.#options = options;
  }

  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = [
    "request-body",
    "chunk",
    "finished",
  ];
  /** Whether bodies are kept. */
  get wantsBytes(): boolean {
    return this.#options.enabled && this.#options.captureBodies;
  }

  /** Failures that left no line because too many came at once. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Writes by other options from now on. */
  update(options: ErrorLogOptions): void {
    this.#options = options;
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (!this.#options.enabled) return;
    switch (event.type) {
      case "request-body":
        if (this.wantsBytes) this.#keepRequest(event.exchange, event.bytes);
        break;
      case "chunk":
        if (this.wantsBytes && event.side === "upstream" && event.attempt) {
          this.#keepAnswer(event.attempt, event.bytes);
        }
        break;
      case "finished":
        this.#finished(event.exchange);
        break;
    }
  }

  /** Writes a line about a bug of our own. */
  bug(requestId: string, endpoint: string, error: unknown): void {
    if (!this.#options.enabled) return;
    const timestamp = new Date().toISOString();
    this.#later(() =>
      JSON.stringify({
        id: requestId,
        timestamp,
        endpoint,
        errorType: "signalbox_error",
        errorMessage: this.#clean(
          error instanceof Error ? error.message : String(error),
        ),
        httpStatus: 500,
        stack: error instanceof Error
          ? this.#clean(error.stack ?? error.message)
          : null,
      })
    );
  }

  /** Makes the lines that wait. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const line of this.#waiting.splice(0)) this.#stream.append(line());
  }

  #keepRequest(exchange: Exchange, bytes: Uint8Array): void {
    const body = new BodyStart();
    body.push(bytes);
    this.#requests.set(exchange, body);
  }

  #keepAnswer(attempt: Attempt, bytes: Uint8Array): void {
    let body = this.#answers.get(attempt);
    if (body === undefined) {
      body = new BodyStart();
      this.#answers.set(attempt, body);
    }
    body.push(bytes);
  }

  #finished(exchange: Exchange): void {
    if (NO_ERROR.has(exchange.outcome ?? "")) return;
    this.#later(() => this.#line(exchange));
  }

  #later(line: () => string): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#timer ??= setTimeout(() => this.flush(), 0);
  }

  #line(exchange: Exchange): string {
    const last = exchange.lastAttempt;
    const failed = last?.outcome?.kind === "failed"
      ? last.outcome.failure
      : null;
    return JSON.stringify({
      id: exchange.id,
      timestamp: new Date(exchange.receivedAtMs).toISOString(),
      client: exchange.client.name,
      tier: exchange.client.tier,
      clientIp: this.#options.clientIp ? exchange.clientIp : undefined,
      clientRequestId: exchange.clientRequestId ?? undefined,
      endpoint: exchange.endpoint,
      apiType: exchange.protocol,
      streaming: exchange.stream,
      requestedModel: cutText(exchange.requestedModel, MAX_TEXT_BYTES),
      aliasUsed: exchange.decision?.alias ?? null,
      provider: last?.target.provider ?? null,
      model: last?.target.model ?? null,
      outcome: exchange.outcome,
      errorType: errorType(exchange),
      errorMessage: this.#clean(exchange.error ?? ""),
      httpStatus: exchange.status,
      upstreamStatus: failed?.upstreamStatus ?? null,
      upstreamCode: failed?.upstreamCode ?? null,
      stack: null,
      attempts: exchange.attempts.map((attempt) => this.#attempt(attempt)),
      requestBody: this.#requests.get(exchange)?.redacted(this.#redactor()),
    });
  }

  #attempt(attempt: Attempt): object {
    const failed = attempt.outcome?.kind === "failed"
      ? attempt.outcome.failure
      : null;
    return {
      provider: attempt.target.provider,
      model: attempt.target.model,
      outcome: attempt.outcome?.kind ?? null,
      failure: failed?.kind ?? null,
      errorMessage: failed === null ? null : this.#clean(failed.message),
      status: attempt.upstreamStatus,
      upstreamRequestId: attempt.upstreamRequestId,
      durationMs: Math.round(attempt.endedMs - attempt.startedMs),
      providerResponse: this.#answers.get(attempt)?.redacted(this.#redactor()),
    };
  }

  #clean(text: string): string {
    return this.#redactor().text(cutText(text, MAX_TEXT_BYTES));
  }
}
