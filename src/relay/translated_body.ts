/** The client's request in the protocol of a provider that does not speak the client's. @module */

import { RequestError } from "../exchange/gateway_error.ts";
import type { CanonicalRequest, Loss } from "../protocols/canonical.ts";
import {
  encodeForClient,
  fieldOfChatBody,
  renamedRefusal,
} from "../protocols/client_fields.ts";
import type { EncodedRequest, Protocol } from "../protocols/protocol.ts";
import type {
  AdaptedBody,
  AdaptedCall,
  Dialect,
} from "../providers/request_adapter.ts";
import type { JsonObject } from "../support/json.ts";
import { asksStream, type Outbound, type Prepared } from "./outbound.ts";
import { encodeUtf8 } from "../support/utf8.ts";

const NO_TOOLS: ReadonlySet<string> = new Set();

/**
 * Builds the translated body.
 *
 * @throws {RequestError} when the request cannot be expressed for the target
 */
export function translatedBody(
  outbound: Outbound,
  codec: Protocol,
): Prepared {
  const { exchange, target, provider } = outbound;
  const stream = asksStream(exchange, target, provider);
  const call: AdaptedCall = {
    protocol: codec.name,
    operation: "generate",
    model: target.model,
    stream,
  };
  const asked = requestOf(outbound);
  const maxOutputTokens = outbound.outputCap ?? asked.maxOutputTokens;
  const request = { ...asked, stream, maxOutputTokens };
  const dialect = provider.adapter.dialect(codec.name, target.model);
  const encoded = encodeForClient(exchange.protocol, codec, request, {
    provider: provider.id,
    model: target.model,
    capabilities: provider.capabilities(target.model),
    cacheControl: dialect.cacheControl,
  });
  const spoken = codec.name === "chat"
    ? inDialect(encoded, request, dialect)
    : encoded;
  const body = provider.includeUsage ? spoken.body : unasked(spoken.body);
  const adapted = adapt(outbound, body, call);
  return {
    protocol: codec.name,
    native: false,
    stream,
    bytes: encodeUtf8(JSON.stringify(adapted.body)),
    stripUsage: false,
    losses: [...spoken.losses, ...adapted.losses],
    toolNames: encoded.toolNames,
    customTools: encoded.customTools ?? NO_TOOLS,
  };
}

function requestOf({ inbound, protocols, exchange, conversation }: Outbound) {
  if (conversation === null) return inbound.canonical();
  const request = conversation.refers
    ? protocols[exchange.protocol].decodeRequest(conversation.wholeBody())
    : inbound.canonical();
  // The gateway keeps the answer itself: the provider need not.
  return { ...request, store: null };
}

/** Adds what the canonical form knows and only some chat providers take. */
function inDialect(
  encoded: EncodedRequest,
  request: CanonicalRequest,
  dialect: Dialect,
): Pick<EncodedRequest, "body" | "losses"> {
  let { body, losses } = encoded;
  const { topK } = request.sampling;
  if (dialect.topK && topK !== null && body.top_k === undefined) {
    body = { ...body, top_k: topK };
    losses = without(losses, "top_k");
  }
  const off = request.reasoning?.mode === "disabled";
  if (dialect.stopsThinking && off && body.reasoning_effort === undefined) {
    body = { ...body, reasoning_effort: "none" };
    losses = without(losses, "thinking");
  }
  return { body, losses };
}

function without(losses: readonly Loss[], field: string): Loss[] {
  return losses.filter((loss) => loss.field !== field);
}

/** For providers that refuse the question for usage. */
function unasked(body: JsonObject): JsonObject {
  const { stream_options: _options, ...rest } = body;
  return rest;
}

/** Adapts the body; fields are named as the client knows them. */
function adapt(
  { exchange, provider }: Outbound,
  body: JsonObject,
  call: AdaptedCall,
): AdaptedBody {
  if (!provider.adapter.applies(call)) return { body, losses: [] };
  const rename = (field: string) => fieldOfChatBody(exchange.protocol, field);
  try {
    const adapted = provider.adapter.adapt(body, call);
    return {
      body: adapted.body,
      losses: adapted.losses.map(({ field, reason }) => ({
        field: rename(field),
        reason,
      })),
    };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw renamedRefusal(error, rename);
  }
}
