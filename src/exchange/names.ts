/** The closed sets of names that every folder shares. @module */

/** The three wire protocols, by the names used in the config, logs and paths. */
export type ProtocolName = "chat" | "messages" | "responses";

/** All protocols, in the order in which they are listed everywhere. */
export const PROTOCOL_NAMES: readonly ProtocolName[] = [
  "chat",
  "messages",
  "responses",
];

/** What a provider is asked to do; the upstream path follows from it. */
export type Operation =
  | "generate"
  | "count-tokens"
  | "embeddings";

/** The ways an exchange ends. */
export const OUTCOMES = [
  "success",
  "client_error",
  "client_abort",
  "rate_limited",
  "budget_rejected",
  "upstream_error",
  "signalbox_error",
  "timeout",
  "stream_broken",
] as const;

/** How an exchange ended, as the SLI counts it (`signalbox_request_outcomes_total`). */
export type Outcome = (typeof OUTCOMES)[number];
