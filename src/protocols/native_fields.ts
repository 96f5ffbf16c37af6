/**
 * Top-level fields that only one protocol has, on their way to another: most
 * tune the answer and are dropped as losses, some change what it means and are
 * refused (PROTOCOLS: what must be a clear 400).
 *
 * @module
 */

import { invalidField } from "../exchange/gateway_error.ts";
import { PROTOCOL_NAMES, type ProtocolName } from "../exchange/names.ts";
import type { JsonValue } from "../support/json.ts";
import type { CanonicalRequest, Loss } from "./canonical.ts";

type Refusal = {
  /** What would work instead, one clause. */
  readonly instead: string;
  /** Values that mean the same as leaving the field out. */
  readonly harmless: (value: JsonValue) => boolean;
};

function refusal(
  instead: string,
  harmless: (value: JsonValue) => boolean = isEmpty,
): Refusal {
  return { instead, harmless };
}

function isEmpty(value: JsonValue): boolean {
  return value === null || value === false || value === "" ||
    (typeof value === "object" && Object.keys(value).length === 0);
}

function isTextAlone(value: JsonValue): boolean {
  return isEmpty(value) ||
    (Array.isArray(value) && value.every((modality) => modality === "text"));
}

const SEND_HISTORY = "send the whole conversation in the request";
const USE_NATIVE = "route it to a provider that speaks the client's protocol";

const REFUSED: {
  readonly [P in ProtocolName]: ReadonlyMap<string, Refusal>;
} = {
  chat: new Map([
    ["n", refusal("send n requests", (n) => n === null || n === 1)],
    ["audio", refusal(USE_NATIVE)],
    ["modalities", refusal('use modalities ["text"]', isTextAlone)],
    ["web_search_options", refusal(USE_NATIVE, (value) => value === null)],
  ]),
  messages: new Map([
    ["container", refusal(USE_NATIVE)],
    ["mcp_servers", refusal(USE_NATIVE)],
    ["context_management", refusal(USE_NATIVE)],
    ["compaction", refusal(USE_NATIVE)],
    ["fallbacks", refusal("list the targets in the gateway's configuration")],
    ["thread", refusal(SEND_HISTORY)],
  ]),
  responses: new Map([
    ["previous_response_id", refusal(SEND_HISTORY)],
    ["conversation", refusal(SEND_HISTORY)],
    ["prompt", refusal("send the prompt's text in input")],
    ["background", refusal("leave background out")],
    ["context_management", refusal(USE_NATIVE)],
  ]),
};

/**
 * Looks at the fields that only other protocols have.
 * @returns one loss for each field that is dropped
 * @throws {RequestError} for one that must not be dropped
 */
export function foreignFields(
  request: CanonicalRequest,
  target: ProtocolName,
): Loss[] {
  const losses: Loss[] = [];
  for (const protocol of PROTOCOL_NAMES) {
    if (protocol === target) continue;
    const fields = request.native[protocol] ?? {};
    for (const [field, value] of Object.entries(fields)) {
      if (value === undefined || value === null) continue;
      const refused = REFUSED[protocol].get(field);
      if (refused === undefined) {
        losses.push({
          field,
          reason: `the ${target} protocol has no such field`,
        });
      } else if (!refused.harmless(value)) {
        throw invalidField(
          field,
          `Cannot express ${field} in the ${target} protocol of this target: ${refused.instead}`,
          "unsupported_parameter",
        );
      }
    }
  }
  return losses;
}
