/** Sums up a range of the usage log, with the index where it may be used. @module */

import { dayOf, type UsageFile } from "../usage_files.ts";
import { DAY_MS, HOUR_MS, type TimeRange } from "./time_range.ts";
import { matchesRow, type UsageFilter } from "./usage_filter.ts";
import type { UsageIndex } from "./usage_index.ts";
import {
  filesOf,
  scanExisting,
  scanLines,
  ScanProgress,
  type UsageLogReader,
} from "./usage_scan.ts";
import {
  type Grouping,
  type SummaryView,
  UsageSummary,
} from "./usage_summary.ts";

/** Sums up the lines that are meant, from the files alone. */
export async function summarize(
  reader: UsageLogReader,
  filter: UsageFilter,
  grouping: Grouping,
): Promise<SummaryView> {
  const summary = new UsageSummary(grouping);
  summary.brokenLines = await scanLines(
    reader,
    filter,
    ({ row }) => summary.addRow(row),
  );
  return summary.view(filter);
}

/**
 * Sums up the lines that are meant: whole days and hours from the index, what
 * it does not know, and hours of which only a part is meant, from the files.
 */
export async function summarizeIndexed(
  reader: UsageLogReader,
  filter: UsageFilter,
  grouping: Grouping,
  index: UsageIndex,
): Promise<SummaryView> {
  const summary = new UsageSummary(grouping);
  const files = await filesOf(reader, filter);
  const progress = new ScanProgress(reader, files);
  const inner = wholeHours(filter);
  const hasEdges = inner.fromMs !== filter.fromMs || inner.toMs !== filter.toMs;
  const days = summary.needsHours ? null : wholeDays(inner);
  for (const file of files) {
    const known = await index.known(file);
    if (known !== null) {
      index.addTo(summary, filter, known, inner, days);
      summary.brokenLines += known.broken;
      const isEdge = hasEdges && touchesEdge(file, filter);
      if (known.plainBytes === known.end && !isEdge) {
        progress.add(file.bytes);
        continue;
      }
    }
    const end = known?.end ?? 0;
    const { broken, stopped } = await scanExisting(file, {
      offset: known === null || hasEdges ? 0 : end,
      onLine: ({ row, offset }) => {
        if (reader.stopped?.()) return false;
        const isSummed = offset < end && row.timestampMs >= inner.fromMs &&
          row.timestampMs < inner.toMs;
        if (!isSummed && matchesRow(filter, row)) summary.addRow(row);
        return true;
      },
      onProgress: progress.add,
    });
    // Read from its beginning, the lines that the index counted are counted again.
    summary.brokenLines += known !== null && hasEdges
      ? broken - known.broken
      : broken;
    if (stopped) break;
  }
  return summary.view(filter);
}

/** A line is filed by the end of its request: the day after counts too. */
function touchesEdge({ day }: UsageFile, { fromMs, toMs }: TimeRange): boolean {
  return [fromMs, toMs].some((ms) =>
    Number.isFinite(ms) && (day === dayOf(ms) || day === dayOf(ms + DAY_MS))
  );
}

function wholeHours({ fromMs, toMs }: TimeRange): TimeRange {
  return whole(fromMs, toMs, HOUR_MS);
}

function wholeDays({ fromMs, toMs }: TimeRange): TimeRange {
  return whole(fromMs, toMs, DAY_MS);
}

function whole(fromMs: number, toMs: number, spanMs: number): TimeRange {
  const first = Number.isFinite(fromMs)
    ? Math.ceil(fromMs / spanMs) * spanMs
    : fromMs;
  const last = Number.isFinite(toMs)
    ? Math.floor(toMs / spanMs) * spanMs
    : toMs;
  return { fromMs: first, toMs: Math.max(first, last) };
}
