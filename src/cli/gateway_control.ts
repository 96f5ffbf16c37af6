/** The admin side of a gateway: what operators see and do, and the audit log of it. Built and taken down here. @module */

import v8 from "node:v8";
import { AuditLog } from "../audit/audit_log.ts";
import { auditPath } from "../config/paths.ts";
import type { Config } from "../config/schema.ts";
import { parseTarget } from "../config/targets.ts";
import { healthRoutes } from "../http/admin_health.ts";
import { AuditTrail } from "../http/audit_trail.ts";
import { debugRoutes } from "../http/debug.ts";
import type { Route } from "../http/route.ts";
import type { GatewayServer } from "../http/server.ts";
import type { Refused } from "../http/server_core.ts";
import { AuditMetrics } from "../metrics/audit_metrics.ts";
import type { Registry } from "../metrics/registry.ts";
import type { GatewayTargets } from "./gateway_targets.ts";
import type { Live } from "./live_config.ts";

/** What the admin side is made of. */
export interface ControlOptions {
  /** The config at start. */
  readonly config: Config;
  /** What is live. */
  readonly live: () => Live;
  /** State of the targets. */
  readonly targets: GatewayTargets;
  /** The listener. */
  readonly server: () => GatewayServer;
}

/** Outlives reloads. */
export class GatewayControl implements AsyncDisposable {
  /** Where deeds are written down. */
  readonly trail: AuditTrail;
  /** Paths of routes that need the admin token. */
  readonly #adminPaths = new Set<string>();
  readonly #log: AuditLog;
  readonly #options: ControlOptions;

  /** Opens nothing yet: the audit file is opened with its first line. */
  constructor(options: ControlOptions) {
    this.#options = options;
    this.#log = new AuditLog(auditPath(options.config));
    this.trail = new AuditTrail(this.#log, () => options.live().redactor);
  }

  /** Facts for `/health`. */
  health(): Readonly<Record<string, string>> {
    return { audit: this.trail.health };
  }

  /** The routes of the read side and of actions. */
  routes(): Route[] {
    const { live, targets } = this.#options;
    return [
      ...healthRoutes(() => targets.providerStatus()),
      ...debugRoutes({
        audit: this.trail,
        connections: () => this.#connections(),
        breakers: () => targets.guard.views(),
        target: (id) => {
          const target = parseTarget(id);
          return target !== null && targets.guard.knows(target) ? target : null;
        },
        resetBreakers: (target) => targets.guard.reset(target),
        exchanges: () => this.#exchanges(),
        hasAdminToken: () => live().loaded.config.admin.token !== null,
        dumpHeap: () => dumpHeap(live().loaded.config.stateDir),
      }),
    ];
  }

  /** Takes note of which of all routes need the admin token: refused calls of them are audited. */
  watch(routes: readonly Route[]): readonly Route[] {
    for (const { scope, path } of routes) {
      if (scope === "admin") this.#adminPaths.add(path);
    }
    return routes;
  }

  /** Hears of a request that no handler answered. */
  refused(method: string, endpoint: string, refusal: Refused): void {
    const { kind } = refusal.error;
    if (kind !== "authentication" && kind !== "permission") return;
    if (!this.#adminPaths.has(endpoint)) return;
    this.trail.refused(method, endpoint, refusal);
  }

  /** Exposes how auditing does. */
  expose(registry: Registry): void {
    new AuditMetrics(registry, this.#log);
  }

  /** Takes over a config that has gone live. */
  update(config: Config): void {
    this.#log.update(auditPath(config));
  }

  /** Closes the audit file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
  }

  #connections() {
    const { server, targets } = this.#options;
    let sse = 0;
    server().inFlight.forEach(({ scan, response }) => {
      if (response.started && scan?.stream === true) sse++;
    });
    return {
      total: server().connections.count,
      byProvider: Object.fromEntries(targets.running.byProvider),
      sse,
      websocket: 0,
    };
  }

  *#exchanges() {
    const { server, targets, live } = this.#options;
    const { redactor } = live();
    const headers = new Map<string, readonly string[]>();
    server().inFlight.forEach(({ id, rawHeaders }) =>
      headers.set(id, rawHeaders)
    );
    for (const exchange of targets.running.exchanges) {
      const raw = headers.get(exchange.id) ?? [];
      yield { exchange, headers: redactor.headers(raw) };
    }
  }
}

/** Blocks the process while it writes: seconds for a large heap. */
function dumpHeap(stateDir: string): string {
  const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const path = `${stateDir}/heap-${time}.heapsnapshot`;
  // Made first: what the engine writes would be readable for all.
  Deno.writeTextFileSync(path, "", { createNew: true, mode: 0o600 });
  v8.writeHeapSnapshot(path);
  return path;
}
