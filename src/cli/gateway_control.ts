/** The admin side of a gateway: what operators see and do, and the audit log of it. Built and taken down here. @module */

import v8 from "node:v8";
import { AuditLog } from "../audit/audit_log.ts";
import type { LoadedConfig } from "../config/load.ts";
import { auditPath } from "../config/paths.ts";
import type { Config } from "../config/schema.ts";
import { parseTarget } from "../config/targets.ts";
import { healthRoutes } from "../http/admin_health.ts";
import { type Actor, AuditTrail, type Deed } from "../http/audit_trail.ts";
import { feedbackRoutes } from "../http/feedback.ts";
import { policyRoutes } from "../http/head_policy.ts";
import { HEAD_REJECTIONS, type HeadAdmin, headRoutes } from "../http/heads.ts";
import { debugRoutes } from "../http/debug.ts";
import type { Route } from "../http/route.ts";
import type { GatewayServer } from "../http/server.ts";
import type { Refused } from "../http/server_core.ts";
import { HeadMetrics } from "../metrics/head_metrics.ts";
import type { HeadRegistration } from "../providers/head.ts";
import { AuditMetrics } from "../metrics/audit_metrics.ts";
import type { Registry } from "../metrics/registry.ts";
import type { Logger } from "../support/logger.ts";
import type { GatewayCache } from "./gateway_cache.ts";
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
  /** Answers that may be given again. */
  readonly cache: GatewayCache;
  /** The listener. */
  readonly server: () => GatewayServer;
  /** Told when heads have come or gone. */
  readonly onHeads: () => void;
}

/** Outlives reloads. */
export class GatewayControl implements AsyncDisposable {
  /** Where deeds are written down. */
  readonly trail: AuditTrail;
  /** Paths of routes that need the admin token. */
  readonly #adminPaths = new Set<string>();
  readonly #log: AuditLog;
  #heads: HeadMetrics | null = null;
  readonly #options: ControlOptions;

  /** Opens nothing yet: the audit file is opened with its first line. */
  constructor(options: ControlOptions) {
    this.#options = options;
    this.#log = new AuditLog(auditPath(options.config));
    this.trail = new AuditTrail(this.#log, () => options.live().redactor);
    options.targets.onHead = (head, end) => {
      options.onHeads();
      if (end === "expired") void this.trail.note(LEASES, expired(head));
    };
  }

  /** Looks whether deeds can be written down, so that what is wrong shows before the first. */
  async prepare(log: Logger): Promise<void> {
    const problem = await this.#log.prepare();
    if (problem === null) return;
    log.log("error", "audit log not usable", { error: problem });
  }

  /** Facts for `/health`. */
  health(): Readonly<Record<string, string>> {
    return { audit: this.trail.health };
  }

  /** The routes of the read side and of actions. */
  routes(): Route[] {
    const { live, targets, cache } = this.#options;
    return [
      ...cache.routes(),
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
      ...feedbackRoutes({
        find: (requestId) => targets.feedback.find(requestId),
        take: (request, quality, satisfaction) =>
          targets.takeFeedback(request, quality, satisfaction),
      }),
      ...headRoutes(this.#headAdmin()),
      ...policyRoutes({
        audit: this.trail,
        policy: () => targets.heads.policy,
        setPolicy: (policy) => targets.heads.setPolicy(policy),
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
    // Whoever was let in is audited by what was done.
    if (refusal.client.tier === "admin") return;
    const { kind } = refusal.error;
    if (kind !== "authentication" && kind !== "permission") return;
    if (!this.#adminPaths.has(endpoint)) return;
    this.trail.refused(method, endpoint, refusal);
  }

  /** Audits one reload: before the new config goes live, or that it did not. */
  reload(actor: Actor, { hash }: LoadedConfig): {
    approve(next: LoadedConfig): Promise<void>;
    failed(error: Error): Promise<void>;
  } {
    const action = "config.reload";
    const before = { hash };
    return {
      approve: (next) => {
        const after = { hash: next.hash };
        const deed = { action, target: next.source, before, after };
        return this.trail.record(actor, deed);
      },
      failed: ({ message }) => {
        const after = { error: message };
        const deed = { action, target: "config", before, after };
        return this.trail.note(actor, { ...deed, outcome: "failed" });
      },
    };
  }

  /** Exposes how auditing, heads and the response cache do. */
  expose(registry: Registry): void {
    new AuditMetrics(registry, this.#log);
    this.#options.cache.expose(registry);
    const settings = () => this.#options.live().loaded.config.routing.heads;
    const { registry: heads } = this.#options.targets.heads;
    this.#heads = new HeadMetrics(registry, {
      enabled: () => settings().enabled,
      active: () =>
        heads.all.filter(({ status }) => status === "active").length,
      minimum: () => settings().minimum,
    }, HEAD_REJECTIONS);
  }

  /** Takes over a config that has gone live. */
  update(config: Config): void {
    this.#log.update(auditPath(config));
  }

  /** Closes the audit file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
  }

  #headAdmin(): HeadAdmin {
    const { live, targets: { heads } } = this.#options;
    return {
      audit: this.trail,
      registry: heads.registry,
      settings: () => live().loaded.config.routing.heads,
      isProvider: (id) => live().loaded.config.providers.has(id),
      register: async (registration) => {
        const head = await heads.register(registration);
        this.#heads?.registered();
        return head;
      },
      rejected: (reason) => this.#heads?.rejected(reason),
      updated: () => this.#heads?.updated(),
    };
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

/** Leases end by themselves. */
const LEASES: Actor = { name: "lease", ip: "", requestId: "" };

function expired({ id, endpoint }: HeadRegistration): Deed {
  return { action: "head.expire", target: id, before: { endpoint } };
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
