/**
 * What probes and scrapers ask for: `/`, `/health`, `/ready`, `/metrics`.
 * Handlers over functions that say what is; nothing here knows why.
 *
 * @module
 */

import { READ_LIMITS, type Route, type RouteHandler } from "./route.ts";

/** Whether the process may be given work. */
export interface Readiness {
  /** Whether it may. */
  readonly ready: boolean;
  /** `ready`, `draining`, or what is missing. */
  readonly status: string;
}

/** The two ways in which metrics are written. */
export type MetricsFormat = "text" | "openmetrics";

/** What the probes report. */
export interface ProbeSources {
  /** Name and version of the program. */
  readonly about: { readonly name: string; readonly version: string };
  /** Facts for `/health`, beside `status`. Public: no names, no numbers of tenants. */
  health(): Readonly<Record<string, string | number | boolean>>;
  /** Whether the process may be given work. */
  readiness(): Readiness;
  /** All metrics as text, `null` while metrics are off. */
  metrics: ((format: MetricsFormat) => string | Uint8Array) | null;
}

const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS_TYPE =
  "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** The routes of the probes. */
export function probeRoutes(sources: ProbeSources): Route[] {
  const routes = [
    probe("/", "public", aboutHandler(sources)),
    probe("/health", "public", healthHandler(sources)),
    probe("/ready", "public", readyHandler(sources)),
  ];
  const { metrics } = sources;
  if (metrics !== null) {
    routes.push(probe("/metrics", "metrics", metricsHandler(metrics)));
  }
  return routes;
}

/** Which format an `accept` header prefers. Text, unless OpenMetrics is asked for at least as much. */
export function metricsFormat(accept: string | null): MetricsFormat {
  const openmetrics = quality(accept, "application/openmetrics-text");
  if (openmetrics === 0) return "text";
  return openmetrics >= quality(accept, "text/plain") ? "openmetrics" : "text";
}

function probe(
  path: string,
  scope: "public" | "metrics",
  handler: RouteHandler,
): Route {
  return {
    method: "GET",
    path,
    scope,
    protocol: null,
    limits: READ_LIMITS,
    handler,
  };
}

function aboutHandler(sources: ProbeSources): RouteHandler {
  const body = JSON.stringify(sources.about);
  return (_context, _request, response) => {
    response.send(200, JSON_HEADERS, body);
  };
}

function healthHandler(sources: ProbeSources): RouteHandler {
  return (_context, _request, response) => {
    const body = JSON.stringify({ status: "ok", ...sources.health() });
    response.send(200, JSON_HEADERS, body);
  };
}

function readyHandler(sources: ProbeSources): RouteHandler {
  return (_context, _request, response) => {
    const { ready, status } = sources.readiness();
    const body = JSON.stringify({ status });
    response.send(ready ? 200 : 503, JSON_HEADERS, body);
  };
}

function metricsHandler(
  render: (format: MetricsFormat) => string | Uint8Array,
): RouteHandler {
  return (_context, request, response) => {
    const format = metricsFormat(request.header("accept"));
    const type = format === "text" ? TEXT_TYPE : OPENMETRICS_TYPE;
    const headers = ["content-type", type, "cache-control", "no-store"];
    response.send(200, headers, render(format));
  };
}

const JSON_HEADERS: readonly string[] = [
  "content-type",
  "application/json",
  "cache-control",
  "no-store",
];

/** The weight that an `accept` header gives to a type; 0 for none. Wildcards say nothing about OpenMetrics. */
function quality(accept: string | null, type: string): number {
  let best = 0;
  for (const part of (accept ?? "").split(",")) {
    const [name = "", ...parameters] = part.trim().toLowerCase().split(";");
    if (name.trim() !== type) continue;
    const weight = parameters.map((text) => text.trim())
      .find((text) => text.startsWith("q="));
    const value = weight === undefined ? 1 : Number(weight.slice(2));
    if (value > best && value <= 1) best = value;
  }
  return best;
}
