/**
 * What goes to a provider: the client's own bytes where the protocols are the
 * same, else the request translated. There is no third path.
 *
 * @module
 */

import type { TargetRef } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Loss } from "../protocols/canonical.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Provider } from "../providers/provider.ts";
import { isJsonObject } from "../support/json.ts";
import {
  insertMember,
  type JsonEdit,
  spliceJson,
} from "../support/json_splice.ts";
import type { Inbound } from "./inbound.ts";

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
  const edits: JsonEdit[] = [];
  const { scan } = inbound;
  const model = scan.fields.get("model");
  if (model !== undefined && exchange.requestedModel !== target.model) {
    edits.push({ ...model, text: JSON.stringify(target.model) });
  }
  const inject = exchange.protocol === "chat" && exchange.stream &&
    exchange.operation === "generate" && !inbound.wantsUsage &&
    provider.includeUsage;
  if (inject) edits.push(askForUsage(inbound));
  return {
    protocol: exchange.protocol,
    native: true,
    bytes: edits.length === 0 ? inbound.body : spliceJson(inbound.body, edits),
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
    capabilities: provider.capabilities(target.model),
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

/** The edit that makes a chat provider send the usage chunk. */
function askForUsage(inbound: Inbound): JsonEdit {
  const field = inbound.scan.fields.get("stream_options");
  if (field === undefined) {
    return insertMember(
      inbound.scan,
      '"stream_options":{"include_usage":true}',
    );
  }
  const asked = inbound.json()["stream_options"];
  const options = isJsonObject(asked) ? asked : {};
  return {
    ...field,
    text: JSON.stringify({ ...options, include_usage: true }),
  };
}
