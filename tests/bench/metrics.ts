/**
 * What metrics cost: a scrape of 10,000 series, bound children, one exchange
 * through the tap. `deno run --allow-all tests/bench/metrics.ts`
 *
 * @module
 */

import { METRIC_CATALOG } from "../../src/metrics/catalog.ts";
import { MetricsTap } from "../../src/metrics/metrics_tap.ts";
import { Registry } from "../../src/metrics/registry.ts";
import { Ticker, TickNode } from "../../src/support/ticker.ts";
import { UlidSource } from "../../src/support/ulid.ts";
import { endedExchange, play } from "../metrics/exchanges.ts";

/** Median of five runs, in ns per call. */
function measure(name: string, calls: number, body: () => void): void {
  const rounds: number[] = [];
  for (let round = 0; round < 7; round++) {
    const startMs = performance.now();
    for (let call = 0; call < calls; call++) body();
    rounds.push((performance.now() - startMs) * 1e6 / calls);
  }
  const nanoseconds = rounds.slice(2).sort((a, b) => a - b)[2] ?? 0;
  const text = nanoseconds > 1e5
    ? `${(nanoseconds / 1e6).toFixed(2)} ms`
    : `${nanoseconds.toFixed(1)} ns`;
  console.log(`${name.padEnd(52)} ${text}`);
}

function counters(): Registry {
  const registry = new Registry(METRIC_CATALOG, { maxSeriesPerFamily: 20_000 });
  const family = registry.counter("ccr_requests_total");
  for (let index = 0; index < 10_000; index++) {
    family.child("POST", "/v1/messages", `${index}`, "openai", "default")
      .inc(index);
  }
  return registry;
}

function histograms(): Registry {
  const registry = new Registry(METRIC_CATALOG, { maxSeriesPerFamily: 20_000 });
  const family = registry.histogram("ccr_request_duration_seconds");
  for (let index = 0; index < 455; index++) {
    const child = family.child("POST", `/route/${index}`, "openai", "bypass");
    for (let sample = 0; sample < 50; sample++) {
      child.observe(sample / 7, "01kafx9p3r8d7zq2m4n6v8w0yt");
    }
  }
  return registry;
}

const encoder = new TextEncoder();
for (
  const [name, registry] of [["counters", counters()], [
    "histograms",
    histograms(),
  ]] as const
) {
  for (const format of ["text", "openmetrics"] as const) {
    measure(`scrape of 10,000 series of ${name}, ${format}`, 20, () => {
      encoder.encode(registry.render(format));
    });
  }
}

const registry = new Registry(METRIC_CATALOG);
const tap = new MetricsTap(registry, {
  providers: new Set(["openai"]),
  targets: new Set(["openai/gpt-5-mini"]),
});
const exchange = endedExchange({ fields: { stream: true } });
const family = registry.counter("ccr_provider_requests_total");
const bound = family.child("openai", "gpt-5-mini", "success");
const histogram = registry.histogram("ccr_provider_latency_seconds")
  .child("openai", "gpt-5-mini");
measure("counter.inc(), bound", 5_000_000, () => bound.inc());
measure("histogram.observe(), bound", 5_000_000, () => histogram.observe(0.7));
measure("family.child() by three labels", 500_000, () => {
  family.child("openai", "gpt-5-mini", "success").inc();
});
measure("MetricsTap, all events of one exchange", 300_000, () => {
  play(tap, exchange);
});

const ids = new UlidSource();
measure("UlidSource.next()", 1_000_000, () => ids.next());
using ticker = new Ticker();
class Node extends TickNode {
  override tick(): void {}
}
const node = new Node();
measure("Ticker add and remove", 1_000_000, () => {
  ticker.add(node);
  ticker.remove(node);
});
measure("setTimeout and clearTimeout, for comparison", 300_000, () => {
  clearTimeout(setTimeout(() => {}, 60_000));
});
