/**
 * The line that a request leaves in the usage log. It is put together of texts
 * of which most are remembered: that takes about 40 % less than one literal and
 * one `JSON.stringify` (3 us instead of 5). Writing bytes one by one would take
 * more. Every field is written by one place alone.
 *
 * @module
 */

import type { Decision } from "../exchange/decision.ts";
import type { Exchange } from "../exchange/exchange.ts";
import {
  type Ledger,
  totalInput,
  totalOutput,
  type UsageSource,
} from "../exchange/usage.ts";
import { IsoTime } from "../support/clock.ts";
import { AttemptRecordWriter } from "./attempt_record.ts";
import { LineCosts } from "./line_costs.ts";
import { LineHeads } from "./line_head.ts";
import { hundredthsText, msText } from "./line_text.ts";
import {
  requestCost,
  requestLedger,
  requestUsageSource,
} from "./request_cost.ts";

/** What goes into the lines. */
export interface UsageRecordOptions {
  /** Whether the client's address does. */
  readonly clientIp: boolean;
}

/** Most targets of a decision that are named. */
const MAX_CANDIDATES = 16;

const SOURCE_TEXTS: { readonly [S in UsageSource]: string } = {
  reported: ',"usageSource":"reported"',
  estimated: ',"usageSource":"estimated"',
  partial: ',"usageSource":"partial"',
  none: ',"usageSource":"none"',
};

/** Writes lines of the usage log. */
export class UsageRecordWriter {
  readonly #time = new IsoTime();
  readonly #costs = new LineCosts();
  readonly #heads: LineHeads;
  readonly #attempts = new AttemptRecordWriter(this.#costs);

  /** Makes a writer. */
  constructor({ clientIp }: UsageRecordOptions) {
    this.#heads = new LineHeads(clientIp);
  }

  /**
   * Writes the line of an ended exchange, without its line break. Whoever
   * reads the log by places (`RowReader`) relies on the order of the fields.
   */
  line(exchange: Exchange): string {
    const ledger = requestLedger(exchange);
    return '{"id":"' + exchange.id +
      '","timestamp":"' + this.#time.format(exchange.receivedAtMs) +
      this.#heads.asker(exchange) +
      this.#heads.course(exchange) +
      usageText(ledger) +
      ledgerText(ledger) +
      SOURCE_TEXTS[requestUsageSource(exchange)] +
      this.#costs.request(requestCost(exchange)) +
      metricsText(exchange, ledger) +
      this.#decided(exchange) +
      this.#tried(exchange);
  }

  #decided({ decision, divertedBy }: Exchange): string {
    if (decision === null) return ',"decision":null';
    const { excluded, resolvedBy, strategy } = decision;
    return ',"decision":{"resolvedBy":"' + resolvedBy +
      '","strategy":"' + strategy +
      '","order":[' + this.#ids(decision.order) +
      (excluded.length === 0
        ? '],"excluded":[]'
        : '],"excluded":' + JSON.stringify(reasonsOf(excluded))) +
      (divertedBy === null
        ? "}"
        : ',"divertedBy":' + JSON.stringify(divertedBy) + "}");
  }

  #ids(order: Decision["order"]): string {
    let ids = "";
    for (let index = 0; index < order.length; index++) {
      if (index === MAX_CANDIDATES) break;
      const candidate = order[index];
      if (candidate === undefined) continue;
      const { id } = this.#attempts.target(candidate.target);
      ids += index === 0 ? id : "," + id;
    }
    return ids;
  }

  #tried({ losses, cacheStatus, attempts }: Exchange): string {
    let text = "";
    for (const attempt of attempts) {
      text += text === ""
        ? this.#attempts.text(attempt)
        : "," + this.#attempts.text(attempt);
    }
    return (losses.length === 0
      ? ',"losses":[],"cache":'
      : ',"losses":' + JSON.stringify(losses) + ',"cache":') +
      (cacheStatus === null ? "null" : '"' + cacheStatus + '"') +
      ',"attempts":[' + text + "]}";
  }
}

function usageText(ledger: Ledger): string {
  const input = totalInput(ledger);
  const output = totalOutput(ledger);
  return ',"usage":{"inputTokens":' + input +
    ',"outputTokens":' + output +
    ',"cachedTokens":' + (ledger.cacheRead + ledger.cacheReadAudio) +
    ',"reasoningTokens":' + ledger.reasoning +
    ',"totalTokens":' + (input + output);
}

/** Most answers wrote no cache and have neither sound nor pictures. */
function ledgerText(ledger: Ledger): string {
  const { cacheWrite5m, cacheWrite1h, inputAudio, cacheReadAudio } = ledger;
  const { outputAudio, outputImage, webSearch } = ledger;
  return '},"ledger":{"input":' + ledger.input +
    ',"cacheRead":' + ledger.cacheRead +
    (cacheWrite5m + cacheWrite1h + inputAudio + cacheReadAudio === 0
      ? NO_OTHER_INPUT
      : `,"cacheWrite5m":${cacheWrite5m},"cacheWrite1h":${cacheWrite1h},"inputAudio":${inputAudio},"cacheReadAudio":${cacheReadAudio},"output":`) +
    ledger.output +
    ',"reasoning":' + ledger.reasoning +
    (outputAudio + outputImage + webSearch === 0
      ? NO_OTHER_OUTPUT
      : `,"outputAudio":${outputAudio},"outputImage":${outputImage},"webSearch":${webSearch}}`);
}

const NO_OTHER_INPUT =
  ',"cacheWrite5m":0,"cacheWrite1h":0,"inputAudio":0,"cacheReadAudio":0,"output":';
const NO_OTHER_OUTPUT = ',"outputAudio":0,"outputImage":0,"webSearch":0}';

function metricsText(exchange: Exchange, ledger: Ledger): string {
  const last = exchange.lastAttempt;
  const seconds = last === null ? 0 : (last.endedMs - last.startedMs) / 1000;
  const output = totalOutput(last === null ? ledger : last.usage.ledger);
  const ttft = exchange.stream ? exchange.firstContentMs : -1;
  return ',"metrics":{"durationMs":' + msText(exchange.endedMs) +
    ',"ttftMs":' + (ttft < 0 ? "null" : msText(ttft)) +
    ',"tokensPerSecond":' +
    (output > 0 && seconds > 0 ? hundredthsText(output / seconds) : "null") +
    "}";
}

function reasonsOf(excluded: Decision["excluded"]): object[] {
  return excluded.slice(0, MAX_CANDIDATES).map(({ target, reason }) => ({
    target: target.id,
    reason,
  }));
}
