/**
 * OpenTelemetry's GenAI metrics, off by default. `gen_ai_client_*` is what we
 * saw of a provider, one per attempt; `gen_ai_server_*` is what our client saw
 * of us, one per request.
 *
 * @module
 */

import type {
  ExchangeEvent,
  ExchangeEventType,
  Tap,
} from "../exchange/events.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { FAILURE_RULES } from "../exchange/failure.ts";
import type { Operation } from "../exchange/names.ts";
import { totalInput, totalOutput } from "../exchange/usage.ts";
import { OVERFLOW_LABEL } from "./family.ts";
import type { HistogramFamily } from "./histogram.ts";
import type { KnownLabels } from "./known_labels.ts";
import type { Registry } from "./registry.ts";

const OPERATIONS: { readonly [O in Operation]: string } = {
  "generate": "chat",
  "count-tokens": "count_tokens",
  "embeddings": "embeddings",
};
/** The label values that the four common labels take. */
type Common = readonly [string, string, string, string];

/** Feeds the GenAI histograms. */
export class GenAiTap implements Tap {
  /** Shown when it throws. */
  readonly name = "gen-ai-metrics";
  /** Bytes are none of its business. */
  readonly wantsBytes = false;
  /** What it listens to. */
  readonly hears: readonly ExchangeEventType[] = [
    "attempt-finished",
    "finished",
  ];
  readonly #tokens: HistogramFamily;
  readonly #clientSeconds: HistogramFamily;
  readonly #firstChunk: HistogramFamily;
  readonly #serverSeconds: HistogramFamily;
  readonly #firstToken: HistogramFamily;
  readonly #perToken: HistogramFamily;
  #known: KnownLabels;

  /** Registers the families. */
  constructor(registry: Registry, known: KnownLabels) {
    const client = "gen_ai_client_operation";
    const server = "gen_ai_server";
    this.#tokens = registry.histogram("gen_ai_client_token_usage");
    this.#clientSeconds = registry.histogram(`${client}_duration_seconds`);
    this.#firstChunk = registry.histogram(
      `${client}_time_to_first_chunk_seconds`,
    );
    this.#serverSeconds = registry.histogram(
      `${server}_request_duration_seconds`,
    );
    this.#firstToken = registry.histogram(
      `${server}_time_to_first_token_seconds`,
    );
    this.#perToken = registry.histogram(
      `${server}_time_per_output_token_seconds`,
    );
    this.#known = known;
  }

  /** Takes over the names of a new config. */
  update(known: KnownLabels): void {
    this.#known = known;
  }

  /** Hears one event. */
  on(event: ExchangeEvent): void {
    if (event.type === "attempt-finished") {
      this.#attempt(event.exchange, event.attempt);
    } else if (event.type === "finished") this.#exchange(event.exchange);
  }

  #attempt(exchange: Exchange, attempt: Attempt): void {
    const common = this.#labels(exchange, attempt);
    const ms = attempt.endedMs - attempt.startedMs;
    this.#clientSeconds.child(...common, errorOf(attempt)).observe(ms / 1000);
    if (exchange.stream && attempt.firstByteMs >= 0) {
      const waitMs = attempt.firstByteMs - attempt.startedMs;
      this.#firstChunk.child(...common).observe(waitMs / 1000);
    }
    if (attempt.usage.source === "none") return;
    const { ledger } = attempt.usage;
    this.#tokens.child(...common, "input").observe(totalInput(ledger));
    this.#tokens.child(...common, "output").observe(totalOutput(ledger));
  }

  #exchange(exchange: Exchange): void {
    const attempt = exchange.lastAttempt;
    if (attempt === null) return;
    const common = this.#labels(exchange, attempt);
    const error = exchange.outcome === "success" ? "" : exchange.outcome ?? "";
    this.#serverSeconds.child(...common, error)
      .observe(exchange.endedMs / 1000);
    if (!exchange.stream || exchange.firstContentMs < 0) return;
    this.#firstToken.child(...common).observe(exchange.firstContentMs / 1000);
    const tokens = totalOutput(attempt.usage.ledger);
    if (tokens < 2 || exchange.outcome !== "success") return;
    const ms = exchange.endedMs - exchange.firstContentMs;
    this.#perToken.child(...common).observe(ms / 1000 / (tokens - 1));
  }

  #labels(exchange: Exchange, attempt: Attempt): Common {
    const { id, provider, model } = attempt.target;
    const { providers, targets } = this.#known;
    const requested = targets.has(id) ? model : OVERFLOW_LABEL;
    const said = attempt.usage.model;
    // The provider's own spelling of a model is not bounded by the config.
    const served = said === null
      ? requested
      : targets.has(`${provider}/${said}`)
      ? said
      : OVERFLOW_LABEL;
    return [
      OPERATIONS[exchange.operation],
      providers.has(provider) ? provider : OVERFLOW_LABEL,
      requested,
      served,
    ];
  }
}

function errorOf(attempt: Attempt): string {
  const { outcome } = attempt;
  if (outcome === null || outcome.kind === "answered") return "";
  if (outcome.kind === "cancelled") return "cancelled";
  return FAILURE_RULES[outcome.failure.kind].errorType;
}
