/** What routing may know of a request. @module */

import type { ClientIdentity } from "../exchange/exchange.ts";
import type { Operation, ProtocolName } from "../exchange/names.ts";

/** One request, as far as routing looks at it. */
export interface RequestFacts {
  /** The name the client asked for. */
  readonly model: string;
  /** The client's protocol. */
  readonly protocol: ProtocolName;
  /** What is asked for. */
  readonly operation: Operation;
  /** Whether a stream is asked for. */
  readonly stream: boolean;
  /** Who asks. */
  readonly client: ClientIdentity;
}
