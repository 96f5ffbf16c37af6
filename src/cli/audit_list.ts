/** `signalbox audit list`. @module */

import { auditLines } from "../audit/audit_files.ts";
import { type AuditRecord, readAuditLine } from "../audit/audit_line.ts";
import { findAuditFiles } from "./audit_files.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  JSON_FLAG,
  UsageError,
} from "./command.ts";
import { formatJson, formatTable, type Terminal } from "./output.ts";

/** `signalbox audit list`: who did what. */
export const auditListCommand: Command = {
  usage: "[--since TIME] [--actor NAME] [--config PATH] [--json] [FILE]...",
  flags: [
    {
      name: "since",
      value: "TIME",
      summary:
        "From this time on: 2026-11-20, 2026-11-20T08:00Z, or 90m, 24h, 7d ago",
    },
    { name: "actor", value: "NAME", summary: "Of this actor alone" },
    CONFIG_FLAG,
    JSON_FLAG,
  ],
  maxOperands: 1000,
  notes:
    "Lines that were changed are left out and named on standard error; exit code 1 then.",
  run: list,
};

async function list(given: Arguments, terminal: Terminal): Promise<number> {
  const since = given.value("since");
  const sinceMs = since === undefined ? -Infinity : timeOf(since, Date.now());
  const actor = given.value("actor");
  const records: AuditRecord[] = [];
  let broken = 0;
  for (const file of await findAuditFiles(given, terminal)) {
    let line = 0;
    for await (const text of auditLines(file)) {
      line++;
      const read = readAuditLine(text);
      if (!read.ok) {
        broken++;
        terminal.err(`${file}, line ${line}: ${read.problem}`);
        continue;
      }
      const { record } = read;
      if (Date.parse(record.time) < sinceMs) continue;
      if (actor !== undefined && record.actor !== actor) continue;
      records.push(record);
    }
  }
  terminal.out(
    given.has("json") ? formatJson(records) : tableOf(records, terminal),
  );
  return broken === 0 ? 0 : 1;
}

function tableOf(records: readonly AuditRecord[], terminal: Terminal): string {
  return formatTable(
    terminal,
    ["seq", "time", "actor", "address", "action", "target", "outcome", "after"],
    records.map((record) => [
      String(record.seq),
      record.time,
      record.actor,
      record.actorIp,
      record.action,
      record.target,
      record.outcome,
      shortened(record.after),
    ]),
  );
}

function shortened(value: unknown): string {
  if (value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

function timeOf(text: string, nowMs: number): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNIT_MS.get(unit ?? "");
  if (unitMs !== undefined) return nowMs - Number(count) * unitMs;
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new UsageError(
    `Cannot use --since ${text}: give a date such as 2026-11-20, or 24h`,
  );
}
