import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { failure } from "../../src/exchange/failure.ts";
import { METRIC_CATALOG } from "../../src/metrics/catalog.ts";
import { MetricsTap } from "../../src/metrics/metrics_tap.ts";
import { Registry } from "../../src/metrics/registry.ts";
import { endedExchange, play } from "./exchanges.ts";

const KNOWN = {
  providers: new Set(["openai", "sim"]),
  targets: new Set(["openai/gpt-5-mini", "sim/echo", "sim/a/b"]),
};

function setUp() {
  const registry = new Registry(METRIC_CATALOG);
  return { registry, tap: new MetricsTap(registry, KNOWN) };
}

/** The value of a series, `null` if there is none. */
function read(registry: Registry, series: string): number | null {
  const line = registry.render("text").split("\n").find((line) =>
    line.startsWith(`${series} `)
  );
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

Deno.test("MetricsTap counts a streamed success everywhere it belongs", () => {
  const { registry, tap } = setUp();
  play(tap, endedExchange({ fields: { stream: true } }));
  const expected: [string, number][] = [
    [
      'ccr_requests_total{method="POST",route="/v1/messages",status_code="200",provider="openai",user_tier="internal"}',
      1,
    ],
    [
      'ccr_request_duration_seconds_sum{method="POST",route="/v1/messages",provider="openai",cache_status="bypass"}',
      0.105,
    ],
    [
      'ccr_provider_requests_total{provider="openai",model="gpt-5-mini",status="success"}',
      1,
    ],
    [
      'ccr_provider_latency_seconds_sum{provider="openai",model="gpt-5-mini"}',
      0.1,
    ],
    [
      'ccr_time_to_first_token_seconds_sum{provider="openai",model="gpt-5-mini"}',
      0.04,
    ],
    ['external_service_calls_total{service="openai",status="200"}', 1],
    [
      'signalbox_request_outcomes_total{endpoint="/v1/messages",outcome="success"}',
      1,
    ],
    ['signalbox_requests_in_flight{endpoint="/v1/messages"}', 0],
    ['signalbox_overhead_seconds_sum{endpoint="/v1/messages"}', 0.005],
    ['ccr_active_connections{provider="openai"}', 0],
  ];
  for (
    const [type, tokens] of [
      ["input", 100],
      ["cache_read", 50],
      ["cache_write_5m", 0],
      ["output", 8],
      ["reasoning", 3],
    ] as const
  ) {
    expected.push([
      `signalbox_tokens_total{provider="openai",model="gpt-5-mini",type="${type}"}`,
      tokens,
    ]);
  }
  for (const [series, value] of expected) {
    assertEquals(read(registry, series), value, series);
  }
});

Deno.test("MetricsTap shows what runs while it runs", () => {
  const { registry, tap } = setUp();
  const exchange = endedExchange();
  const [attempt] = exchange.attempts;
  assert(attempt !== undefined);
  tap.on({ type: "received", exchange });
  tap.on({ type: "attempt-started", exchange, attempt });
  assertEquals(
    read(registry, 'signalbox_requests_in_flight{endpoint="/v1/messages"}'),
    1,
  );
  assertEquals(read(registry, 'ccr_active_connections{provider="openai"}'), 1);
});

Deno.test("MetricsTap counts every attempt of a failover, and the gaps are no overhead", () => {
  const { registry, tap } = setUp();
  const refused = failure("connect", "the connection was refused");
  play(
    tap,
    endedExchange({
      targets: ["openai/gpt-5-mini", "sim/echo"],
      outcomes: [{ kind: "failed", failure: refused }, { kind: "answered" }],
    }),
  );
  const openai = 'provider="openai",model="gpt-5-mini"';
  assertEquals(
    read(registry, `ccr_provider_requests_total{${openai},status="error"}`),
    1,
  );
  assertEquals(
    read(
      registry,
      'ccr_provider_errors_total{provider="openai",error_type="connect"}',
    ),
    1,
  );
  assertEquals(
    read(
      registry,
      'external_service_calls_total{service="openai",status="error"}',
    ),
    1,
  );
  // A refused connection must not make the target look fast.
  assertEquals(
    read(registry, `ccr_provider_latency_seconds_count{${openai}}`),
    0,
  );
  assertEquals(
    read(registry, 'signalbox_overhead_seconds_sum{endpoint="/v1/messages"}'),
    0.005,
  );
  assertEquals(
    read(
      registry,
      'ccr_requests_total{method="POST",route="/v1/messages",status_code="200",provider="sim",user_tier="internal"}',
    ),
    1,
  );
});

Deno.test("MetricsTap counts timeouts with their whole wait", () => {
  const { registry, tap } = setUp();
  const late = failure("first_byte_timeout", "nothing came");
  play(tap, endedExchange({ outcomes: [{ kind: "failed", failure: late }] }));
  assertEquals(
    read(
      registry,
      'external_service_calls_total{service="openai",status="timeout"}',
    ),
    1,
  );
  assertEquals(
    read(
      registry,
      'ccr_provider_latency_seconds_count{provider="openai",model="gpt-5-mini"}',
    ),
    1,
  );
});

Deno.test("MetricsTap counts a client that leaves as neither success nor error of the provider", () => {
  const { registry, tap } = setUp();
  play(
    tap,
    endedExchange({
      outcomes: [{ kind: "cancelled" }],
      fields: { status: 0, outcome: "client_abort" },
    }),
  );
  const openai = 'provider="openai",model="gpt-5-mini"';
  assertEquals(
    ["success", "error", "cancelled"].map((status) =>
      read(
        registry,
        `ccr_provider_requests_total{${openai},status="${status}"}`,
      )
    ),
    [0, 0, 1],
  );
  assertEquals(
    read(
      registry,
      'ccr_requests_total{method="POST",route="/v1/messages",status_code="499",provider="openai",user_tier="internal"}',
    ),
    1,
  );
});

Deno.test("MetricsTap gives names that the config does not know no series of their own", () => {
  const { registry, tap } = setUp();
  play(tap, endedExchange());
  const before = registry.render("text").split("\n").length;
  for (let index = 0; index < 5000; index++) {
    play(
      tap,
      endedExchange({
        targets: [`sim/made-up-${index}`],
        fields: {
          requestedModel: `made-up-${index}`,
          losses: [`made_up_${index}: the protocol has no such field`],
        },
      }),
    );
  }
  const text = registry.render("text");
  assertNotMatch(text, /made.up/);
  assertEquals(
    read(
      registry,
      'ccr_provider_requests_total{provider="sim",model="other",status="success"}',
    ),
    5000,
  );
  assertEquals(
    read(
      registry,
      'signalbox_losses_total{from="messages",to="chat",field="other"}',
    ),
    5000,
  );
  assert(text.split("\n").length - before < 80, "a few series more, no more");
});

Deno.test("MetricsTap counts losses by field", () => {
  const { registry, tap } = setUp();
  play(
    tap,
    endedExchange({
      fields: {
        losses: [
          "messages[3].content[0].citations: no such field",
          "top_k: no such field",
        ],
      },
    }),
  );
  for (const field of ["messages", "top_k"]) {
    assertEquals(
      read(
        registry,
        `signalbox_losses_total{from="messages",to="chat",field="${field}"}`,
      ),
      1,
    );
  }
});

Deno.test("MetricsTap.reject() counts what never became an exchange under provider none", () => {
  const { registry, tap } = setUp();
  tap.reject({
    endpoint: "/v1/messages",
    status: 401,
    outcome: "client_error",
    tier: "default",
    seconds: 0.001,
  });
  assertEquals(
    read(
      registry,
      'ccr_requests_total{method="POST",route="/v1/messages",status_code="401",provider="none",user_tier="default"}',
    ),
    1,
  );
  assertEquals(
    read(
      registry,
      'signalbox_request_outcomes_total{endpoint="/v1/messages",outcome="client_error"}',
    ),
    1,
  );
});

Deno.test("MetricsTap shows known targets and endpoints as 0 from the start", () => {
  const { registry, tap } = setUp();
  tap.precreate(["/v1/responses"]);
  for (
    const series of [
      'ccr_provider_requests_total{provider="sim",model="a/b",status="error"}',
      'signalbox_requests_in_flight{endpoint="/v1/responses"}',
      'signalbox_request_outcomes_total{endpoint="/v1/responses",outcome="stream_broken"}',
      'signalbox_tokens_total{provider="sim",model="echo",type="reasoning"}',
    ]
  ) assertEquals(read(registry, series), 0, series);
});

Deno.test("MetricsTap.update() ends the series of providers that are gone, and running calls never go below 0", () => {
  const { registry, tap } = setUp();
  play(tap, endedExchange());
  const running = endedExchange({ targets: ["sim/echo"] });
  const [attempt] = running.attempts;
  assert(attempt !== undefined);
  tap.on({ type: "received", exchange: running });
  tap.on({ type: "attempt-started", exchange: running, attempt });
  tap.update({
    providers: new Set(["openai", "new"]),
    targets: new Set(["openai/gpt-5-mini", "new/m"]),
  });
  tap.on({ type: "attempt-finished", exchange: running, attempt });
  const text = registry.render("text");
  assertNotMatch(text, /"sim"/);
  assertNotMatch(text, /ccr_active_connections\{.*\} -/);
  assertEquals(
    read(
      registry,
      'ccr_provider_requests_total{provider="openai",model="gpt-5-mini",status="success"}',
    ),
    1,
  );
  assertEquals(
    read(
      registry,
      'ccr_provider_requests_total{provider="new",model="m",status="success"}',
    ),
    0,
  );
});

Deno.test("MetricsTap links slow requests to their id by exemplars", () => {
  const { registry, tap } = setUp();
  play(tap, endedExchange());
  const line =
    registry.render("openmetrics").split("\n").find((line) =>
      line.startsWith("ccr_request_duration_seconds_bucket") &&
      line.includes('le="0.2"')
    ) ?? "";
  assert(
    line.includes('# {request_id="01kafx9p3r8d7zq2m4n6v8w0yt"} 0.105 '),
    line,
  );
});
