/** A client's request as the relay takes it: read, scanned and checked. @module */

import type { CanonicalRequest } from "../protocols/canonical.ts";
import type { JsonObject } from "../support/json.ts";

/** Byte range of a value in a body, end exclusive. */
export interface ByteRange {
  /** First byte. */
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** Where in the body the native path may have to edit. */
export interface SplicePoints {
  /** The value of top-level `model`, `null` if there is none. */
  readonly model: ByteRange | null;
  /** The value of top-level `stream_options`, `null` if there is none. */
  readonly streamOptions: ByteRange | null;
  /** Behind the opening brace. */
  readonly firstKey: number;
}

/** A request that was read, scanned and checked. */
export interface Inbound {
  /** The body as it came. */
  readonly body: Uint8Array;
  /** The client's query with its `?`, or "". */
  readonly query: string;
  /** All headers as they came, alternating: for the taps. */
  readonly rawHeaders: readonly string[];
  /** Headers that may go upstream, lower case, alternating. */
  readonly headers: readonly string[];
  /** Where to edit. */
  readonly splice: SplicePoints;
  /** Whether a chat client asked for the usage chunk. */
  readonly wantsUsage: boolean;
  /** The body parsed, once and on demand. */
  json(): JsonObject;
  /** The body in canonical form, once and on demand. @throws {RequestError} for what is wrong. */
  canonical(): CanonicalRequest;
}
