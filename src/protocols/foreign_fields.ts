/**
 * What becomes of a top-level field that only the client's protocol has when
 * the request goes to another protocol: a clear 400 where dropping it would
 * change the meaning, a loss where it would not.
 *
 * @module
 */

import { invalidField } from "../exchange/gateway_error.ts";
import { PROTOCOL_NAMES, type ProtocolName } from "../exchange/names.ts";
import type { JsonValue } from "../support/json.ts";
import type { CanonicalRequest, Loss } from "./canonical.ts";
import type { TargetProfile } from "./protocol.ts";

/** Fields that may never be dropped, with what the client can do instead. */
const REFUSED: {
  readonly [P in ProtocolName]: ReadonlyMap<string, string>;
} = {
  chat: new Map([
    ["n", "send n requests"],
    ["audio", "ask for text"],
    ["modalities", 'leave it out or send ["text"]'],
    ["web_search_options", "leave it out or choose a chat provider"],
    ["plugins", "leave it out or choose a chat provider"],
  ]),
  messages: new Map([
    ["container", "choose a messages provider"],
    ["mcp_servers", "choose a messages provider or send plain tools"],
    ["context_management", "choose a messages provider"],
    ["compaction", "choose a messages provider"],
    ["thread", "choose a messages provider"],
    ["fallbacks", "configure fallback targets in the gateway"],
  ]),
  responses: new Map([
    ["previous_response_id", "send the whole conversation in input"],
    ["conversation", "send the whole conversation in input"],
    ["prompt", "send the prompt's text in instructions or input"],
    ["background", "leave it out or choose a responses provider"],
    ["item_reference", "it refers to items by id; send the items themselves"],
    ["context_management", "choose a responses provider"],
    // Only choices of hosted tools are kept as native.
    ["tool_choice", "choose a function tool, or a responses provider"],
  ]),
};

/** Proofs travel in envelopes, log probabilities have a canonical field. */
function isAnsweredInclude(value: JsonValue): boolean {
  return value === "reasoning.encrypted_content" ||
    value === "message.output_text.logprobs";
}

/** Values that ask for nothing beyond what happens anyway. */
function isNeutral(field: string, value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false) return true;
  switch (field) {
    case "n":
      return value === 1;
    case "modalities":
      return Array.isArray(value) && value.every((item) => item === "text");
    case "truncation":
      return value === "disabled";
    case "stream_options":
      return true;
    case "include":
      return Array.isArray(value) && value.every(isAnsweredInclude);
    case "plugins":
    case "mcp_servers":
      return Array.isArray(value) && value.length === 0;
    default:
      return false;
  }
}

/**
 * Lists the native fields of other protocols as losses.
 * @throws {RequestError} for a field that may not be dropped
 */
export function foreignFieldLosses(
  request: CanonicalRequest,
  own: ProtocolName,
  target: Pick<TargetProfile, "provider" | "model">,
): Loss[] {
  const losses: Loss[] = [];
  for (const protocol of PROTOCOL_NAMES) {
    if (protocol === own) continue;
    for (
      const [field, value] of Object.entries(request.native[protocol] ?? {})
    ) {
      if (isNeutral(field, value)) continue;
      const instead = REFUSED[protocol].get(field);
      if (instead !== undefined) {
        throw invalidField(
          field,
          `Cannot send ${field} to ${target.provider}/${target.model}, which is asked in the ${own} protocol: ${instead}`,
          "unsupported_parameter",
        );
      }
      losses.push({ field, reason: `the ${own} protocol has no such field` });
    }
  }
  return losses;
}

/** Names the client's protocol as far as the request tells, `null` where it does not. */
export function clientProtocol(request: CanonicalRequest): ProtocolName | null {
  const said = PROTOCOL_NAMES.filter((name) =>
    request.native[name] !== undefined
  );
  return said.length === 1 ? said[0] ?? null : null;
}
