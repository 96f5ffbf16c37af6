// deno-lint-ignore-file house/max-lines -- a lookup table: the checks of alerts and dashboards read all families in one place
/**
 * Every metric family of the program: the one table that the registry, the
 * tests and the checks of alert rules and dashboards read.
 *
 * Label values come from the config, from route templates and from closed sets
 * in the code; whatever else there may be is `other`.
 *
 * @module
 */

import {
  FIRST_TOKEN_SECONDS,
  GEN_AI_PER_TOKEN_SECONDS,
  GEN_AI_SECONDS,
  GEN_AI_TOKENS,
  HTTP_SECONDS,
  LOOP_DELAY_SECONDS,
  OVERHEAD_SECONDS,
  PROVIDER_SECONDS,
  QUALITY_SCORES,
  REQUEST_SECONDS,
} from "./buckets.ts";
import {
  counter,
  gauge,
  histogram,
  type MetricDefinition,
} from "./definition.ts";

const GEN_AI_LABELS = "gen_ai_operation_name gen_ai_provider_name " +
  "gen_ai_request_model gen_ai_response_model";

const HTTP: readonly MetricDefinition[] = [
  counter(
    "http_requests_total",
    "method endpoint status",
    "HTTP requests on every listener, counted when they end. The endpoint is the route template.",
  ),
  histogram(
    "http_request_duration_seconds",
    "method endpoint",
    HTTP_SECONDS,
    "Time of an HTTP request until its last byte.",
  ),
  gauge("sse_connections", "", "Open event streams to clients."),
  counter(
    "signalbox_limit_hits_total",
    "limit",
    "Times a limit refused, cut or ended something.",
  ),
  counter(
    "signalbox_auth_failures_total",
    "reason",
    "Requests refused for their credentials.",
  ),
];

const EXCHANGES: readonly MetricDefinition[] = [
  counter(
    "ccr_requests_total",
    "method route status_code provider user_tier",
    "LLM requests by the status the client saw. The provider is none where no target was called.",
  ),
  histogram(
    "ccr_request_duration_seconds",
    "method route provider cache_status",
    REQUEST_SECONDS,
    "Time of an LLM request until its last byte.",
    "request_id",
  ),
  gauge(
    "ccr_active_connections",
    "provider",
    "Calls to a provider that are running.",
  ),
  counter(
    "ccr_provider_requests_total",
    "provider model status",
    "Attempts at a target: success, error, or cancelled by the client.",
  ),
  histogram(
    "ccr_provider_latency_seconds",
    "provider model",
    PROVIDER_SECONDS,
    "Time of an attempt until its last byte, for attempts that were answered or timed out.",
    "request_id",
  ),
  histogram(
    "ccr_time_to_first_token_seconds",
    "provider model",
    FIRST_TOKEN_SECONDS,
    "Time from the start of a streaming attempt to its first content.",
    "request_id",
  ),
  counter(
    "ccr_provider_errors_total",
    "provider error_type",
    "Failed attempts by kind of failure.",
  ),
  counter(
    "external_service_calls_total",
    "service status",
    "Calls to services outside: status is the HTTP status, error, timeout or circuit_open.",
  ),
  counter(
    "signalbox_request_outcomes_total",
    "endpoint outcome",
    "LLM requests by how they really ended; a stream that broke after its 200 is no success.",
  ),
  gauge(
    "signalbox_requests_in_flight",
    "endpoint",
    "LLM requests that are running.",
  ),
  histogram(
    "signalbox_overhead_seconds",
    "endpoint",
    OVERHEAD_SECONDS,
    "Time of an LLM request before its first and after its last attempt.",
  ),
  counter(
    "signalbox_tokens_total",
    "provider model type",
    "Tokens by disjoint bucket: a sum over all types counts no token twice.",
  ),
  counter(
    "signalbox_losses_total",
    "from to field",
    "Request fields that translation between two protocols could not carry over.",
  ),
  counter(
    "signalbox_tap_errors_total",
    "tap",
    "Events that an observer of exchanges failed on.",
  ),
];

const ROUTING: readonly MetricDefinition[] = [
  counter(
    "routing_decisions_total",
    "strategy model_type region",
    "Routing decisions by selector, direct, or none where no target was left, with class and region of the chosen target.",
  ),
  counter(
    "cache_hits_total",
    "",
    "Lookups of the routing-decision cache (affinity) that found a target which could still be used.",
  ),
  counter(
    "cache_misses_total",
    "",
    "Lookups of the routing-decision cache (affinity) that found none.",
  ),
];

const CACHE: readonly MetricDefinition[] = [
  counter(
    "signalbox_response_cache_lookups_total",
    "cache_level result",
    "Lookups in the response cache by requests whose answer may be given again.",
  ),
  histogram(
    "ccr_response_quality_score",
    "provider model content_type",
    QUALITY_SCORES,
    "Quality of answers from 0 to 1, as users say at POST /api/feedback.",
  ),
  gauge(
    "ccr_user_satisfaction_score",
    "user_tier provider",
    "Last satisfaction from 0 to 1, as users say at POST /api/feedback.",
  ),
  gauge(
    "ccr_cache_hit_ratio",
    "cache_level",
    "Share of hits among the lookups in the response cache of the last five minutes, NaN without any.",
  ),
];

const HEALTH: readonly MetricDefinition[] = [
  gauge(
    "ccr_provider_health_score",
    "provider",
    "How healthy a provider is, 0 to 1: success rate, breakers and resting keys, speed. 1 without data.",
  ),
  gauge(
    "signalbox_circuit_breaker_state",
    "provider model state",
    "1 for the state that the breaker of a target is in.",
  ),
  counter(
    "signalbox_circuit_breaker_transitions_total",
    "provider to",
    "Changes of state of the breakers of a provider's targets.",
  ),
];

const COSTS: readonly MetricDefinition[] = [
  counter(
    "ccr_cost_total_usd",
    "provider model user_id",
    "Cost of attempts in USD by the client's configured name.",
  ),
  counter(
    "signalbox_cost_usd_total",
    "provider model",
    "Cost of attempts in USD.",
  ),
  counter(
    "signalbox_cost_records_total",
    "provider status",
    "Attempts by how their cost came about; unpriced ones cost an unknown amount.",
  ),
  gauge(
    "signalbox_price_table_timestamp_seconds",
    "source",
    "The day as of which a price table holds, since the epoch.",
  ),
  gauge(
    "signalbox_budget_limit_usd",
    "budget period",
    "What a budget allows in its period.",
  ),
  gauge(
    "signalbox_budget_spent_usd",
    "budget period",
    "What was spent of a budget in its current period.",
  ),
  gauge(
    "signalbox_budget_reset_timestamp_seconds",
    "budget period",
    "When the current period of a budget ends, since the epoch.",
  ),
  counter(
    "signalbox_budget_events_total",
    "budget period event",
    "Budgets that reached a threshold: warning, critical, exceeded, projected; and requests that were refused or downgraded.",
  ),
  counter(
    "signalbox_rate_limited_total",
    "scope",
    "Requests refused by a client's own limit: requests or tokens per minute.",
  ),
];

const ADMIN: readonly MetricDefinition[] = [
  gauge("active_heads", "", "Registered heads that take requests."),
  gauge(
    "signalbox_heads_minimum",
    "",
    "Fewest heads that there should be, from the config; 0 for no alert.",
  ),
  counter("head_registrations_total", "", "Heads that have registered."),
  counter(
    "head_status_updates_total",
    "",
    "Heartbeats and changes of status of heads.",
  ),
  counter(
    "signalbox_heads_rejected_total",
    "reason",
    "Registrations of heads that were refused.",
  ),
  counter(
    "signalbox_audit_lines_total",
    "result",
    "Audit lines: written, or failed; an action whose line failed was refused.",
  ),
];

const PROCESS: readonly MetricDefinition[] = [
  counter("process_cpu_seconds_total", "", "User and system CPU time."),
  gauge("process_resident_memory_bytes", "", "Resident memory."),
  gauge(
    "process_start_time_seconds",
    "",
    "Start of the process since the epoch.",
  ),
  gauge("process_open_fds", "", "Open file descriptors."),
  gauge("process_max_fds", "", "Most file descriptors that may be open."),
  gauge(
    "ccr_memory_usage_bytes",
    "type",
    "Memory by type; heap_limit is where the engine gives up.",
  ),
  gauge(
    "ccr_cpu_usage_percent",
    "",
    "CPU use over the last sampling interval, 100 for one busy core.",
  ),
  gauge(
    "ccr_disk_usage_bytes",
    "mount",
    "Used bytes of the file systems that state and logs are on.",
  ),
  gauge(
    "ccr_disk_free_bytes",
    "mount",
    "Free bytes of the file systems that state and logs are on.",
  ),
  gauge(
    "ccr_disk_size_bytes",
    "mount",
    "Size of the file systems that state and logs are on.",
  ),
  histogram(
    "signalbox_event_loop_delay_seconds",
    "",
    LOOP_DELAY_SECONDS,
    "How late a timer of the event loop fired.",
  ),
  gauge(
    "signalbox_build_info",
    "version revision deno_version",
    "1, labelled with what is running.",
  ),
  gauge(
    "signalbox_config_last_reload_successful",
    "",
    "Whether the last attempt to load the config succeeded.",
  ),
  gauge(
    "signalbox_config_last_reload_success_timestamp_seconds",
    "",
    "When a config was last loaded, since the epoch.",
  ),
  counter(
    "signalbox_log_messages_total",
    "level",
    "Log lines by level, those that were dropped included.",
  ),
  counter(
    "signalbox_log_lines_dropped_total",
    "",
    "Log lines that were dropped because nobody reads the log fast enough.",
  ),
  counter(
    "signalbox_metrics_dropped_labelsets_total",
    "metric",
    "Label sets that a full family counted as other.",
  ),
  gauge(
    "signalbox_metrics_scrape_duration_seconds",
    "",
    "Time to write this scrape.",
  ),
];

const FILES: readonly MetricDefinition[] = [
  counter(
    "signalbox_file_lines_written_total",
    "stream",
    "Lines written to a file.",
  ),
  counter(
    "signalbox_file_lines_dropped_total",
    "stream reason",
    "Lines that never reached their file.",
  ),
  counter(
    "signalbox_file_torn_lines_total",
    "stream",
    "Broken last lines that were cut off when a file was opened.",
  ),
  counter(
    "signalbox_file_errors_total",
    "stream code",
    "Failed file operations.",
  ),
  gauge(
    "signalbox_file_queue_bytes",
    "stream",
    "Bytes that wait to be written.",
  ),
];

const GEN_AI: readonly MetricDefinition[] = [
  histogram(
    "gen_ai_client_token_usage",
    `${GEN_AI_LABELS} gen_ai_token_type`,
    GEN_AI_TOKENS,
    "Tokens of an attempt, cached and reasoning ones included.",
  ),
  histogram(
    "gen_ai_client_operation_duration_seconds",
    `${GEN_AI_LABELS} error_type`,
    GEN_AI_SECONDS,
    "Time of an attempt.",
  ),
  histogram(
    "gen_ai_client_operation_time_to_first_chunk_seconds",
    GEN_AI_LABELS,
    GEN_AI_SECONDS,
    "Time to the first byte of the body of a streaming attempt.",
  ),
  histogram(
    "gen_ai_server_request_duration_seconds",
    `${GEN_AI_LABELS} error_type`,
    GEN_AI_SECONDS,
    "Time of a request as the client saw it.",
  ),
  histogram(
    "gen_ai_server_time_to_first_token_seconds",
    GEN_AI_LABELS,
    FIRST_TOKEN_SECONDS,
    "Time to the first content of a stream as the client saw it.",
  ),
  histogram(
    "gen_ai_server_time_per_output_token_seconds",
    GEN_AI_LABELS,
    GEN_AI_PER_TOKEN_SECONDS,
    "Time per output token after the first of a stream.",
  ),
];

/** All families. */
export const METRIC_CATALOG: readonly MetricDefinition[] = [
  ...HTTP,
  ...EXCHANGES,
  ...COSTS,
  ...ROUTING,
  ...CACHE,
  ...HEALTH,
  ...ADMIN,
  ...PROCESS,
  ...FILES,
  ...GEN_AI,
];
