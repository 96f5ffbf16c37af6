/**
 * The client's own body for a provider of the same protocol. Where only the
 * model's name differs it is spliced in; where more must change, the changes
 * are written into the text, and everything else stays as the client spelt it.
 *
 * @module
 */

import { invalidField } from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { Loss } from "../protocols/canonical.ts";
import { repairNativeReplay } from "../protocols/native_replay.ts";
import type { AdaptedCall } from "../providers/request_adapter.ts";
import { isJsonObject, type JsonObject } from "../support/json.ts";
import { rewriteJson } from "../support/json_rewrite.ts";
import {
  insertMember,
  type JsonEdit,
  spliceJson,
} from "../support/json_splice.ts";
import { asksStream, type Outbound, type Prepared } from "./outbound.ts";
import type { Inbound } from "./inbound.ts";
import { encodeUtf8 } from "../support/utf8.ts";

const NO_NAMES: ReadonlyMap<string, string> = new Map();

/**
 * Builds the native body.
 *
 * @throws {RequestError} for what the provider refuses, or what another framing cannot carry
 */
export function nativeBody(outbound: Outbound): Prepared {
  const { exchange, inbound, target, provider, conversation } = outbound;
  const call: AdaptedCall = {
    protocol: exchange.protocol,
    operation: exchange.operation,
    model: target.model,
    stream: asksStream(exchange, target, provider),
  };
  const injects = call.protocol === "chat" && call.stream &&
    provider.includeUsage && !inbound.wantsUsage;
  const mustParse = call.stream !== exchange.stream ||
    provider.adapter.applies(call) || inbound.scan.prefixed ||
    conversation !== null && conversation.refers;
  if (mustParse) return rewritten(outbound, call, injects);
  const edits = spliceEdits(outbound, injects);
  return {
    protocol: call.protocol,
    native: true,
    stream: call.stream,
    bytes: edits.length === 0 ? inbound.body : spliceJson(inbound.body, edits),
    stripUsage: injects,
    losses: [],
    toolNames: NO_NAMES,
  };
}

function spliceEdits(outbound: Outbound, injects: boolean): JsonEdit[] {
  const { exchange, inbound, target } = outbound;
  const edits: JsonEdit[] = [];
  const model = inbound.scan.fields.get("model");
  if (model !== undefined && exchange.requestedModel !== target.model) {
    edits.push({ ...model, text: JSON.stringify(target.model) });
  }
  if (injects) edits.push(askForUsage(inbound));
  return edits;
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
  return {
    ...field,
    text: JSON.stringify(usageOptions(inbound.json())),
  };
}

function usageOptions(body: JsonObject): JsonObject {
  const asked = body.stream_options;
  return { ...(isJsonObject(asked) ? asked : {}), include_usage: true };
}

function rewritten(
  outbound: Outbound,
  call: AdaptedCall,
  injects: boolean,
): Prepared {
  const { exchange, inbound, target, provider, conversation } = outbound;
  const before = inbound.json();
  const losses: Loss[] = [];
  let body: JsonObject = { ...before, model: target.model };
  if (conversation !== null) body = conversation.nativeBody(body, provider.id);
  if (call.stream !== exchange.stream) {
    losses.push(...framingLosses(call.protocol, body));
    body = reframed(body, call.stream);
  }
  if (injects) body = { ...body, stream_options: usageOptions(body) };
  const repaired = repairNativeReplay(call.protocol, body, {
    provider: provider.id,
    model: target.model,
  });
  const adapted = provider.adapter.adapt(repaired.body, call);
  losses.push(...repaired.losses, ...adapted.losses);
  const text = new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(inbound.body);
  return {
    protocol: call.protocol,
    native: true,
    stream: call.stream,
    bytes: encodeUtf8(rewriteJson(text, before, adapted.body)),
    stripUsage: injects,
    losses,
    toolNames: NO_NAMES,
  };
}

/** Asks for the other framing. */
function reframed(body: JsonObject, stream: boolean): JsonObject {
  if (stream) return { ...body, stream: true };
  // Options of a stream are refused where there is none.
  const { stream_options: _options, ...rest } = body;
  return { ...rest, stream: false };
}

/**
 * What is lost when a stream is asked for instead of a whole answer, or the
 * other way round: the answer then goes through the codec of its protocol.
 *
 * @throws {RequestError} for what would be missing from the answer
 */
function framingLosses(protocol: ProtocolName, body: JsonObject): Loss[] {
  const why = "the provider can only stream or only answer whole";
  if (protocol === "responses" && body.background === true) {
    throw invalidField(
      "background",
      `Cannot run in the background: ${why}; leave background out`,
      "unsupported_parameter",
    );
  }
  if (protocol !== "chat") return [];
  if (typeof body.n === "number" && body.n > 1) {
    throw invalidField(
      "n",
      `Cannot give ${body.n} choices: ${why}; send ${body.n} requests`,
      "unsupported_parameter",
    );
  }
  const { modalities } = body;
  if (Array.isArray(modalities) && modalities.includes("audio")) {
    throw invalidField(
      "modalities",
      `Cannot answer with audio: ${why}; ask for text`,
      "unsupported_parameter",
    );
  }
  return body.logprobs === true ? [{ field: "logprobs", reason: why }] : [];
}
