/** Names of Chat Completions fields in the words of a client of another protocol, for losses. @module */

import type { ProtocolName } from "../exchange/names.ts";

const WORDS: {
  readonly [P in ProtocolName]: ReadonlyMap<string, string>;
} = {
  chat: new Map(),
  messages: new Map([
    ["stop", "stop_sequences"],
    ["reasoning_effort", "thinking"],
    ["response_format", "output_config.format"],
    ["user", "metadata.user_id"],
    ["parallel_tool_calls", "tool_choice.disable_parallel_tool_use"],
  ]),
  responses: new Map([
    ["max_tokens", "max_output_tokens"],
    ["max_completion_tokens", "max_output_tokens"],
    ["reasoning_effort", "reasoning.effort"],
    ["response_format", "text.format"],
    ["verbosity", "text.verbosity"],
  ]),
};

const TOOL_STRICT = /^(tools\[\d+\])\.function\.strict$/;
const MESSAGE = /^messages\[\d+\]/;

/** Says a field of a chat body as the client knows it. */
export function clientField(client: ProtocolName, field: string): string {
  if (client === "chat") return field;
  const strict = TOOL_STRICT.exec(field);
  if (strict !== null) return `${strict[1]}.strict`;
  // Messages of the translated body are counted otherwise than the client's.
  if (MESSAGE.test(field)) return client === "messages" ? "messages" : "input";
  return WORDS[client].get(field) ?? field;
}
