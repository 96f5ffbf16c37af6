/**
 * The line that a request leaves in the usage log. One literal and one
 * `JSON.stringify`: putting the text together field by field takes twice as
 * long (measured), because the engine must flatten what was concatenated.
 *
 * @module
 */

import type { Cost } from "../exchange/cost.ts";
import type { Decision } from "../exchange/decision.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import { FAILURE_RULES } from "../exchange/failure.ts";
import { type Ledger, totalInput, totalOutput } from "../exchange/usage.ts";
import { IsoTime } from "../support/clock.ts";
import { usdText } from "../support/decimal.ts";
import type { JsonValue } from "../support/json.ts";
import { cutText } from "../support/log_format.ts";
import {
  type CostSum,
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

  /**
   * Writes the line of an ended exchange, without its line break. Whoever
   * reads the log by places (`RowReader`) relies on the order of the fields.
   */
  line(exchange: Exchange): string {
    const ledger = requestLedger(exchange);
    const last = exchange.lastAttempt;
    const isSuccess = exchange.outcome === "success";
    return JSON.stringify({
      id: exchange.id,
      timestamp: this.#time.format(exchange.receivedAtMs),
      client: exchange.client.name,
      tier: exchange.client.tier,
      clientIp: this.#options.clientIp ? exchange.clientIp : undefined,
      clientRequestId: exchange.clientRequestId ?? undefined,
      endpoint: exchange.endpoint,
      apiType: exchange.protocol,
      targetApiType: last === null ? null : last.protocol,
      native: last === null ? null : last.native,
      passthrough: last === null ? null : last.native,
      streaming: exchange.stream,
      requestedModel: short(exchange.requestedModel),
      aliasUsed: exchange.decision?.alias ?? null,
      actualProvider: last === null ? null : last.target.provider,
      actualModel: last === null ? null : short(last.target.model),
      success: isSuccess,
      outcome: exchange.outcome,
      status: exchange.status,
      errorType: isSuccess ? null : errorType(exchange),
      errorMessage: exchange.error === null ? null : short(exchange.error),
      usage: usageOf(ledger),
      ledger,
      usageSource: requestUsageSource(exchange),
      cost: costOf(requestCost(exchange)),
      metrics: metricsOf(exchange, ledger),
      decision: exchange.decision === null
        ? null
        : decisionOf(exchange.decision, exchange.divertedBy),
      losses: exchange.losses,
      cache: exchange.cacheStatus,
      attempts: exchange.attempts.map(attemptOf),
    });
  }
}

function short(text: string): string {
  return text.length * 3 <= MAX_TEXT_BYTES
    ? text
    : cutText(text, MAX_TEXT_BYTES);
}

const ZEROS = "0.000000000000";
const ZERO_DIGIT = 48;

/** Decimal text in USD. Nearly every amount is below one dollar. */
function money(pico: bigint | null): string | null {
  if (pico === null) return null;
  if (pico === 0n) return "0";
  const digits = String(pico);
  if (digits.length > 12 || pico < 0n) return usdText(pico);
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === ZERO_DIGIT) end--;
  return ZEROS.slice(0, 14 - digits.length) + digits.slice(0, end);
}

/** Three decimals of a millisecond are more than any clock is good for. */
function ms(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The kind of failure, or how the request ended where no attempt failed it. */
export function errorType(exchange: Exchange): string {
  const outcome = exchange.lastAttempt?.outcome ?? null;
  if (exchange.outcome === "client_abort") return "client_abort";
  return outcome?.kind === "failed"
    ? FAILURE_RULES[outcome.failure.kind].errorType
    : exchange.outcome ?? "other";
}

function usageOf(ledger: Ledger): object {
  const input = totalInput(ledger);
  const output = totalOutput(ledger);
  return {
    inputTokens: input,
    outputTokens: output,
    cachedTokens: ledger.cacheRead + ledger.cacheReadAudio,
    reasoningTokens: ledger.reasoning,
    totalTokens: input + output,
  };
}

function costOf(cost: Cost | CostSum): object {
  return {
    inputCost: money(cost.inputPico),
    outputCost: money(cost.outputPico),
    cachedCost: money(cost.cachedPico),
    reasoningCost: money(cost.reasoningPico),
    otherCost: money(cost.otherPico),
    totalCost: money(cost.totalPico),
    currency: "USD",
    source: cost.source,
    status: cost.status,
    priceKey: cost.priceKey,
    reportedCost: money(cost.reportedPico),
  };
}

function metricsOf(exchange: Exchange, ledger: Ledger): object {
  const last = exchange.lastAttempt;
  const seconds = last === null ? 0 : (last.endedMs - last.startedMs) / 1000;
  const output = totalOutput(last?.usage.ledger ?? ledger);
  const ttft = exchange.stream ? exchange.firstContentMs : -1;
  return {
    durationMs: ms(exchange.endedMs),
    ttftMs: ttft < 0 ? null : ms(ttft),
    tokensPerSecond: output > 0 && seconds > 0
      ? Math.round(output / seconds * 100) / 100
      : null,
  };
}

function decisionOf(decision: Decision, divertedBy: string | null): object {
  const { order, excluded } = decision;
  return {
    resolvedBy: decision.resolvedBy,
    strategy: decision.strategy,
    order: idsOf(order),
    excluded: excluded.length === 0 ? excluded : reasonsOf(excluded),
    divertedBy: divertedBy ?? undefined,
  };
}

function idsOf(order: Decision["order"]): string[] {
  const ids: string[] = [];
  for (const { target } of order) {
    if (ids.length === MAX_CANDIDATES) break;
    ids.push(target.id);
  }
  return ids;
}

function reasonsOf(excluded: Decision["excluded"]): object[] {
  return excluded.slice(0, MAX_CANDIDATES).map(({ target, reason }) => ({
    target: target.id,
    reason,
  }));
}

/** What is null or 0 is left out: most of it is, and lines are kept for long. */
function attemptOf(attempt: Attempt): object {
  const { target, usage, outcome, cost } = attempt;
  const failure = outcome?.kind === "failed" ? outcome.failure : undefined;
  return {
    provider: target.provider,
    model: short(target.model),
    targetApiType: attempt.protocol,
    native: attempt.native,
    outcome: outcome?.kind ?? "cancelled",
    status: attempt.upstreamStatus,
    failure: failure?.kind,
    errorType: failure && FAILURE_RULES[failure.kind].errorType,
    errorMessage: failure && short(failure.message),
    startedMs: ms(attempt.startedMs),
    durationMs: ms(attempt.endedMs - attempt.startedMs),
    firstContentMs: attempt.firstContentMs < 0
      ? undefined
      : ms(attempt.firstContentMs - attempt.startedMs),
    finishReason: attempt.finishReason ?? undefined,
    upstreamRequestId: attempt.upstreamRequestId ?? undefined,
    servedModel: usage.model ?? undefined,
    serviceTier: usage.serviceTier ?? undefined,
    usageSource: usage.source,
    ledger: usedBuckets(usage.ledger),
    rawUsage: rawUsage(usage.raw),
    cost: cost === null ? null : {
      totalCost: money(cost.totalPico),
      source: cost.source,
      status: cost.status,
      priceKey: cost.priceKey ?? undefined,
      reportedCost: money(cost.reportedPico) ?? undefined,
    },
  };
}

function usedBuckets(ledger: Ledger): object {
  return {
    input: ledger.input || undefined,
    cacheRead: ledger.cacheRead || undefined,
    cacheWrite5m: ledger.cacheWrite5m || undefined,
    cacheWrite1h: ledger.cacheWrite1h || undefined,
    inputAudio: ledger.inputAudio || undefined,
    cacheReadAudio: ledger.cacheReadAudio || undefined,
    output: ledger.output || undefined,
    reasoning: ledger.reasoning || undefined,
    outputAudio: ledger.outputAudio || undefined,
    outputImage: ledger.outputImage || undefined,
    webSearch: ledger.webSearch || undefined,
  };
}

/** The provider's own words: what is priced again later starts from them. */
function rawUsage(raw: JsonValue): JsonValue {
  // Nearly all have a handful of members; what is large is measured.
  if (raw === null || typeof raw !== "object") return null;
  if (Object.keys(raw).length <= 8 && !Array.isArray(raw)) return raw;
  return JSON.stringify(raw).length > MAX_RAW_CHARS ? null : raw;
}
