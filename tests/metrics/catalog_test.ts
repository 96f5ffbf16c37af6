import { assert, assertEquals, assertMatch } from "@std/assert";
import { costOf, endedExchange, play } from "./exchanges.ts";
import { failure } from "../../src/exchange/failure.ts";
import { BudgetMetrics } from "../../src/metrics/budget_metrics.ts";
import { METRIC_CATALOG } from "../../src/metrics/catalog.ts";
import { CacheMetrics } from "../../src/metrics/cache_metrics.ts";
import { FeedbackMetrics } from "../../src/metrics/feedback_metrics.ts";
import { CostMetrics } from "../../src/metrics/cost_metrics.ts";
import { GenAiTap } from "../../src/metrics/gen_ai_tap.ts";
import { AuditMetrics } from "../../src/metrics/audit_metrics.ts";
import { HeadMetrics } from "../../src/metrics/head_metrics.ts";
import { HealthMetrics } from "../../src/metrics/health_metrics.ts";
import { HttpMetrics } from "../../src/metrics/http_metrics.ts";
import { MetricsTap } from "../../src/metrics/metrics_tap.ts";
import { ProcessMetrics } from "../../src/metrics/process_metrics.ts";
import { RoutingMetrics } from "../../src/metrics/routing_metrics.ts";
import { Registry } from "../../src/metrics/registry.ts";
import {
  ConfigMetrics,
  exposeFiles,
  exposeLog,
  TapErrorMetrics,
} from "../../src/metrics/support_metrics.ts";
import { FileWriter } from "../../src/support/file_writer.ts";
import { LogWriter } from "../../src/support/log_writer.ts";
import { needs } from "../skip.ts";

/** A registry that everything has been counted in, with hostile names where names come from outside. */
async function everything(): Promise<Registry> {
  const registry = new Registry(METRIC_CATALOG);
  const hostile = 'a"b\\c\nd{e="f"} 1\u2028é';
  const known = {
    providers: new Set(["openai", hostile]),
    targets: new Set(["openai/gpt-5-mini", `${hostile}/${hostile}`]),
  };
  const tap = new MetricsTap(registry, known);
  const genAi = new GenAiTap(registry, known);
  const refused = failure("connect", "refused");
  for (
    const exchange of [
      endedExchange({ fields: { stream: true, losses: ["top_k: none"] } }),
      endedExchange({
        outcomes: [{ kind: "failed", failure: refused }],
        client: { name: hostile, tier: hostile },
      }),
    ]
  ) {
    play(tap, exchange);
    play(genAi, exchange);
  }
  const routing = new RoutingMetrics(registry, () => ({
    modelType: hostile,
    region: hostile,
  }));
  play(routing, endedExchange());
  new HealthMetrics(registry, {
    scores: () => [["openai", 0.5], [hostile, 1]],
    breakers: () => [["openai", hostile, "open"]],
    states: ["closed", "open", "half_open"],
  }).transition(hostile, "open");
  const costs = new CostMetrics(
    registry,
    { known, userLabel: true, maxUsers: 10 },
    () => [{ name: "embedded", date: "2026-11-10" }],
  );
  const priced = endedExchange({ client: { name: hostile, tier: hostile } });
  for (const attempt of priced.attempts) {
    attempt.cost = costOf(7n);
  }
  play(costs, priced);
  const budgets = new BudgetMetrics(registry, () => [{
    budget: hostile,
    period: "day",
    limitUsd: 5,
    spentUsd: 1.25,
    resetsAtMs: 1_795_219_200_000,
  }]);
  budgets.event(hostile, "day", "warning");
  new HeadMetrics(
    registry,
    { enabled: () => true, active: () => 2, minimum: () => 1 },
    ["invalid"],
  ).rejected("not_allowed");
  const feedback = new FeedbackMetrics(registry);
  feedback.quality("openai", "gpt-test", "text", 0.9);
  feedback.satisfaction("default", "openai", 0.8);
  new CacheMetrics(registry, {
    enabled: true,
    stats: { hits: 3, misses: 1 },
    recentHitRatio: 0.75,
  });
  new AuditMetrics(registry, { enabled: true, written: 2, failed: 1 });
  const http = new HttpMetrics(registry);
  http.onRequest("POST", "/v1/messages", 200, 0.1);
  http.onLimit("maxConcurrent");
  http.onAuthFailure("unknown");
  const config = new ConfigMetrics(registry);
  config.loaded(true, 1_795_212_123_456);
  config.loaded(false, 1_795_212_999_999);
  new TapErrorMetrics(registry, ["metrics"]).count("usage");
  await using log = new LogWriter({
    sink: { write: (bytes) => Promise.resolve(bytes.length) },
    level: "info",
    format: "json",
    maxLineBytes: 1024,
    maxFieldBytes: 256,
  });
  log.log("warn", "one");
  exposeLog(registry, log);
  await using files = new FileWriter();
  exposeFiles(registry, files);
  const stream = files.open({ name: "usage", path: () => "/proc/no/such" });
  stream.append("kept");
  await stream.flush(1000);
  await stream.close(1000);
  stream.append("dropped");
  registry.counter("signalbox_metrics_dropped_labelsets_total")
    .child("ccr_requests_total");
  using metrics = new ProcessMetrics(registry, {
    folders: ["/"],
    build: { version: "0.1.0", revision: hostile },
  });
  await metrics.sampled();
  return registry;
}

function hasPromtool(): boolean {
  try {
    return new Deno.Command("promtool", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

Deno.test("METRIC_CATALOG says everything in base units, with help and without twins", () => {
  const names = new Set<string>();
  for (const { name, type, help, labels } of METRIC_CATALOG) {
    assert(!names.has(name), name);
    names.add(name);
    assertMatch(help, /^[A-Z1].*\.$/, name);
    if (type === "counter") {
      assert(name.endsWith("_total") || name === "ccr_cost_total_usd", name);
    } else assert(!name.endsWith("_total"), name);
    assertEquals(new Set(labels).size, labels.length, name);
    for (const label of labels) {
      assert(!["id", "request_id", "path", "ip", "key"].includes(label), name);
    }
  }
  for (const name of names) {
    assert(!names.has(`${name}_total`), `${name} and ${name}_total collide`);
  }
});

Deno.test("METRIC_CATALOG is fed completely: every family that can be read appears", async () => {
  const registry = await everything();
  const shown = new Set(registry.definitions().map(({ name }) => name));
  const unreadable = new Set(["process_open_fds", "process_max_fds"]);
  const missing = METRIC_CATALOG.map(({ name }) => name).filter((name) =>
    !shown.has(name) && !unreadable.has(name)
  );
  assertEquals(missing, []);
});

Deno.test("Registry.render() writes OpenMetrics in which families are contiguous and samples belong to them", async () => {
  const text = (await everything()).render("openmetrics");
  const lines = text.split("\n");
  assertEquals(lines.slice(-2), ["# EOF", ""]);
  const seen = new Set<string>();
  let family = "";
  let type = "";
  for (const line of lines.slice(0, -2)) {
    const head = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (head !== null) {
      [, family = "", type = ""] = head;
      assert(!seen.has(family), `${family} appears twice`);
      seen.add(family);
    } else if (!line.startsWith("# HELP ")) {
      const suffix = type === "counter"
        ? "_total"
        : type === "histogram"
        ? "_(bucket|sum|count)"
        : "";
      assertMatch(
        line,
        new RegExp(
          `^${family}${suffix}(\\{.*\\})? \\S+( # \\{.*\\} \\S+ \\S+)?$`,
          "s",
        ),
      );
    }
  }
});

Deno.test({
  ...needs(
    hasPromtool(),
    "promtool is not installed",
    "Registry.render() passes promtool check metrics",
  ),
  fn: async () => {
    const text = (await everything()).render("text");
    const child = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    const { stdout, stderr, code } = await child.output();
    const said = new TextDecoder().decode(stdout) +
      new TextDecoder().decode(stderr);
    // The one name that dashboards already use; its twin is named as it should be.
    assertEquals(
      said.trim(),
      'ccr_cost_total_usd counter metrics should have "_total" suffix',
    );
    assertEquals(code, 3);
  },
});
