/** The facts of a request that the relay holds. @module */

import type { Exchange } from "../exchange/exchange.ts";
import { RequestFacts } from "../routing/facts.ts";
import type { JsonValue } from "../support/json.ts";
import type { Inbound } from "./inbound.ts";
import { decodeUtf8 } from "../support/utf8.ts";

/** The facts of a request, the same for all who ask; nothing is parsed until it is asked for. */
export function factsOf(exchange: Exchange, inbound: Inbound): RequestFacts {
  inbound.facts ??= new RequestFacts({
    model: exchange.requestedModel,
    protocol: exchange.protocol,
    operation: exchange.operation,
    stream: exchange.stream,
    client: exchange.client,
    body: inbound.body,
    header: (name) => inbound.header(name),
    field: (name) => fieldOf(inbound, name),
    json: () => inbound.json(),
  });
  return inbound.facts;
}

/** Parses one field alone: a tool list is a tenth of a body, a limit a few bytes. */
function fieldOf(inbound: Inbound, name: string): JsonValue | undefined {
  const field = inbound.scan.fields.get(name);
  if (field === undefined) return undefined;
  const bytes = inbound.body.subarray(field.start, field.end);
  try {
    return JSON.parse(decodeUtf8(bytes)) as JsonValue;
  } catch {
    // A bad escape inside: the whole body is then refused with the right words.
    return inbound.json()[name];
  }
}
