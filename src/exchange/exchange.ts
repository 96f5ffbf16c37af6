/**
 * One client request and everything known of it. A single object that travels
 * with the request; there is no map of requests by id anywhere.
 *
 * @module
 */

import type { Cost } from "./cost.ts";
import type { Decision, TargetRef } from "./decision.ts";
import type { Failure } from "./failure.ts";
import type { Operation, Outcome, ProtocolName } from "./names.ts";
import { noUsage, type Usage } from "./usage.ts";

/** Who asked. */
export interface ClientIdentity {
  /** The client's name in the config, `local` where none is configured. */
  readonly name: string;
  /** The client's tier, `default` unless configured. */
  readonly tier: string;
}

/** How one attempt ended; `null` while it runs. */
export type AttemptOutcome =
  | { readonly kind: "answered" }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "cancelled" };

/** One try at one target. Times are ms since the exchange began. */
export class Attempt {
  /** 0 for the first. */
  readonly index: number;
  /** Where it went. */
  readonly target: TargetRef;
  /** The protocol the provider was spoken to in. */
  readonly protocol: ProtocolName;
  /** Same protocol on both sides: bytes untouched. */
  readonly native: boolean;
  /** When the call began. */
  readonly startedMs: number;
  /** Which of the provider's keys was used, by position; -1 for none. */
  keyIndex: number = -1;
  /** When the upstream's response head came, -1 if never. */
  headMs: number = -1;
  /** When the first byte of the body came, -1 if never. */
  firstByteMs: number = -1;
  /** When the first text, reasoning, refusal or tool delta came, -1 if never. */
  firstContentMs: number = -1;
  /** When it ended, -1 while it runs. */
  endedMs: number = -1;
  /** The upstream's HTTP status, 0 if it never answered. */
  upstreamStatus = 0;
  /** The upstream's own request id, `null` if unsaid. */
  upstreamRequestId: string | null = null;
  /** Body bytes sent to the upstream. */
  bytesOut = 0;
  /** Body bytes received from the upstream. */
  bytesIn = 0;
  /** Finish reason in the upstream's words, `null` if none was seen. */
  finishReason: string | null = null;
  /** Characters of content seen, for estimates where the usage is missing. */
  contentChars = 0;
  /** What it consumed. */
  usage: Usage = noUsage();
  /** What was set aside for it, in 1e-12 USD; settled when it ends. */
  reservedPico = 0n;
  /** What it cost; `null` until priced or where pricing is off. */
  cost: Cost | null = null;
  /** How it ended. */
  outcome: AttemptOutcome | null = null;

  /** Begins an attempt. */
  constructor(
    index: number,
    target: TargetRef,
    protocol: ProtocolName,
    native: boolean,
    startedMs: number,
  ) {
    this.index = index;
    this.target = target;
    this.protocol = protocol;
    this.native = native;
    this.startedMs = startedMs;
  }
}

/** What is known of a request the moment it has been read and admitted. */
export interface ExchangeStart {
  /** ULID in lower case. */
  id: string;
  /** Wall clock at arrival, ms since the epoch. */
  receivedAtMs: number;
  /** Monotonic clock at arrival, ms. All `...Ms` offsets count from here. */
  startedMs: number;
  /** Route template, e.g. `/v1/messages`. */
  endpoint: string;
  /** The client's protocol. */
  protocol: ProtocolName;
  /** What is asked for. */
  operation: Operation;
  /** Who asks. */
  client: ClientIdentity;
  /** The peer's address, or the first trusted forwarded one. */
  clientIp: string;
  /** The client's own request id where it sent a valid one. */
  clientRequestId: string | null;
}

/** One client request and everything known of it. All fields exist from the start. */
export class Exchange {
  /** ULID in lower case; the `x-request-id` of the answer. */
  readonly id: string;
  /** Wall clock at arrival, ms since the epoch. */
  readonly receivedAtMs: number;
  /** Monotonic clock at arrival, ms. */
  readonly startedMs: number;
  /** Route template. */
  readonly endpoint: string;
  /** The client's protocol. */
  readonly protocol: ProtocolName;
  /** What is asked for. */
  readonly operation: Operation;
  /** Who asks. */
  readonly client: ClientIdentity;
  /** The client's address. */
  readonly clientIp: string;
  /** The client's own request id, `null` if it sent none. */
  readonly clientRequestId: string | null;
  /** The model name asked for, "" until the body is read. */
  requestedModel = "";
  /** Whether an event stream was asked for. */
  stream = false;
  /** Body bytes received from the client. */
  bytesIn = 0;
  /** Body bytes sent to the client. */
  bytesOut = 0;
  /** What the router said. */
  decision: Decision | null = null;
  /** The budget that was used up and sent it elsewhere, `null` for none. */
  divertedBy: string | null = null;
  /** Every try, in order. */
  readonly attempts: Attempt[] = [];
  /** What translation could not carry over, as `field: reason`. */
  losses: readonly string[] = [];
  /** `hit`, `miss` or `bypass` of the response cache; `null` while it is off. */
  cacheStatus: "hit" | "miss" | "bypass" | null = null;
  /** Headers about the client's own limits, alternating; they replace an upstream's. */
  limitHeaders: readonly string[] = [];
  /** First byte of the body sent to the client, ms since start, -1 if none. */
  firstByteMs: number = -1;
  /** First content sent to the client, ms since start, -1 if none. */
  firstContentMs: number = -1;
  /** End, ms since start, -1 while it runs. */
  endedMs: number = -1;
  /** The HTTP status the client saw, 0 if none was sent. */
  status = 0;
  /** How it ended, `null` while it runs. */
  outcome: Outcome | null = null;
  /** Short reason for everything but success; safe to log. */
  error: string | null = null;

  /** Begins an exchange. */
  constructor(start: ExchangeStart) {
    this.id = start.id;
    this.receivedAtMs = start.receivedAtMs;
    this.startedMs = start.startedMs;
    this.endpoint = start.endpoint;
    this.protocol = start.protocol;
    this.operation = start.operation;
    this.client = start.client;
    this.clientIp = start.clientIp;
    this.clientRequestId = start.clientRequestId;
  }

  /** The last attempt, the one whose answer the client sees, or `null`. */
  get lastAttempt(): Attempt | null {
    return this.attempts[this.attempts.length - 1] ?? null;
  }
}
