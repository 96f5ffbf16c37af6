import { assert, assertEquals } from "@std/assert";
import {
  CONTENT_TYPES,
  escapeLabelValue,
  formatBound,
  negotiateFormat,
} from "../../src/metrics/exposition.ts";

const PROMETHEUS_2 =
  "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const PROMETHEUS_3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1";

Deno.test("negotiateFormat() gives OpenMetrics only to those who ask for it", () => {
  const cases: [string | null, string][] = [
    [null, "text"],
    ["", "text"],
    ["*/*", "text"],
    ["text/plain", "text"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
    [PROMETHEUS_2, "openmetrics"],
    [PROMETHEUS_3, "openmetrics"],
    ["application/openmetrics-text", "openmetrics"],
    ['application/openmetrics-text; version="1.0.0"', "openmetrics"],
    ["application/openmetrics-text;version=0.0.1", "text"],
    ["application/openmetrics-text;version=2.0.0", "text"],
    ["application/openmetrics-text;q=0", "text"],
    ["application/openmetrics-text;q=0.2,text/plain;q=0.9", "text"],
    ["application/openmetrics-text;q=x", "text"],
  ];
  for (const [accept, format] of cases) {
    assertEquals(negotiateFormat(accept), format, `${accept}`);
  }
  assert(CONTENT_TYPES.text.includes("version=0.0.4"));
  assert(CONTENT_TYPES.openmetrics.includes("version=1.0.0"));
});

Deno.test("escapeLabelValue() escapes, cuts to 200 bytes and repairs broken text", () => {
  assertEquals(escapeLabelValue('a\\b"c\nd'), 'a\\\\b\\"c\\nd');
  assertEquals(escapeLabelValue("x".repeat(200)), "x".repeat(200));
  const cut = escapeLabelValue("é".repeat(150));
  assertEquals(cut, "é".repeat(98) + "…");
  assert(new TextEncoder().encode(cut).length <= 200);
  assertEquals(escapeLabelValue("a\ud800b"), "a\ufffdb");
});

Deno.test("formatBound() writes whole numbers with a fraction", () => {
  assertEquals([0.005, 1, 600, Infinity].map(formatBound), [
    "0.005",
    "1.0",
    "600.0",
    "+Inf",
  ]);
});
