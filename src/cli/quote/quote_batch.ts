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
    pending.push(JSON.stringify({ ...answer, id: idOf(answer.id, line) }));
    if (pending.length >= LINES_PER_WRITE) flush();
  }
  flush();
  return counts;
}

/** `JSON.parse` tells a reviver the source of numbers; the types do not know of it yet. */
type SourceText = { readonly source?: string };

/** The id as the line writes it: numbers of 64 bits do not survive as numbers. */
function idOf(id: JsonValue | undefined, line: string | null): unknown {
  if (typeof id !== "number" || Number.isSafeInteger(id)) return id;
  let written: unknown = id;
  const sources = new Map<unknown, string>();
  const reviver = function (
    this: unknown,
    key: string,
    value: unknown,
    { source }: SourceText = {},
  ): unknown {
    if (key === "id" && source !== undefined) sources.set(this, source);
    const whole = key === "" ? sources.get(value) : undefined;
    if (whole !== undefined) written = rawJson(whole);
    return value;
  };
  JSON.parse(line ?? "null", reviver);
  return written;
}

function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

/** The parts of a line that has not ended yet. */
class OpenLine {
  #parts: string[] = [];
  #chars = 0;

  /** Whether there is anything of it. */
  get isOpen(): boolean {
    return this.#chars > 0;
  }

  add(part: string): void {
    this.#chars += part.length;
    // Of a line that is too long only the length is kept.
    if (this.#chars > MAX_LINE_CHARS) this.#parts = [];
    else this.#parts.push(part);
  }

  /** Ends the line: its text, `null` for one that is too long. */
  end(): string | null {
    const text = this.#chars > MAX_LINE_CHARS ? null : this.#parts.join("");
    this.#parts = [];
    this.#chars = 0;
    return text;
  }
}

/** Splits bytes into lines; `null` stands for one that is too long. */
async function* linesOf(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<string | null> {
  const decoder = new TextDecoder();
  const line = new OpenLine();
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (
      let end = text.indexOf("\n");
      end >= 0;
      end = text.indexOf("\n", start)
    ) {
      line.add(text.slice(start, end));
      yield line.end();
      start = end + 1;
    }
    line.add(text.slice(start));
  }
  line.add(decoder.decode());
  if (line.isOpen) yield line.end();
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
  try {
    return quoteRecord(record, options);
  } catch (error) {
    // Such as one that is nested too deeply: the other lines have no part in it.
    const why = error instanceof Error ? error.message : String(error);
    return invalidAnswer(
      record.id ?? null,
      `Cannot price line ${number}: ${why}`,
    );
  }
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
