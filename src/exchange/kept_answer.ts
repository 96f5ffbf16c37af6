/** A complete answer that may be given again to the same request of the same client. @module */

import type { JsonObject } from "../support/json.ts";

/** What the client got, byte by byte. Never changed once it is made. */
export interface KeptAnswer {
  /** Whether it is an event stream. */
  readonly streamed: boolean;
  /** Its content type. */
  readonly contentType: string;
  /** The body. */
  readonly bytes: Uint8Array;
  /** Where the pieces of a stream end in `bytes`: every piece holds whole events. */
  readonly ends: readonly number[];
  /** What translation could not carry over when it was made. */
  readonly losses: readonly string[];
  /** What it cost, in 1e-12 USD: a hit saves that much. `null`: not known. */
  readonly costPico: bigint | null;
}

/** What a kept answer's name is made of, beside the exchange and its alias. */
export interface KeptQuestion {
  /** The body as it came: valid JSON of limited depth. */
  readonly body: Uint8Array;
  /** The query that goes upstream. */
  readonly query: string;
  /** Headers that go upstream, alternating. */
  readonly headers: readonly string[];
  /** The body parsed. */
  json(): JsonObject;
}
