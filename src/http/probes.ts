/**
 * What probes and scrapers ask for: `/`, `/health`, `/ready`, `/metrics`.
 * Handlers over functions that say what is; nothing here knows why.
 *
 * @module
 */

import {
  CONTENT_TYPES,
  type ExpositionFormat,
  negotiateFormat,
} from "../metrics/exposition.ts";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import { READ_LIMITS, type Route, type RouteHandler } from "./route.ts";

/** Whether the process may be given work. */
export interface Readiness {
  /** Whether it may. */
  readonly ready: boolean;
  /** `ready`, `draining`, or what is missing. */
  readonly status: string;
}

/** What the probes report. */
export interface ProbeSources {
  /** Name and version of the program. */
  readonly about: { readonly name: string; readonly version: string };
  /** Facts for `/health`, beside `status`. Public: no names, no numbers of tenants. */
  health(): Readonly<Record<string, string | number | boolean>>;
  /** Whether the process may be given work. */
  readiness(): Readiness;
  /** All metrics as text, `null` while metrics are off: 409 then. */
  metrics(format: ExpositionFormat): string | Uint8Array | null;
}

/** The routes of the probes. */
export function probeRoutes(sources: ProbeSources): Route[] {
  const routes = [
    probe("/", "public", aboutHandler(sources)),
    probe("/health", "public", healthHandler(sources)),
    probe("/ready", "public", readyHandler(sources)),
  ];
  return [...routes, probe("/metrics", "metrics", metricsHandler(sources))];
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

function metricsOff(): never {
  throw new RequestError(gatewayError(
    "conflict",
    "Cannot show metrics: they are disabled; set metrics.enabled to true",
    { code: "disabled" },
  ));
}

function metricsHandler(sources: ProbeSources): RouteHandler {
  return (_context, request, response) => {
    const format = negotiateFormat(request.header("accept"));
    const text = sources.metrics(format) ?? metricsOff();
    const type = CONTENT_TYPES[format];
    const headers = ["content-type", type, "cache-control", "no-store"];
    response.send(200, headers, text);
  };
}

const JSON_HEADERS: readonly string[] = [
  "content-type",
  "application/json",
  "cache-control",
  "no-store",
];
