/** What is going on inside: connections, breakers, running exchanges, the heap. Headers are redacted. @module */

import { z } from "zod";
import type { Exchange } from "../exchange/exchange.ts";
import type { TargetRef } from "../exchange/decision.ts";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { GuardView } from "../providers/guard_view.ts";
import { readBody, sendJson } from "./admin_body.ts";
import { actorOf, type AuditTrail } from "./audit_trail.ts";
import {
  READ_LIMITS,
  type RequestContext,
  type Route,
  type RouteHandler,
  WRITE_LIMITS,
} from "./route.ts";

/** What is looked at. */
export interface DebugSources {
  /** Where deeds are written down. */
  readonly audit: AuditTrail;
  /** Open connections. */
  connections(): {
    readonly total: number;
    readonly byProvider: Readonly<Record<string, number>>;
    readonly sse: number;
    readonly websocket: number;
  };
  /** Breakers and resting keys. */
  breakers(): readonly GuardView[];
  /** The target of an id, `null` if there is none of that name. */
  target(id: string): TargetRef | null;
  /** Closes the breaker of one target, or all. */
  resetBreakers(target: TargetRef | null): void;
  /** Running exchanges, with the client's redacted headers. */
  exchanges(): Iterable<{
    readonly exchange: Exchange;
    readonly headers: readonly string[];
  }>;
  /** Whether an admin token is configured. */
  hasAdminToken(): boolean;
  /** Writes a heap snapshot and gives its path. */
  dumpHeap(): string;
}

/** Makes the routes. */
export function debugRoutes(sources: DebugSources): Route[] {
  return [
    read("/debug/connections", () => sources.connections()),
    read("/debug/circuit-breakers", () => sources.breakers().map(breakerJson)),
    read("/debug/traces", () => ({
      traces: Array.from(
        sources.exchanges(),
        ({ exchange, headers }) => traceJson(exchange, headers),
      ),
    })),
    write(
      "/debug/circuit-breakers/reset",
      (context, request, response) =>
        resetBreakers(sources, context, readBody(request, resetSchema).target)
          .then((target) => sendJson(response, 200, { ok: true, target })),
    ),
    write(
      "/debug/heap",
      (context, _request, response) =>
        dumpHeap(sources, context)
          .then((path) => sendJson(response, 200, { ok: true, path })),
    ),
  ];
}

const resetSchema = z.strictObject({
  target: z.string().min(1).nullable().default(null),
}, 'use { "target": "provider/model" }, or nothing for all');

function read(path: string, body: () => unknown): Route {
  return {
    method: "GET",
    path,
    scope: "admin",
    protocol: null,
    limits: READ_LIMITS,
    handler: (_context, _request, response) => sendJson(response, 200, body()),
  };
}

function write(path: string, handler: RouteHandler): Route {
  return {
    method: "POST",
    path,
    scope: "admin",
    protocol: null,
    limits: WRITE_LIMITS,
    handler,
  };
}

async function resetBreakers(
  sources: DebugSources,
  context: RequestContext,
  id: string | null,
): Promise<string | null> {
  const target = id === null ? null : sources.target(id);
  if (id !== null && target === null) {
    throw new RequestError(gatewayError(
      "not_found",
      `Cannot reset ${id}: there is no such target; give provider/model`,
      { param: "target" },
    ));
  }
  const before = sources.breakers()
    .filter(({ name, state }) =>
      state !== "closed" && (id === null || name === id)
    )
    .map(({ name, state }) => `${name} ${state}`);
  await sources.audit.record(actorOf(context), {
    action: "breaker.reset",
    target: id ?? "*",
    before,
    after: [],
  });
  sources.resetBreakers(target);
  return id;
}

async function dumpHeap(
  sources: DebugSources,
  context: RequestContext,
): Promise<string> {
  if (!sources.hasAdminToken()) {
    throw new RequestError(gatewayError(
      "permission",
      "Cannot dump the heap: it holds every secret; set admin.token first",
    ));
  }
  const actor = actorOf(context);
  await sources.audit.record(actor, { action: "heap.dump", target: "heap" });
  try {
    return sources.dumpHeap();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await sources.audit.note(actor, {
      action: "heap.dump",
      target: "heap",
      after: why,
      outcome: "failed",
    });
    throw new RequestError(gatewayError(
      "server",
      `Cannot dump the heap: ${why}; make stateDir writable`,
    ));
  }
}

function breakerJson(view: GuardView): unknown {
  return {
    name: view.name,
    kind: view.kind,
    state: view.state,
    failures: view.failures,
    openedAt: iso(view.openedAtMs),
    retryAt: iso(view.retryAtMs),
    reason: view.reason,
  };
}

function traceJson(exchange: Exchange, headers: readonly string[]): unknown {
  const attempt = exchange.lastAttempt;
  return {
    id: exchange.id,
    receivedAt: iso(exchange.receivedAtMs),
    ageMs: Math.round(performance.now() - exchange.startedMs),
    phase: phaseOf(exchange),
    client: exchange.client.name,
    endpoint: exchange.endpoint,
    requestedModel: exchange.requestedModel,
    stream: exchange.stream,
    alias: exchange.decision?.alias ?? null,
    strategy: exchange.decision?.strategy ?? null,
    target: attempt?.target.id ?? null,
    attempts: exchange.attempts.map(({ target, outcome, upstreamStatus }) => ({
      target: target.id,
      outcome: outcome?.kind ?? "running",
      error: outcome?.kind === "failed" ? outcome.failure.kind : null,
      upstreamStatus,
    })),
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    headers: Object.fromEntries(pairs(headers)),
  };
}

function phaseOf(exchange: Exchange): string {
  if (exchange.firstByteMs >= 0) return "answering";
  const attempt = exchange.lastAttempt;
  if (attempt === null) return "routing";
  return attempt.headMs >= 0 ? "upstream-answered" : "waiting-for-upstream";
}

function* pairs(headers: readonly string[]): Iterable<[string, string]> {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    yield [(headers[index] ?? "").toLowerCase(), headers[index + 1] ?? ""];
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
