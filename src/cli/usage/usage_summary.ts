/** `signalbox usage summary`. @module */

import {
  summarize,
  summarizeIndexed,
} from "../../accounting/query/summarize.ts";
import {
  type Grouping,
  type GroupView,
  readGrouping,
  type SummaryView,
} from "../../accounting/query/usage_summary.ts";
import type { TotalsView } from "../../accounting/query/usage_totals.ts";
import { csvRow, csvText } from "../../support/csv.ts";
import { type Arguments, type Command, JSON_FLAG } from "../command.ts";
import { formatJson, formatTable, type Terminal } from "../output.ts";
import {
  asked,
  FILTER_FLAGS,
  filterOf,
  LOG_FLAGS,
  openIndex,
  openLog,
  tellBroken,
} from "./usage_context.ts";
import { msOf } from "./usage_text.ts";

/** `signalbox usage summary`: requests, tokens, cost and times of a range. */
export const usageSummaryCommand: Command = {
  usage: "[--from WHEN] [--to WHEN] [--group-by KEYS] [--top N] [--json|--csv]",
  flags: [
    ...FILTER_FLAGS,
    {
      name: "group-by",
      value: "KEYS",
      summary:
        "provider, model, alias, client, outcome, day, hour; several: a,b",
    },
    { name: "top", value: "N", summary: "Only the N dearest groups" },
    { name: "index", summary: "Use the index, brought up to date first" },
    { name: "csv", summary: "Answer in CSV" },
    JSON_FLAG,
    ...LOG_FLAGS,
  ],
  notes: "Costs are USD; percentiles are within 5 %.",
  run: summary,
};

async function summary(given: Arguments, terminal: Terminal): Promise<number> {
  const filter = filterOf(given);
  const grouping = asked(() =>
    readGrouping((name) => given.value(name === "groupBy" ? "group-by" : name))
  );
  using log = await openLog(given, terminal);
  using index = await openIndex(given, log);
  const view = index === null
    ? await summarize(log.reader, filter, grouping)
    : await summarizeIndexed(log.reader, filter, grouping, index);
  log[Symbol.dispose]();
  if (given.has("json")) {
    terminal.out(formatJson(view));
    return 0;
  }
  if (given.has("csv")) terminal.out(csvOf(view, grouping));
  else terminal.out(tablesOf(view, grouping, terminal));
  tellBroken(view.brokenLines, terminal);
  return 0;
}

const HEAD: readonly string[] = [
  "requests",
  "failed",
  "input",
  "cached",
  "output",
  "reasoning",
  "USD",
  "unpriced",
  "avg ms",
  "p50",
  "p95",
  "ttft p50",
  "ttft p95",
];

function cells({ requests, tokens, cost, performance }: TotalsView): string[] {
  return [
    String(requests.total),
    String(requests.failed),
    String(tokens.input),
    String(tokens.cached),
    String(tokens.output),
    String(tokens.reasoning),
    cost.total,
    String(cost.unpricedRequests),
    msOf(performance.avgDurationMs),
    msOf(performance.p50DurationMs),
    msOf(performance.p95DurationMs),
    msOf(performance.p50TtftMs),
    msOf(performance.p95TtftMs),
  ];
}

function rowsOf(view: SummaryView, { by }: Grouping): string[][] {
  const named = (group: GroupView) => by.map((key) => group[key] || "-");
  return view.groups === undefined
    ? [cells(view)]
    : view.groups.map((group) => [...named(group), ...cells(group)]);
}

function csvOf(view: SummaryView, grouping: Grouping): string {
  const head = csvRow([
    ...grouping.by,
    ...HEAD.map((name) => name.replaceAll(" ", "_")),
  ]);
  return csvText([head, ...rowsOf(view, grouping).map(csvRow)]);
}

function tablesOf(
  view: SummaryView,
  grouping: Grouping,
  terminal: Terminal,
): string {
  const { period, cost } = view;
  const lines = [
    `${period.from ?? "the beginning"} to ${period.to ?? "now"}`,
    "",
    formatTable(terminal, [...grouping.by, ...HEAD], rowsOf(view, grouping)),
  ];
  if ((view.moreGroups ?? 0) > 0) lines.push(`and ${view.moreGroups} more`);
  if (view.groups === undefined) {
    lines.push(...costTable("provider", cost.byProvider, terminal));
    lines.push(...costTable("model", cost.byModel, terminal));
  } else {
    lines.push("", `total ${cost.total} USD, ${view.requests.total} requests`);
  }
  return lines.join("\n");
}

function costTable(
  name: string,
  costs: Readonly<Record<string, string>>,
  terminal: Terminal,
): string[] {
  const rows = Object.entries(costs);
  return rows.length === 0
    ? []
    : ["", formatTable(terminal, [name, "USD"], rows)];
}
