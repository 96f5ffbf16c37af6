/**
 * What goes to a provider: the client's own bytes where the protocols are the
 * same, else the request translated. There is no third path.
 *
 * @module
 */

import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import { nativeBody } from "./native_body.ts";
import type { DescribedProvider, Outbound, Prepared } from "./outbound.ts";
import { translatedBody } from "./translated_body.ts";

/** Chooses the protocol towards a provider: the client's own if it has it, else its first. */
export function protocolFor(
  provider: DescribedProvider,
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
export function prepareBody(outbound: Outbound): Prepared {
  const { exchange, provider, protocols } = outbound;
  const protocol = protocolFor(provider, exchange.protocol);
  if (protocol === exchange.protocol) return nativeBody(outbound);
  if (exchange.operation !== "generate") {
    throw new RequestError(gatewayError(
      "not_found",
      `Cannot pass on ${exchange.endpoint}: provider ${provider.id} does not speak the ${exchange.protocol} protocol; choose a model of one that does`,
    ));
  }
  return translatedBody(outbound, protocols[protocol]);
}
