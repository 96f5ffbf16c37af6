/** What operators do, written down before it is done. @module */

import type { AuditEntry } from "../audit/audit_line.ts";
import { AuditError, type AuditLog } from "../audit/audit_log.ts";
import { gatewayError, RequestError } from "../exchange/gateway_error.ts";
import type { JsonValue } from "../support/json.ts";
import type { Redactor } from "../support/redact.ts";
import type { RequestContext } from "./route.ts";
import type { Refused } from "./server_core.ts";

/** Who acts. */
export interface Actor {
  /** A client's name, `admin`, `anonymous`, or `signal`. */
  readonly name: string;
  /** Address, "" where there is none. */
  readonly ip: string;
  /** Our id of the request, "" where there is none. */
  readonly requestId: string;
}

/** Whoever may send signals to the process. */
export const SIGNAL_ACTOR: Actor = { name: "signal", ip: "", requestId: "" };

/** What is done. */
export interface Deed {
  /** Such as `config.reload`. */
  readonly action: string;
  /** What it is done to. */
  readonly target: string;
  /** What was before. @default {null} */
  readonly before?: JsonValue;
  /** What is afterwards. @default {null} */
  readonly after?: JsonValue;
  /** How it ended. @default {"ok"} */
  readonly outcome?: AuditEntry["outcome"];
}

/** Refused calls beyond this many at once are only counted: an attacker must not fill the disk. */
const MOST_REFUSALS = 20;
const REFUSALS_PER_SECOND = 5;

/** Gives who made a request. */
export function actorOf(context: RequestContext): Actor {
  return {
    name: context.client.name,
    ip: context.clientIp,
    requestId: context.id,
  };
}

/** Writes deeds to the audit log. */
export class AuditTrail {
  readonly #log: AuditLog;
  readonly #redactor: () => Redactor;
  readonly #nowMs: () => number;
  #refusalsLeft = MOST_REFUSALS;
  #refilledMs: number;
  #unwritten = 0;

  /** Writes to `log`, with what `redactor` finds masked. */
  constructor(
    log: AuditLog,
    redactor: () => Redactor,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#log = log;
    this.#redactor = redactor;
    this.#nowMs = nowMs;
    this.#refilledMs = nowMs();
  }

  /** How it is, for `/health`. */
  get health(): "ok" | "disabled" | "failing" {
    if (!this.#log.enabled) return "disabled";
    return this.#log.failing ? "failing" : "ok";
  }

  /**
   * Writes a deed down; only then it may be done.
   *
   * @throws {RequestError} 503 when it cannot be written
   */
  async record(actor: Actor, deed: Deed): Promise<void> {
    try {
      await this.#log.append(this.#entry(actor, deed));
    } catch (error) {
      if (!(error instanceof AuditError)) throw error;
      throw new RequestError(gatewayError(
        "overloaded",
        "Cannot do this: the audit line could not be written; see the gateway's log and make logDir writable",
        { code: "audit_failed" },
      ));
    }
  }

  /** Writes down what has happened already; a failure shows in `/health` and the metrics alone. */
  async note(actor: Actor, deed: Deed): Promise<void> {
    try {
      await this.#log.append(this.#entry(actor, deed));
    } catch (error) {
      if (!(error instanceof AuditError)) throw error;
    }
  }

  /** Writes down a call of an admin route that was refused; floods are summed up. */
  refused(method: string, endpoint: string, refusal: Refused): void {
    if (!this.#log.enabled) return;
    this.#refill();
    if (this.#refusalsLeft < 1) {
      this.#unwritten++;
      return;
    }
    this.#refusalsLeft--;
    const unwritten = this.#unwritten;
    this.#unwritten = 0;
    const { error, client, request } = refusal;
    void this.note(
      { name: client.name, ip: request.clientIp, requestId: request.id },
      {
        action: "access.refused",
        target: `${method} ${endpoint}`,
        after: {
          status: error.status,
          reason: error.message,
          ...(unwritten === 0 ? {} : { unwritten }),
        },
        outcome: "refused",
      },
    );
  }

  #refill(): void {
    const nowMs = this.#nowMs();
    const gained = (nowMs - this.#refilledMs) / 1000 * REFUSALS_PER_SECOND;
    this.#refilledMs = nowMs;
    this.#refusalsLeft = Math.min(MOST_REFUSALS, this.#refusalsLeft + gained);
  }

  #entry(actor: Actor, deed: Deed): AuditEntry {
    const redactor = this.#redactor();
    return {
      actor: actor.name,
      actorIp: actor.ip,
      action: deed.action,
      target: redactor.text(deed.target),
      before: redactor.json(deed.before ?? null),
      after: redactor.json(deed.after ?? null),
      outcome: deed.outcome ?? "ok",
      requestId: actor.requestId,
    };
  }
}
