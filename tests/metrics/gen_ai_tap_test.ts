import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { failure } from "../../src/exchange/failure.ts";
import { METRIC_CATALOG } from "../../src/metrics/catalog.ts";
import { GenAiTap } from "../../src/metrics/gen_ai_tap.ts";
import { Registry } from "../../src/metrics/registry.ts";
import { endedExchange, play } from "./exchanges.ts";

const LABELS =
  'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-5-mini",gen_ai_response_model="gpt-5-mini"';

function setUp() {
  const registry = new Registry(METRIC_CATALOG);
  const tap = new GenAiTap(registry, {
    providers: new Set(["openai"]),
    targets: new Set(["openai/gpt-5-mini"]),
  });
  return { registry, tap };
}

Deno.test("GenAiTap observes tokens, durations and token times of a stream", () => {
  const { registry, tap } = setUp();
  play(tap, endedExchange({ fields: { stream: true } }));
  const lines = new Map(
    registry.render("text").split("\n").map((line): [string, number] => {
      const at = line.lastIndexOf(" ");
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
  const expected: [string, number][] = [
    [`token_usage_sum{${LABELS},gen_ai_token_type="input"}`, 150],
    [`token_usage_sum{${LABELS},gen_ai_token_type="output"}`, 11],
    [`operation_duration_seconds_sum{${LABELS},error_type=""}`, 0.1],
    [`operation_time_to_first_chunk_seconds_sum{${LABELS}}`, 0.02],
  ];
  for (const [series, value] of expected) {
    assertEquals(lines.get(`gen_ai_client_${series}`), value, series);
  }
  const server: [string, number][] = [
    [`request_duration_seconds_sum{${LABELS},error_type=""}`, 0.105],
    [`time_to_first_token_seconds_sum{${LABELS}}`, 0.042],
    [`time_per_output_token_seconds_sum{${LABELS}}`, 0.0063],
  ];
  for (const [series, value] of server) {
    assertEquals(lines.get(`gen_ai_server_${series}`), value, series);
  }
});

Deno.test("GenAiTap names errors and folds unknown models into other", () => {
  const { registry, tap } = setUp();
  const exchange = endedExchange({
    targets: ["openai/unheard-of"],
    outcomes: [{ kind: "failed", failure: failure("rate_limited", "slow") }],
    fields: { status: 429, outcome: "rate_limited" },
  });
  play(tap, exchange);
  const answered = endedExchange();
  const [attempt] = answered.attempts;
  assert(attempt !== undefined);
  attempt.usage.model = "gpt-5-mini-2026-08-01";
  play(tap, answered);
  const text = registry.render("text");
  assert(text.includes('error_type="rate_limited"'));
  assert(text.includes('gen_ai_response_model="other"'));
  assertNotMatch(text, /unheard-of|2026-08-01/);
});
