import {
  assert,
  assertEquals,
  assertNotMatch,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { METRIC_CATALOG } from "../../src/metrics/catalog.ts";
import {
  counter,
  gauge,
  histogram,
  type MetricDefinition,
} from "../../src/metrics/definition.ts";
import { Registry } from "../../src/metrics/registry.ts";

const OWN = METRIC_CATALOG.filter((definition) =>
  definition.name.startsWith("signalbox_metrics_")
);

function registry(...definitions: MetricDefinition[]): Registry {
  return new Registry([...definitions, ...OWN], { maxSeriesPerFamily: 20 });
}

function linesOf(text: string, start: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(start));
}

Deno.test("Registry.render() writes counters and gauges with HELP and TYPE once", () => {
  const metrics = registry(
    counter("a_total", "x", "Counts."),
    gauge("b", "", "Is."),
  );
  const family = metrics.counter("a_total");
  family.child("1").inc();
  family.child("2").inc(2.5);
  metrics.gauge("b").child().set(-3);
  const text = metrics.render("text");
  assertStringIncludes(
    text,
    '# HELP a_total Counts.\n# TYPE a_total counter\na_total{x="1"} 1\na_total{x="2"} 2.5\n# HELP b Is.\n# TYPE b gauge\nb -3\n',
  );
  assert(text.endsWith("\n"));
});

Deno.test("Registry.render() exposes a bound child at 0", () => {
  const metrics = registry(counter("a_total", "x", "Counts."));
  metrics.counter("a_total").child("known");
  assertStringIncludes(metrics.render("text"), 'a_total{x="known"} 0\n');
});

Deno.test("Registry.render() writes cumulative buckets with canonical bounds", () => {
  const metrics = registry(histogram("h", "x", [0.5, 1, 10], "Spreads."));
  const child = metrics.histogram("h").child("v");
  for (const value of [0.5, 0.6, 1, 11, NaN]) child.observe(value);
  assertEquals(linesOf(metrics.render("text"), "h"), [
    'h_bucket{x="v",le="0.5"} 1',
    'h_bucket{x="v",le="1.0"} 3',
    'h_bucket{x="v",le="10.0"} 3',
    'h_bucket{x="v",le="+Inf"} 4',
    'h_sum{x="v"} 13.1',
    'h_count{x="v"} 4',
  ]);
});

Deno.test("Registry.render() in OpenMetrics strips _total from families, ends in EOF and makes odd counters unknown", () => {
  const metrics = registry(
    counter("a_total", "", "Counts."),
    counter("ccr_cost_total_usd", "", 'Costs "money".'),
  );
  metrics.counter("a_total").child().inc();
  metrics.counter("ccr_cost_total_usd").child().inc(0.25);
  const text = metrics.render("openmetrics");
  assertStringIncludes(text, "# TYPE a counter\na_total 1\n");
  assertStringIncludes(
    text,
    '# HELP ccr_cost_total_usd Costs \\"money\\".\n# TYPE ccr_cost_total_usd unknown\nccr_cost_total_usd 0.25\n',
  );
  assert(text.endsWith("\n# EOF\n"));
  assertStringIncludes(
    metrics.render("text"),
    '# HELP ccr_cost_total_usd Costs "money".\n# TYPE ccr_cost_total_usd counter\n',
  );
});

Deno.test("Histogram exemplars appear on the buckets of OpenMetrics only, the last of each bucket", () => {
  const definition = histogram("h", "", [1], "Spreads.", "request_id");
  const metrics = registry(definition);
  const child = metrics.histogram("h").child();
  child.observe(0.25, "first");
  child.observe(0.5, "second");
  child.observe(2);
  const line = linesOf(metrics.render("openmetrics"), "h_bucket")[0] ?? "";
  assertStringIncludes(
    line,
    'h_bucket{le="1.0"} 2 # {request_id="second"} 0.5 ',
  );
  assertNotMatch(metrics.render("text"), / # \{/);
  child.observe(0.1, "x".repeat(129));
  assertNotMatch(metrics.render("openmetrics"), /xxx/);
  const off = new Registry([definition, ...OWN], { exemplars: false });
  off.histogram("h").child().observe(0.5, "id");
  assertNotMatch(off.render("openmetrics"), / # \{/);
});

Deno.test("Registry.render() spells values that are not finite", () => {
  const metrics = registry(gauge("g", "x", "Is."));
  const family = metrics.gauge("g");
  family.child("n").set(NaN);
  family.child("p").set(Infinity);
  family.child("m").set(-Infinity);
  assertEquals(linesOf(metrics.render("text"), "g{"), [
    'g{x="n"} NaN',
    'g{x="p"} +Inf',
    'g{x="m"} -Inf',
  ]);
});

Deno.test("Family.child() folds everything beyond the limit into other and counts it", () => {
  const metrics = registry(
    counter("a_total", "x y", "Counts."),
    histogram("h", "x", [1, 2], "Spreads."),
  );
  const family = metrics.counter("a_total");
  for (let index = 0; index < 100; index++) {
    family.child(`x${index}`, "y").inc();
  }
  const text = metrics.render("text");
  assertEquals(family.size, 20);
  assertStringIncludes(text, 'a_total{x="other",y="other"} 81\n');
  assertStringIncludes(
    text,
    'signalbox_metrics_dropped_labelsets_total{metric="a_total"} 81\n',
  );
  // 20 series are four label sets of three buckets, a sum and a count each.
  for (let index = 0; index < 9; index++) {
    metrics.histogram("h").child(`${index}`).observe(1);
  }
  assertEquals(metrics.histogram("h").size, 4);
});

Deno.test("Family.child() keeps known label sets apart when the family is full", () => {
  const metrics = registry(counter("a_total", "x", "Counts."));
  const family = metrics.counter("a_total");
  const other = family.child("other");
  other.inc(5);
  for (let index = 0; index < 30; index++) family.child(`x${index}`);
  assert(family.child("x3") !== other);
  assert(family.child("new") === other);
  assertEquals(other.value, 5);
});

Deno.test("Family.child() never shares a child between different label sets, and refuses a wrong number", () => {
  const metrics = registry(counter("a_total", "x y", "Counts."));
  const family = metrics.counter("a_total");
  const sets = [
    ['a",y="b', "c"],
    ["a", 'b",y="c'],
    ["a,b", "c"],
    ["a", "b,c"],
    ["a\\", "n"],
    ["a\\n", ""],
    ["a\n", ""],
  ];
  const children = new Set(sets.map((set) => family.child(...set)));
  assertEquals(children.size, sets.length);
  assertThrows(() => family.child("one"), RangeError, "1 label values");
});

Deno.test("Family.removeLabelValues() ends the series of a value, whatever the value looks like", () => {
  const metrics = registry(counter("a_total", "x y", "Counts."));
  const family = metrics.counter("a_total");
  const hostile = 'q",y="p';
  for (const x of ["p", "q", hostile]) family.child(x, "y");
  family.child("z", "p");
  family.removeLabelValues("x", ["p", hostile]);
  assertEquals(linesOf(metrics.render("text"), "a_total"), [
    'a_total{x="q",y="y"} 0',
    'a_total{x="z",y="p"} 0',
  ]);
  assert(family.remove("q", "y"));
  assertEquals(family.remove("q", "y"), false);
  family.clear();
  assertEquals(linesOf(metrics.render("text"), "a_total"), []);
});

Deno.test("Registry.reset() sets counters and histograms to 0, keeps gauges and bound children", () => {
  const metrics = registry(
    counter("a_total", "", "Counts."),
    gauge("g", "", "Is."),
    histogram("h", "", [1], "Spreads."),
  );
  const count = metrics.counter("a_total").child();
  const level = metrics.gauge("g").child();
  const spread = metrics.histogram("h").child();
  count.inc(3);
  level.inc(3);
  level.dec();
  spread.observe(0.5);
  metrics.reset();
  assertEquals([count.value, level.value, spread.count, spread.sum], [
    0,
    2,
    0,
    0,
  ]);
  count.inc();
  assertStringIncludes(metrics.render("text"), "a_total 1\n");
});

Deno.test("Counter.inc() ignores what is negative or no number", () => {
  const metrics = registry(counter("a_total", "", "Counts."));
  const count = metrics.counter("a_total").child();
  for (const amount of [-1, NaN, -Infinity, 0]) count.inc(amount);
  assertEquals(count.value, 0);
});

Deno.test("Registry.collect() asks at every scrape, drops repeats and survives a throwing collector", () => {
  const failures: string[] = [];
  const metrics = new Registry(
    [gauge("g", "x", "Is."), gauge("bad", "", "Is."), ...OWN],
    { onCollectError: (name) => failures.push(name) },
  );
  let level = 1;
  metrics.collect("g", (emit) => {
    emit(level, "a");
    emit(7, "a");
  });
  metrics.collect("bad", () => {
    throw new Error("unreadable");
  });
  assertEquals(linesOf(metrics.render("text"), "g"), ['g{x="a"} 1']);
  level = 2;
  const text = metrics.render("text");
  assertEquals(linesOf(text, "g"), ['g{x="a"} 2']);
  assertNotMatch(text, /bad/);
  assertEquals(failures, ["bad", "bad"]);
});

Deno.test("Registry refuses unknown names, wrong types and double registration", () => {
  const metrics = registry(counter("a_total", "", "Counts."));
  assertThrows(() => metrics.counter("b_total"), RangeError, "not in the");
  assertThrows(() => metrics.gauge("a_total"), RangeError, "says counter");
  assertStrictEquals(metrics.counter("a_total"), metrics.counter("a_total"));
  assertThrows(() => metrics.collect("a_total", () => {}), RangeError);
  assertThrows(() => registry(...OWN), RangeError, "twice");
});

Deno.test("Registry.render() times itself and shows nothing that was not asked for", () => {
  const metrics = registry(counter("a_total", "", "Counts."));
  const text = metrics.render("text");
  assertNotMatch(text, /a_total/);
  assertStringIncludes(text, "\nsignalbox_metrics_scrape_duration_seconds ");
});
