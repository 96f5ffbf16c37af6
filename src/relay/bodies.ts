/**
 * What goes to a provider: the client's own bytes where the protocols are the
 * same, else the request translated. There is no third path.
 *
 * @module
 */

import { UNKNOWN_CAPABILITIES } from "../exchange/capabilities.ts";
import type { TargetRef } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Loss } from "../protocols/canonical.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Provider } from "../providers/provider.ts";
import { isJsonObject } from "../support/json.ts";
import type { ByteRange, Inbound } from "./inbound.ts";

/** The codecs by name. */
export type Protocols = { readonly [P in ProtocolName]: Protocol };

/** A body for one target. */
export interface Prepared {
  /** The protocol the provider is spoken to in. */
  readonly protocol: ProtocolName;
  /** Whether it is the client's own. */
  readonly native: boolean;
  /** The body. */
  readonly bytes: Uint8Array;
  /** Whether the answer's usage chunk is to be taken out again. */
  readonly stripUsage: boolean;
  /** What could not be carried over. */
  readonly losses: readonly Loss[];
  /** Tool names that the encoder changed, upstream to client. */
  readonly toolNames: ReadonlyMap<string, string>;
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();

/** Chooses the protocol towards a provider: the client's own if it has it, else its first. */
export function protocolFor(
  provider: Provider,
  client: ProtocolName,
): ProtocolName {
  return provider.protocols.includes(client)
    ? client
    : provider.protocols[0] ?? client;
}

/**
 * Builds the body for one target.
 *
 * @throws {RequestError} when the request cannot be expressed for it
 */
export function prepareBody(
  exchange: Exchange,
  inbound: Inbound,
  target: TargetRef,
  provider: Provider,
  protocols: Protocols,
): Prepared {
  const protocol = protocolFor(provider, exchange.protocol);
  return protocol === exchange.protocol
    ? nativeBody(exchange, inbound, target, provider)
    : translatedBody(exchange, inbound, target, provider, protocols[protocol]);
}

function nativeBody(
  exchange: Exchange,
  inbound: Inbound,
  target: TargetRef,
  provider: Provider,
): Prepared {
  const edits: { range: ByteRange; text: string }[] = [];
  const { model, streamOptions, firstKey } = inbound.splice;
  if (model !== null && exchange.requestedModel !== target.model) {
    edits.push({ range: model, text: JSON.stringify(target.model) });
  }
  const inject = exchange.protocol === "chat" && exchange.stream &&
    exchange.operation === "generate" && !inbound.wantsUsage &&
    provider.includeUsage;
  if (inject && streamOptions === null) {
    edits.push({
      range: { start: firstKey, end: firstKey },
      text: '"stream_options":{"include_usage":true},',
    });
  } else if (inject && streamOptions !== null) {
    const asked = inbound.json()["stream_options"];
    const options = isJsonObject(asked) ? asked : {};
    edits.push({
      range: streamOptions,
      text: JSON.stringify({ ...options, include_usage: true }),
    });
  }
  return {
    protocol: exchange.protocol,
    native: true,
    bytes: splice(inbound.body, edits),
    stripUsage: inject,
    losses: [],
    toolNames: NO_NAMES,
  };
}

function translatedBody(
  exchange: Exchange,
  inbound: Inbound,
  target: TargetRef,
  provider: Provider,
  codec: Protocol,
): Prepared {
  if (exchange.operation !== "generate") {
    throw new RequestError(gatewayError(
      "not_found",
      `Cannot pass on ${exchange.endpoint}: provider ${provider.id} does not speak the ${exchange.protocol} protocol`,
    ));
  }
  const encoded = codec.encodeRequest(inbound.canonical(), {
    provider: provider.id,
    model: target.model,
    capabilities: UNKNOWN_CAPABILITIES,
    cacheControl: false,
  });
  return {
    protocol: codec.name,
    native: false,
    bytes: new TextEncoder().encode(JSON.stringify(encoded.body)),
    stripUsage: false,
    losses: encoded.losses,
    toolNames: encoded.toolNames,
  };
}

/** Replaces byte ranges of a body; without edits the body itself comes back. */
export function splice(
  body: Uint8Array,
  edits: readonly { readonly range: ByteRange; readonly text: string }[],
): Uint8Array {
  if (edits.length === 0) return body;
  const sorted = [...edits].sort((a, b) => a.range.start - b.range.start);
  const encoder = new TextEncoder();
  const texts = sorted.map((edit) => encoder.encode(edit.text));
  let length = body.length;
  sorted.forEach((edit, index) => {
    length += (texts[index]?.length ?? 0) - (edit.range.end - edit.range.start);
  });
  const result = new Uint8Array(length);
  let from = 0;
  let to = 0;
  sorted.forEach((edit, index) => {
    result.set(body.subarray(from, edit.range.start), to);
    to += edit.range.start - from;
    const text = texts[index] ?? new Uint8Array();
    result.set(text, to);
    to += text.length;
    from = edit.range.end;
  });
  result.set(body.subarray(from), to);
  return result;
}
