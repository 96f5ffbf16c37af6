/**
 * Fields in the words of the client: encoders name what the canonical form
 * knows as chat does, and blocks by where they stood in the client's body.
 *
 * @module
 */

import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { CanonicalRequest } from "./canonical.ts";
import { clientProtocol } from "./foreign_fields.ts";
import type { EncodedRequest, Protocol, TargetProfile } from "./protocol.ts";

const WORDS: {
  readonly [P in ProtocolName]: ReadonlyMap<string, string>;
} = {
  chat: new Map([
    ["reasoning", "reasoning_effort"],
    ["thinking", "reasoning_effort"],
    ["max_output_tokens", "max_completion_tokens"],
  ]),
  messages: new Map([
    ["stop", "stop_sequences"],
    ["max_completion_tokens", "max_tokens"],
    ["reasoning", "thinking"],
    ["reasoning_effort", "thinking"],
    ["reasoning.max_tokens", "thinking.budget_tokens"],
    ["reasoning.summary", "thinking.display"],
    ["response_format", "output_config.format"],
    ["response_format.json_schema.schema", "output_config.format.schema"],
    ["user", "metadata.user_id"],
    ["parallel_tool_calls", "tool_choice.disable_parallel_tool_use"],
  ]),
  responses: new Map([
    ["max_tokens", "max_output_tokens"],
    ["max_completion_tokens", "max_output_tokens"],
    ["reasoning_effort", "reasoning.effort"],
    ["thinking", "reasoning.effort"],
    ["response_format", "text.format"],
    ["response_format.json_schema.schema", "text.format.schema"],
    ["verbosity", "text.verbosity"],
    ["logprobs", "include"],
    ["item_reference", "input"],
  ]),
};

/** What a tool's schema and switch are called. */
const TOOL_FIELDS: {
  readonly [P in ProtocolName]: ReadonlyMap<string, string>;
} = {
  chat: new Map([
    ["parameters", "function.parameters"],
    ["strict", "function.strict"],
  ]),
  messages: new Map([["parameters", "input_schema"]]),
  responses: new Map(),
};
const TOOL = /^(tools\[\d+\])\.(?:function\.)?(strict|parameters)$/;
/** What stands deeper in a block, or under another name. */
const IN_BLOCKS: {
  readonly [P in ProtocolName]: readonly (readonly [RegExp, string])[];
} = {
  chat: [
    [/(\.content\[\d+\])\.detail$/, "$1.image_url.detail"],
    [/(\.tool_calls\[\d+\])\.arguments$/, "$1.function.arguments"],
  ],
  messages: [],
  responses: [[/(\.content\[\d+\])\.citations$/, "$1.annotations"]],
};
const MESSAGE = /^messages\[\d+\]/;

/** Where the history of a client stands. */
function history(client: ProtocolName | null): string {
  return client === "responses" ? "input" : "messages";
}

/** Says a field of the canonical form, named as chat does, as the client knows it. */
export function clientWord(client: ProtocolName, field: string): string {
  const [, tool, name = ""] = TOOL.exec(field) ?? [];
  if (tool !== undefined) {
    return `${tool}.${TOOL_FIELDS[client].get(name) ?? name}`;
  }
  const inBlock = IN_BLOCKS[client].find(([pattern]) => pattern.test(field));
  if (inBlock !== undefined) return field.replace(...inBlock);
  return WORDS[client].get(field) ?? field;
}

/** Says a field of a chat body that was made from the client's as the client knows it. */
export function fieldOfChatBody(client: ProtocolName, field: string): string {
  if (client === "chat") return field;
  // Messages of the translated body are counted otherwise than the client's.
  return MESSAGE.test(field) ? history(client) : clientWord(client, field);
}

/** Where a block stood in the client's body, the history as a whole where that is not known. */
export function placeOf(request: CanonicalRequest, block: object): string {
  return request.places?.get(block) ?? history(clientProtocol(request));
}

/** The same refusal with its field renamed, also in its words. */
export function renamedRefusal(
  { error }: RequestError,
  rename: (field: string) => string,
): RequestError {
  const { kind, message, code, param } = error;
  const own = param === null ? null : rename(param);
  return new RequestError(gatewayError(kind, renamedText(message, param, own), {
    code,
    param: own,
  }));
}

function renamedText(
  text: string,
  from: string | null,
  to: string | null,
): string {
  if (from === null || to === null || from === to) return text;
  // As a word of its own only: `stop` is no part of `stop sequences`.
  return text.replace(`Cannot send ${from} to `, `Cannot send ${to} to `);
}

/**
 * Encodes a request for a provider of another protocol; losses and refusals
 * name the fields of the client.
 *
 * @throws {RequestError} for what cannot be expressed and must not be dropped
 */
export function encodeForClient(
  client: ProtocolName,
  codec: Protocol,
  request: CanonicalRequest,
  target: TargetProfile,
): EncodedRequest {
  const rename = (field: string) => clientWord(client, field);
  try {
    const encoded = codec.encodeRequest(request, target);
    const losses = encoded.losses.map(({ field, reason }) => ({
      field: rename(field),
      reason,
    }));
    return { ...encoded, losses };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw renamedRefusal(error, rename);
  }
}
