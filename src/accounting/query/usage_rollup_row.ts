/** Cells of the index as rows of its table, and back. @module */

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { LogHistogram } from "../../support/log_histogram.ts";
import type { UsageDimensions } from "./usage_filter.ts";
import type { RollupCell } from "./usage_rollup.ts";
import { UsageTotals } from "./usage_totals.ts";

/** Puts a cell as the values of a row, without the part. */
export function writeCell(cell: RollupCell): SQLInputValue[] {
  const { spanMs, startMs, dimensions, totals } = cell;
  const { provider, model, alias, client, outcome } = dimensions;
  return [
    spanMs,
    startMs,
    provider,
    model,
    alias,
    client,
    outcome,
    totals.requests,
    totals.unpriced,
    totals.inputTokens,
    totals.outputTokens,
    totals.cachedTokens,
    totals.reasoningTokens,
    String(totals.cost.pico),
    totals.durationMicros,
    totals.ttftMicros,
    packed(totals.durations),
    packed(totals.ttfts),
  ];
}

/** Reads a row back. */
export function readCell(
  row: Readonly<Record<string, SQLOutputValue>>,
): Pick<RollupCell, "startMs" | "dimensions" | "totals"> {
  const dimensions: UsageDimensions = {
    provider: String(row.provider),
    model: String(row.model),
    alias: String(row.alias),
    client: String(row.client),
    outcome: String(row.outcome),
  };
  const totals = new UsageTotals();
  totals.requests = Number(row.requests);
  totals.successful = dimensions.outcome === "success" ? totals.requests : 0;
  totals.unpriced = Number(row.unpriced);
  totals.inputTokens = Number(row.input);
  totals.outputTokens = Number(row.output);
  totals.cachedTokens = Number(row.cached);
  totals.reasoningTokens = Number(row.reasoning);
  totals.cost.add(BigInt(String(row.pico)));
  totals.durationMicros = Number(row.durationMicros);
  totals.ttftMicros = Number(row.ttftMicros);
  unpack(row.durations, totals.durations);
  unpack(row.ttfts, totals.ttfts);
  return { startMs: Number(row.start), dimensions, totals };
}

/** Most buckets of most cells are empty: pairs of bucket and count, five bytes each. */
function packed(histogram: LogHistogram): Uint8Array {
  const bytes: number[] = [];
  for (const [bucket, count] of histogram.buckets()) {
    bytes.push(
      bucket,
      count & 255,
      (count >>> 8) & 255,
      (count >>> 16) & 255,
      count >>> 24,
    );
  }
  return Uint8Array.from(bytes);
}

function unpack(value: SQLOutputValue | undefined, into: LogHistogram): void {
  if (!(value instanceof Uint8Array)) return;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  for (let at = 0; at + 5 <= value.length; at += 5) {
    into.addBucket(view.getUint8(at), view.getUint32(at + 1, true));
  }
}
