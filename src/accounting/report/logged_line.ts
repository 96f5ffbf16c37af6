/** A line of the usage log with its attempts, as far as prices ask for them. @module */

import {
  emptyLedger,
  type Ledger,
  type Usage,
  type UsageSource,
} from "../../exchange/usage.ts";
import type { ProtocolName } from "../../exchange/names.ts";
import { picoOfUsd } from "../../support/decimal.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import type { Pricing } from "../attempt_pricer.ts";
import type { PricedRequest } from "../cost_breakdown.ts";
import { LEDGER_BUCKETS } from "../request_cost.ts";

/** One attempt as it was logged. */
export interface LoggedAttempt {
  /** Who was called. */
  readonly provider: string;
  /** With which model. */
  readonly model: string;
  /** In which protocol. */
  readonly protocol: ProtocolName;
  /** What it consumed. */
  readonly usage: Usage;
  /** What it cost in 1e-12 USD, `null` where that was not known. */
  readonly costPico: bigint | null;
}

/** One request as it was logged. */
export interface LoggedLine {
  /** Its attempts. */
  readonly attempts: readonly LoggedAttempt[];
  /** Targets that the router would have tried, in order. */
  readonly order: readonly string[];
  /** `hit` or `miss` of the response cache, `null` without it. */
  readonly cache: string | null;
}

/** Reads a line. What is missing is empty: older lines have less. */
export function readLoggedLine(text: string): LoggedLine {
  const line: unknown = JSON.parse(text);
  const object = isJsonObject(line) ? line : {};
  const decision = isJsonObject(object.decision) ? object.decision : {};
  return {
    attempts: list(object.attempts).filter(isJsonObject).map(attemptOf),
    order: list(decision.order).filter((one) => typeof one === "string"),
    cache: typeof object.cache === "string" ? object.cache : null,
  };
}

function attemptOf(attempt: JsonObject): LoggedAttempt {
  const cost = isJsonObject(attempt.cost) ? attempt.cost : {};
  return {
    provider: String(attempt.provider ?? ""),
    model: String(attempt.model ?? ""),
    protocol: protocolOf(attempt.targetApiType),
    usage: {
      ledger: ledgerOf(attempt.ledger),
      raw: attempt.rawUsage ?? null,
      source: sourceOf(attempt.usageSource),
      serviceTier: textOf(attempt.serviceTier),
      model: textOf(attempt.servedModel),
    },
    costPico: cost.totalCost === null ? null : picoOfUsd(cost.totalCost),
  };
}

/** What is asked of a price book about a logged attempt. */
export function pricedRequest(
  { provider, model, protocol, usage }: LoggedAttempt,
  atMs: number,
  pricing: Pick<Pricing, "provider">,
): PricedRequest {
  const known = pricing.provider(provider);
  return {
    provider,
    host: known?.hosts.get(protocol) ?? null,
    model,
    usage,
    atMs,
    trustReportedCost: known?.trustReportedCost ?? true,
  };
}

function ledgerOf(value: JsonValue | undefined): Ledger {
  const ledger = emptyLedger();
  const object = isJsonObject(value) ? value : {};
  for (const bucket of LEDGER_BUCKETS) {
    const count = object[bucket];
    if (typeof count === "number") ledger[bucket] = count;
  }
  return ledger;
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

function protocolOf(value: JsonValue | undefined): ProtocolName {
  return value === "messages" || value === "responses" ? value : "chat";
}

function sourceOf(value: JsonValue | undefined): UsageSource {
  return value === "reported" || value === "estimated" || value === "partial"
    ? value
    : "none";
}
