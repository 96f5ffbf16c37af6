/** Prices JSON lines, one answer each, in their order; memory stays bounded. @module */

import type { CostCalculator } from "../../accounting/cost_calculator.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../../support/json.ts";
import { invalidAnswer, quoteAnswer } from "./quote_answer.ts";
import {
  InvalidRecord,
  type ProviderFacts,
  readRecord,
} from "./quote_record.ts";

/** Longest line that is read. */
const MAX_LINE_CHARS = 64 * 1024 * 1024;

/** Lines that are written together. */
const LINES_PER_WRITE = 512;

/** What a batch needs. */
export interface QuoteBatchOptions {
  /** Prices. */
  readonly calculator: CostCalculator;
  /** What is known of providers. */
  readonly facts: ProviderFacts;
  /** Now, in ms since the epoch, for records without a time. */
  readonly nowMs: number;
  /** Takes answers, several lines at a time. */
  readonly write: (lines: string) => void;
}

/** How many answers a batch gave, by status. */
export type BatchCounts = Map<string, number>;

/** Prices every line of a stream. A line that is wrong is answered as invalid; nothing stops the rest. */
export async function quoteBatch(
  stream: AsyncIterable<Uint8Array>,
  options: QuoteBatchOptions,
): Promise<BatchCounts> {
  const counts: BatchCounts = new Map();
  let pending: string[] = [];
  const flush = (): void => {
    if (pending.length > 0) options.write(pending.join("\n"));
    pending = [];
  };
  let number = 0;
  for await (const line of linesOf(stream)) {
    number++;
    if (line !== null && line.trim() === "") continue;
    const answer = quoteLine(line, number, options);
    const status = String(answer.status);
    counts.set(status, (counts.get(status) ?? 0) + 1);
    pending.push(JSON.stringify(answer));
    if (pending.length >= LINES_PER_WRITE) flush();
  }
  flush();
  return counts;
}

/** Splits bytes into lines; `null` stands for one that is too long. */
async function* linesOf(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<string | null> {
  const decoder = new TextDecoder();
  let rest = "";
  let skipping = false;
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      yield skipping ? null : line;
      skipping = false;
    }
    if (rest.length > MAX_LINE_CHARS) {
      skipping = true;
      rest = "";
    }
  }
  rest += decoder.decode();
  if (rest !== "" || skipping) yield skipping ? null : rest;
}

function quoteLine(
  line: string | null,
  number: number,
  options: QuoteBatchOptions,
): JsonObject {
  if (line === null) {
    return invalidAnswer(
      null,
      `Cannot read line ${number}: it is longer than ${MAX_LINE_CHARS} characters`,
    );
  }
  let record: JsonValue;
  try {
    record = JSON.parse(line) as JsonValue;
  } catch {
    return invalidAnswer(null, `Cannot read line ${number}: it is not JSON`);
  }
  if (!isJsonObject(record)) {
    return invalidAnswer(
      null,
      `Cannot read line ${number}: it is not a JSON object`,
    );
  }
  return quoteRecord(record, options);
}

/** Prices one record, or says why it cannot be. */
export function quoteRecord(
  record: JsonObject,
  options: Omit<QuoteBatchOptions, "write">,
): JsonObject {
  const id = record.id ?? null;
  try {
    const request = readRecord(record, options.facts, options.nowMs);
    return quoteAnswer(id, options.calculator.cost(request), request.usage);
  } catch (error) {
    if (error instanceof InvalidRecord) return invalidAnswer(id, error.message);
    throw error;
  }
}
