/** A client's request as the relay takes it: read, scanned and checked. @module */

import type { CanonicalRequest } from "../protocols/canonical.ts";
import type { RequestFacts } from "../routing/facts.ts";
import type { JsonObject } from "../support/json.ts";
import type { JsonScan } from "../support/json_scan.ts";

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
  /** Where the top-level fields stand that the native path may have to edit. */
  readonly scan: JsonScan;
  /** Whether a chat client asked for the usage chunk. */
  readonly wantsUsage: boolean;
  /** What is known of it, `null` until somebody asks (`factsOf`). */
  facts: RequestFacts | null;
  /** A header's value by lower-case name, `null` if absent. */
  header(name: string): string | null;
  /** Nothing holds the body any more: its memory may be given back before the answer is complete. */
  release(): void;
  /** Something holds the body although the client has gone: its memory counts until it is released. */
  keep(): void;
  /** The body parsed, once and on demand. */
  json(): JsonObject;
  /** The body in canonical form, once and on demand. @throws {RequestError} for what is wrong. */
  canonical(): CanonicalRequest;
}
