/**
 * Which requests have one answer: nothing in them leaves the answer to chance,
 * to tools, or to a state kept elsewhere.
 *
 * @module
 */

import type { JsonObject, JsonValue } from "../support/json.ts";

/** Fields that bring tools or a conversation kept elsewhere; absent, `null`, `false` and empty lists do not. */
const FORBIDDEN: readonly string[] = [
  "tools",
  "functions",
  "mcp_servers",
  "web_search_options",
  "container",
  "store",
  "previous_response_id",
  "conversation",
  "background",
  "prompt",
];

/** Whether the answer to a request may stand for the answer to the next one like it. */
export function isCacheable(
  body: JsonObject,
  onlyDeterministic: boolean,
): boolean {
  if (FORBIDDEN.some((name) => isSet(body[name]))) return false;
  const count = body["n"];
  if (count !== undefined && count !== null && count !== 1) return false;
  return !onlyDeterministic || body["temperature"] === 0;
}

function isSet(value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false;
}
