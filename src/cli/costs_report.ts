/** `signalbox costs report`. @module */

import {
  type CostReport,
  costReport,
} from "../accounting/report/cost_report.ts";
import { loadConfig } from "../config/load.ts";
import { type Arguments, type Command, JSON_FLAG } from "./command.ts";
import { LivePricing } from "./live_pricing.ts";
import { formatJson, formatTable, type Terminal } from "./output.ts";
import {
  FILTER_FLAGS,
  filterOf,
  LOG_FLAGS,
  openLog,
  tellBroken,
} from "./usage/usage_context.ts";

/** `signalbox costs report`: what was spent, what was saved, where it is going. */
export const costsReportCommand: Command = {
  usage: "[--from WHEN] [--to WHEN] [--client C] [--json]",
  flags: [...FILTER_FLAGS, JSON_FLAG, ...LOG_FLAGS],
  notes:
    "Savings are computed at the prices of the config, from the tokens of the log; what cannot be computed is said to be not estimable.",
  run: report,
};

async function report(given: Arguments, terminal: Terminal): Promise<number> {
  const filter = filterOf(given);
  using log = await openLog(given, terminal);
  const { config } = await loadConfig({
    path: given.value("config"),
    environment: terminal.environment,
  });
  const pricing = await LivePricing.load(config);
  for (const warning of pricing.warnings) terminal.err(warning);
  const answer = await costReport(log.reader, filter, {
    pricing,
    nowMs: Date.now(),
  });
  log[Symbol.dispose]();
  if (given.has("json")) terminal.out(formatJson(answer));
  else {
    terminal.out(textOf(answer, terminal));
    tellBroken(answer.brokenLines, terminal);
  }
  return 0;
}

function textOf(answer: CostReport, terminal: Terminal): string {
  const { period, trends } = answer;
  const week = trends.weeklyTrend;
  return [
    `${period.from ?? "the beginning"} to ${period.to ?? "now"}`,
    `${answer.totalCost} USD, ${answer.requests} requests, ${answer.unpricedRequests} of them without a price`,
    ...breakdownLines(answer, terminal),
    ...savingsLines(answer, terminal),
    "",
    `Average of ${trends.wholeDays} whole days: ${
      trends.dailyAverage ?? "none yet"
    }; projected month: ${
      trends.monthlyProjection ?? "none yet"
    }; week against week before: ${
      week === null ? "needs 14 days" : `${week} %`
    }`,
    ...adviceLines(answer),
  ].join("\n");
}

function breakdownLines(
  { breakdown }: CostReport,
  terminal: Terminal,
): string[] {
  const tables = [
    ["provider", breakdown.byProvider],
    ["model", breakdown.byModel],
    ["client", breakdown.byClient],
    ["day", breakdown.byDay],
  ] as const;
  return tables.flatMap(([name, costs]) => {
    const rows = Object.entries(costs);
    return rows.length === 0
      ? []
      : ["", formatTable(terminal, [name, "USD"], rows)];
  });
}

function savingsLines({ savings }: CostReport, terminal: Terminal): string[] {
  const { details } = savings;
  const parts = [
    ["providers' caches", details.providerCache],
    ["response cache", details.responseCache],
    ["routing", details.routing],
  ] as const;
  return [
    "",
    formatTable(
      terminal,
      ["saved by", "USD", "requests", "not estimable", "how"],
      parts.map(([name, part]) => [
        name,
        part.amount ?? "not estimable",
        String(part.requests),
        String(part.notEstimable),
        part.arithmetic,
      ]),
    ),
    `Writing to providers' caches cost ${details.providerCache.writePremium} USD more than plain input`,
    `Saved ${savings.savingsPercentage} % of ${savings.totalPotentialCost} USD`,
  ];
}

function adviceLines({ recommendations }: CostReport): string[] {
  return recommendations.flatMap((advice) => [
    "",
    `${advice.priority}: ${advice.title}`,
    `  ${advice.description}`,
    `  Rule: ${advice.rule}. Savings: ${
      advice.potentialSavings === null
        ? "not estimable"
        : `${advice.potentialSavings} USD`
    }`,
  ]);
}
