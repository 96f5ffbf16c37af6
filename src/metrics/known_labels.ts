/**
 * Which names may be label values: those of the config. A client that makes
 * names up makes no series.
 *
 * @module
 */

import type { Config } from "../config/schema.ts";
import { aliasGroups } from "../config/targets.ts";

/** Names that may appear in labels. */
export interface KnownLabels {
  /** Provider ids. */
  readonly providers: ReadonlySet<string>;
  /** Target ids, `provider/model`. */
  readonly targets: ReadonlySet<string>;
}

/** A registered head, as far as labels name it. */
export interface HeadNames {
  /** Its id. */
  readonly id: string;
  /** What it serves. */
  readonly models: readonly string[];
}

/** Collects the providers and targets that a config names, and registered heads: only operators name those. */
export function knownLabels(
  config: Config,
  heads: Iterable<HeadNames> = [],
): KnownLabels {
  const targets = new Set<string>();
  for (const [id, provider] of config.providers) {
    for (const model of provider.models ?? []) targets.add(`${id}/${model}`);
  }
  for (const alias of config.models.values()) {
    for (const group of aliasGroups(alias)) {
      for (const { target } of group.targets) targets.add(target.id);
    }
  }
  const providers = new Set(config.providers.keys());
  for (const { id, models } of heads) {
    providers.add(id);
    for (const model of models) targets.add(`${id}/${model}`);
  }
  return { providers, targets };
}

/**
 * Fields of the three protocols that a loss is counted under. Everything
 * else, e.g. a field that a client made up, is `other`.
 */
const LOSS_FIELDS: ReadonlySet<string> = new Set([
  "audio",
  "cache_control",
  "citations",
  "container",
  "content",
  "context_management",
  "conversation",
  "documents",
  "frequency_penalty",
  "include",
  "input",
  "instructions",
  "logit_bias",
  "logprobs",
  "max_completion_tokens",
  "max_output_tokens",
  "max_tokens",
  "max_tool_calls",
  "mcp_servers",
  "messages",
  "metadata",
  "modalities",
  "n",
  "output_config",
  "parallel_tool_calls",
  "prediction",
  "presence_penalty",
  "previous_response_id",
  "prompt",
  "prompt_cache_key",
  "prompt_cache_retention",
  "reasoning",
  "reasoning_content",
  "reasoning_effort",
  "response_format",
  "safety_identifier",
  "seed",
  "service_tier",
  "stop",
  "stop_sequences",
  "store",
  "stream_options",
  "system",
  "temperature",
  "text",
  "thinking",
  "tool_choice",
  "tools",
  "top_k",
  "top_logprobs",
  "top_p",
  "truncation",
  "user",
  "verbosity",
  "web_search_options",
]);

/** Brings a loss, `messages[3].content: reason`, down to its field, `messages`. */
export function lossField(loss: string): string {
  const name = /^\w{1,40}/.exec(loss)?.[0] ?? "";
  return LOSS_FIELDS.has(name) ? name : "other";
}
