/**
 * The response object around the output: every key that the live API always
 * sends, with the values of the client's own request where it has any.
 *
 * @module
 */

import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { EncodeContext } from "../protocol.ts";

/** What the API answers where the request says nothing. */
const DEFAULTS: { readonly [key: string]: JsonValue } = {
  background: false,
  frequency_penalty: 0,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  presence_penalty: 0,
  previous_response_id: null,
  prompt_cache_key: null,
  safety_identifier: null,
  store: true,
  temperature: 1,
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled",
  user: null,
};

/** Tiers that the protocol has a word for; others are answered as the usual one. */
const TIERS: ReadonlySet<string> = new Set([
  "auto",
  "default",
  "flex",
  "scale",
  "priority",
  "fast",
  "ultrafast",
]);

/** What is known of an answer when its envelope is built. */
export interface EnvelopeFacts {
  /** The id of the response. */
  readonly id: string;
  /** The model that answered. */
  readonly model: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** The tier that was served, `null` if unsaid. */
  readonly serviceTier: string | null;
}

/** Builds the response object of an answer in progress, without output and usage. */
export function openEnvelope(
  facts: EnvelopeFacts,
  context: EncodeContext,
): JsonObject {
  const { body } = context;
  const envelope: JsonObject = {
    id: facts.id,
    object: "response",
    created_at: facts.createdAt,
    status: "in_progress",
    completed_at: null,
    error: null,
    incomplete_details: null,
    model: facts.model,
    output: [],
    usage: null,
  };
  for (const [key, usual] of Object.entries(DEFAULTS)) {
    envelope[key] = body[key] ?? usual;
  }
  envelope.reasoning = {
    effort: null,
    summary: null,
    ...objectOrNothing(body.reasoning),
  };
  envelope.text = {
    format: { type: "text" },
    verbosity: "medium",
    ...objectOrNothing(body.text),
  };
  envelope.service_tier = servedTier(facts.serviceTier ?? body.service_tier);
  return envelope;
}

function objectOrNothing(value: JsonValue | undefined): JsonObject {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== null),
  );
}

/** Gives the tier in words that the protocol knows. */
export function servedTier(value: JsonValue | undefined): string {
  return typeof value === "string" && TIERS.has(value) ? value : "default";
}

/** Gives the id an answer goes by: the upstream's where it has the right form. */
export function responseId(id: string, context: EncodeContext): string {
  return id.startsWith("resp_") ? id : context.newId("resp_");
}

/** Seconds since the epoch. */
export function nowSeconds(context: EncodeContext): number {
  return Math.floor(context.now() / 1000);
}
