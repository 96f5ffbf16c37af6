/**
 * The line that a request leaves in the usage log. Written by hand, field by
 * field: half the time of building an object and stringifying it.
 *
 * @module
 */

import type { Cost } from "../exchange/cost.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { FAILURE_RULES } from "../exchange/failure.ts";
import { type Ledger, totalInput, totalOutput } from "../exchange/usage.ts";
import { IsoTime } from "../support/clock.ts";
import { usdText } from "../support/decimal.ts";
import { jsonText } from "../support/log_format.ts";
import {
  type CostSum,
  LEDGER_BUCKETS,
  requestCost,
  requestLedger,
  requestUsageSource,
} from "./request_cost.ts";

/** What goes into the lines. */
export interface UsageRecordOptions {
  /** Whether the client's address does. */
  readonly clientIp: boolean;
}

/** Longest name or message, in bytes. */
const MAX_TEXT_BYTES = 1024;
/** Longest usage object of a provider that is kept, in characters. */
const MAX_RAW_CHARS = 4096;
/** Most targets of a decision that are named. */
const MAX_CANDIDATES = 16;

/** Writes lines of the usage log. */
export class UsageRecordWriter {
  readonly #options: UsageRecordOptions;
  readonly #time = new IsoTime();

  /** Makes a writer. */
  constructor(options: UsageRecordOptions) {
    this.#options = options;
  }

  /** Writes the line of an ended exchange, without its line break. */
  line(exchange: Exchange): string {
    const ledger = requestLedger(exchange);
    const last = exchange.lastAttempt;
    const target = last?.target ?? null;
    const failed = exchange.outcome === "success" ? null : errorType(exchange);
    const ip = this.#options.clientIp
      ? `,"clientIp":${text(exchange.clientIp)}`
      : "";
    const clientId = exchange.clientRequestId === null
      ? ""
      : `,"clientRequestId":${text(exchange.clientRequestId)}`;
    const cost = partsJson(requestCost(exchange));
    const native = last === null ? "null" : String(last.native);
    return `{"id":"${exchange.id}","timestamp":"${
      this.#time.format(exchange.receivedAtMs)
    }","client":${text(exchange.client.name)},"tier":${
      text(exchange.client.tier)
    }${ip}${clientId},"endpoint":"${exchange.endpoint}","apiType":"${exchange.protocol}","targetApiType":${
      last === null ? "null" : `"${last.protocol}"`
    },"native":${native},"passthrough":${native},"streaming":${exchange.stream},"requestedModel":${
      text(exchange.requestedModel)
    },"aliasUsed":${
      nullable(exchange.decision?.alias ?? null)
    },"actualProvider":${nullable(target?.provider ?? null)},"actualModel":${
      nullable(target?.model ?? null)
    },"success":${
      failed === null
    },"outcome":"${exchange.outcome}","status":${exchange.status},"errorType":${
      nullable(failed)
    },"errorMessage":${nullable(exchange.error)},"usage":${
      usageJson(ledger)
    },"ledger":${ledgerJson(ledger)},"usageSource":"${
      requestUsageSource(exchange)
    }","cost":{${cost}},"metrics":${metricsJson(exchange, ledger)},"decision":${
      decisionJson(exchange)
    },"losses":${
      exchange.losses.length === 0 ? "[]" : JSON.stringify(exchange.losses)
    },"cache":${nullable(exchange.cacheStatus)},"attempts":${
      attemptsJson(exchange, cost)
    }}`;
  }
}

function text(value: string): string {
  return jsonText(value, MAX_TEXT_BYTES);
}

function nullable(value: string | null): string {
  return value === null ? "null" : text(value);
}

const ZEROS = "0.000000000000";
const ZERO_DIGIT = 48;

/** Decimal text in USD, quoted. Nearly every amount is below one dollar. */
function money(pico: bigint | null): string {
  if (pico === null) return "null";
  if (pico === 0n) return '"0"';
  const digits = String(pico);
  if (digits.length > 12 || pico < 0n) return `"${usdText(pico)}"`;
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO_DIGIT) end--;
  return `"${ZEROS.slice(0, 14 - digits.length)}${digits.slice(0, end)}"`;
}

/** Three decimals of a millisecond are more than any clock is good for. */
function ms(value: number): string {
  return value < 0 ? "null" : String(Math.round(value * 1000) / 1000);
}

/** The kind of failure, `null` for a request that did not fail by an attempt. */
export function errorType(exchange: Exchange): string {
  const outcome = exchange.lastAttempt?.outcome ?? null;
  if (exchange.outcome === "client_abort") return "client_abort";
  return outcome?.kind === "failed"
    ? FAILURE_RULES[outcome.failure.kind].errorType
    : exchange.outcome ?? "other";
}

function usageJson(ledger: Ledger): string {
  const input = totalInput(ledger);
  const output = totalOutput(ledger);
  const cached = ledger.cacheRead + ledger.cacheReadAudio;
  return `{"inputTokens":${input},"outputTokens":${output},"cachedTokens":${cached},"reasoningTokens":${ledger.reasoning},"totalTokens":${
    input + output
  }}`;
}

function ledgerJson(ledger: Ledger): string {
  let json = "";
  for (const bucket of LEDGER_BUCKETS) {
    json += `${json === "" ? "{" : ","}"${bucket}":${ledger[bucket]}`;
  }
  return `${json}}`;
}

/** The members of a cost, without its braces. */
function partsJson(cost: Cost | CostSum): string {
  return `"inputCost":${money(cost.inputPico)},"outputCost":${
    money(cost.outputPico)
  },"cachedCost":${money(cost.cachedPico)},"reasoningCost":${
    money(cost.reasoningPico)
  },"otherCost":${money(cost.otherPico)},"totalCost":${
    money(cost.totalPico)
  },"currency":"USD","source":${
    cost.source === null ? "null" : `"${cost.source}"`
  },"status":"${cost.status}","priceKey":${
    nullable(cost.priceKey)
  },"reportedCost":${money(cost.reportedPico)}`;
}

function metricsJson(exchange: Exchange, ledger: Ledger): string {
  const ttft = exchange.stream ? exchange.firstContentMs : -1;
  const last = exchange.lastAttempt;
  const seconds = last === null ? 0 : (last.endedMs - last.startedMs) / 1000;
  const output = totalOutput(last?.usage.ledger ?? ledger);
  const rate = output > 0 && seconds > 0
    ? Math.round(output / seconds * 100) / 100
    : null;
  return `{"durationMs":${ms(exchange.endedMs)},"ttftMs":${
    ms(ttft)
  },"tokensPerSecond":${rate}}`;
}

function decisionJson({ decision, divertedBy }: Exchange): string {
  if (decision === null) return "null";
  let order = "";
  for (const { target } of decision.order.slice(0, MAX_CANDIDATES)) {
    order += `${order === "" ? "" : ","}${text(target.id)}`;
  }
  const excluded = decision.excluded.length === 0 ? "[]" : JSON.stringify(
    decision.excluded.slice(0, MAX_CANDIDATES).map(({ target, reason }) => ({
      target: target.id,
      reason,
    })),
  );
  return `{"resolvedBy":"${decision.resolvedBy}","strategy":"${decision.strategy}","order":[${order}],"excluded":${excluded}${
    member("divertedBy", divertedBy)
  }}`;
}

function attemptsJson({ attempts }: Exchange, costParts: string): string {
  const isOnly = attempts.length === 1;
  let json = "[";
  for (const attempt of attempts) {
    json += (attempt.index === 0 ? "" : ",") +
      attemptJson(attempt, isOnly ? costParts : null);
  }
  return `${json}]`;
}

/** What is null or 0 is left out: most of it is, and lines are kept for long. */
function attemptJson(attempt: Attempt, costParts: string | null): string {
  const { target, usage, outcome, cost } = attempt;
  const failure = outcome?.kind === "failed"
    ? `,"failure":"${outcome.failure.kind}","errorType":"${
      FAILURE_RULES[outcome.failure.kind].errorType
    }","errorMessage":${text(outcome.failure.message)}`
    : "";
  const firstMs = attempt.firstContentMs < 0
    ? ""
    : `,"firstContentMs":${ms(attempt.firstContentMs - attempt.startedMs)}`;
  return `{"provider":${text(target.provider)},"model":${
    text(target.model)
  },"targetApiType":"${attempt.protocol}","native":${attempt.native},"outcome":"${
    outcome?.kind ?? "cancelled"
  }","status":${attempt.upstreamStatus}${failure},"startedMs":${
    ms(attempt.startedMs)
  },"durationMs":${ms(attempt.endedMs - attempt.startedMs)}${firstMs}${
    member("finishReason", attempt.finishReason)
  }${member("upstreamRequestId", attempt.upstreamRequestId)}${
    member("servedModel", usage.model)
  }${
    member("serviceTier", usage.serviceTier)
  },"usageSource":"${usage.source}","ledger":${
    usedBuckets(usage.ledger)
  },"rawUsage":${rawUsage(attempt)},"cost":${
    cost === null ? "null" : `{${costParts ?? partsJson(cost)}}`
  }}`;
}

function member(name: string, value: string | null): string {
  return value === null ? "" : `,"${name}":${text(value)}`;
}

function usedBuckets(ledger: Ledger): string {
  let json = "";
  for (const bucket of LEDGER_BUCKETS) {
    const count = ledger[bucket];
    if (count !== 0) json += `${json === "" ? "" : ","}"${bucket}":${count}`;
  }
  return `{${json}}`;
}

/** The provider's own words: what is priced again later starts from them. */
function rawUsage({ usage }: Attempt): string {
  if (usage.raw === null) return "null";
  const json = JSON.stringify(usage.raw);
  return json.length > MAX_RAW_CHARS ? "null" : json;
}
