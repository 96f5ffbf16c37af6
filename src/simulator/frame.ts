/** Pieces of a response body as an answer hands them to the playback. @module */

import type { JsonObject } from "../support/json.ts";

/** Bytes to be sent in one go. */
export interface Frame {
  /** The text of the frame. */
  readonly text: string;
  /** How many tokens it took to make: the playback waits for each. */
  readonly tokens: number;
  /** Whether a client sees content in it: faults count these. */
  readonly content: boolean;
}

/** An answer in one protocol's shape. */
export interface Answer {
  /** The whole answer as one JSON body. */
  body(): JsonObject;
  /** The answer as an event stream. Can be read once. */
  frames(): Iterable<Frame>;
  /** The last words of a stream that fails after `sent` events. */
  failure(error: JsonObject, sent: number): string;
}

/** What an answer must know beside its plan. */
export interface AnswerContext {
  /** The client's body: some protocols echo it. */
  readonly body: JsonObject;
  /** Wall clock in ms since the epoch. */
  readonly nowMs: number;
  /** Whether usage is reported. */
  readonly reportUsage: boolean;
}

/** A frame without content. */
export function plainFrame(text: string): Frame {
  return { text, tokens: 0, content: false };
}

/** Renders a server-sent event that names its type. */
export function namedEvent(type: string, fields: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

/** Renders a server-sent event without a name. */
export function dataEvent(value: JsonObject): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
