import { assertStringIncludes } from "@std/assert";
import { METRIC_CATALOG } from "../../src/metrics/catalog.ts";
import { HttpMetrics } from "../../src/metrics/http_metrics.ts";
import { Registry } from "../../src/metrics/registry.ts";

Deno.test("HttpMetrics counts requests by method, endpoint and status, odd methods as OTHER", () => {
  const registry = new Registry(METRIC_CATALOG);
  const http = new HttpMetrics(registry);
  http.precreate(["maxBodyBytes"], ["missing"]);
  http.onRequest("POST", "/v1/messages", 200, 0.02);
  http.onRequest("POST", "/v1/messages", 200, 0.03);
  http.onRequest("PROPFIND", "other", 405, 0.001);
  http.onRequest("POST", "/v1/messages", 0, 1);
  http.onLimit("maxConcurrent");
  http.onAuthFailure("unknown");
  http.sseConnections.inc();
  const text = registry.render("text");
  for (
    const line of [
      'http_requests_total{method="POST",endpoint="/v1/messages",status="200"} 2',
      'http_requests_total{method="OTHER",endpoint="other",status="405"} 1',
      'http_requests_total{method="POST",endpoint="/v1/messages",status="499"} 1',
      'http_request_duration_seconds_count{method="POST",endpoint="/v1/messages"} 3',
      'signalbox_limit_hits_total{limit="maxBodyBytes"} 0',
      'signalbox_limit_hits_total{limit="maxConcurrent"} 1',
      'signalbox_auth_failures_total{reason="missing"} 0',
      'signalbox_auth_failures_total{reason="unknown"} 1',
      "sse_connections 1",
    ]
  ) assertStringIncludes(text, `${line}\n`);
});
