/**
 * What the taps hear. Every step of an exchange emits one event; usage, cost,
 * recording and metrics are taps and nothing in the relay knows them.
 *
 * @module
 */

import type { Attempt, Exchange } from "./exchange.ts";

/** Header names and values, alternating, as they went over the wire. */
export type RawHeaders = readonly string[];

/** One thing that happened to an exchange. Bytes are shared: never change or keep them beyond what `wantsBytes` promises. */
export type ExchangeEvent =
  | { readonly type: "received"; readonly exchange: Exchange }
  | {
    readonly type: "request-body";
    readonly exchange: Exchange;
    readonly headers: RawHeaders;
    readonly bytes: Uint8Array;
  }
  | { readonly type: "decided"; readonly exchange: Exchange }
  | {
    readonly type: "attempt-started";
    readonly exchange: Exchange;
    readonly attempt: Attempt;
  }
  | {
    readonly type: "upstream-request";
    readonly exchange: Exchange;
    readonly attempt: Attempt;
    readonly method: string;
    /** Without query secrets. */
    readonly url: string;
    readonly headers: RawHeaders;
    readonly bytes: Uint8Array;
  }
  | {
    readonly type: "upstream-head";
    readonly exchange: Exchange;
    readonly attempt: Attempt;
    readonly status: number;
    readonly headers: RawHeaders;
  }
  | {
    readonly type: "first-byte";
    readonly exchange: Exchange;
    readonly attempt: Attempt;
  }
  | {
    readonly type: "first-content";
    readonly exchange: Exchange;
    readonly attempt: Attempt;
  }
  | {
    readonly type: "chunk";
    readonly exchange: Exchange;
    readonly attempt: Attempt | null;
    readonly side: "upstream" | "client";
    /** Ms since the exchange began. */
    readonly atMs: number;
    readonly bytes: Uint8Array;
  }
  | {
    readonly type: "attempt-finished";
    readonly exchange: Exchange;
    readonly attempt: Attempt;
  }
  | { readonly type: "finished"; readonly exchange: Exchange };

/** The kinds of events. */
export type ExchangeEventType = ExchangeEvent["type"];

/** Listens to exchanges. Synchronous and cheap; hands work to a bounded queue. */
export interface Tap {
  /** Shown in the log and the counter when it throws. */
  readonly name: string;
  /** Whether `request-body`, `upstream-request` and `chunk` are to be emitted. May change with the config. */
  readonly wantsBytes: boolean;
  /** The events it is told of; all, if it does not say. */
  readonly hears?: readonly ExchangeEventType[] | undefined;
  /** Hears one event. */
  on(event: ExchangeEvent): void;
}
