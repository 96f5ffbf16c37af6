/** Budgets of all clients together, the usage and error logs, the audit file, the metrics, the cache. @module */

import { z } from "zod";
import { ON_EXCEEDED, usd } from "./clients.ts";
import {
  between,
  choice,
  flag,
  optional,
  secret,
  section,
  text,
  whole,
} from "./fields.ts";

/** `budgets`: all clients together. */
export const budgetsSchema = section({
  dailyUsd: usd(50, "Most USD per UTC day; 0: no limit."),
  weeklyUsd: usd(250, "Most USD per ISO week (UTC); 0: no limit."),
  monthlyUsd: usd(800, "Most USD per calendar month (UTC); 0: no limit."),
  onExceeded: choice(
    ON_EXCEEDED,
    "warn",
    "What happens to a request that does not fit.",
  ),
  downgradeTo: optional(
    z.string().min(1),
    "Alias or target used instead once a budget is used up (onExceeded: downgrade).",
  ),
  warnAt: between(0.8, [0, 1], "Share of a budget at which it warns."),
  criticalAt: between(0.95, [0, 1], "Share at which it is critical."),
  onUnpriced: choice(
    ["reject", "allow"],
    "reject",
    "What happens to a request whose target has no price, where a budget applies.",
  ),
}, "Most that all clients together may spend.");

/** `cache`: answers given again. */
export const cacheSchema = section({
  l1: section({
    enabled: flag(false, "Whether answers are kept in memory."),
    maxBytes: whole(67108864, "Bytes of all kept answers.", { least: 1 }),
    maxEntryBytes: whole(1048576, "Largest answer that is kept.", {
      least: 1,
    }),
    ttlMs: whole(300000, "How long they are kept.", { least: 1 }),
  }, "In the memory of the process."),
  onlyDeterministic: flag(
    true,
    "Keep only answers to requests with temperature 0.",
  ),
}, "Answers given again to the same request of the same client.");

/** `logging`: what is kept of each exchange. */
export const loggingSchema = section({
  usage: section({
    enabled: flag(true, "Whether every request leaves a line."),
    storagePath: text("usage", "Folder, relative to stateDir."),
    retentionDays: whole(30, "Days kept; 0: for ever."),
    archiveDays: whole(
      0,
      "Days kept in archivePath after retentionDays; 0: deleted instead.",
    ),
    archivePath: optional(
      z.string().min(1),
      "Folder of the archive, relative to stateDir.",
    ),
    flushMs: whole(250, "Longest time a line waits in memory.", { least: 1 }),
    flushLines: whole(256, "Most lines that wait in memory.", { least: 1 }),
    fsyncMs: whole(1000, "How often lines are forced to the disk; 0: never."),
    minFreeBytes: whole(
      209715200,
      "Free disk space below which lines are dropped and counted.",
    ),
    clientIp: flag(true, "Whether the client's address is in the line."),
    index: flag(false, "Whether an index speeds up queries."),
  }, "One line per request: tokens, cost, times."),
  errors: section({
    enabled: flag(true, "Whether every failure leaves a line."),
    storagePath: text("errors", "Folder, relative to stateDir."),
    retentionDays: whole(90, "Days kept; 0: for ever."),
    captureBodies: flag(false, "Whether redacted bodies are in the line."),
  }, "One line per failure."),
}, "What is kept of each exchange.");

/** `metrics`: what /metrics says, and to whom. */
export const metricsSchema = section({
  enabled: flag(true, "Whether there is /metrics."),
  public: flag(true, "Whether other than loopback peers may scrape."),
  token: optional(
    secret("Bearer token of /metrics."),
    "Reference to a token that every scrape needs. Absent: none is needed.",
  ),
  userLabel: choice(
    ["name", "off"],
    "name",
    "Value of the user_id label: the client's name, or always `other`.",
  ),
  maxUsers: whole(500, "Most user_id values; more become `other`."),
  exemplars: flag(true, "Whether OpenMetrics answers carry exemplars."),
  genAi: flag(false, "Whether the OpenTelemetry GenAI metrics are added."),
  maxSeriesPerFamily: whole(
    5000,
    "Most series of one metric; more become `other`.",
    { least: 1 },
  ),
}, "What /metrics says, and to whom.");

/** `audit`: who changed what. */
export const auditSchema = section({
  enabled: flag(true, "Whether admin actions leave a line."),
  file: text(
    "routing_audit.log",
    "File, relative to logDir; closed and renamed each month.",
  ),
  redisChannel: text(
    "audit:routing:logs",
    "Channel that lines are published on where Redis is configured.",
  ),
}, "Who changed what, in a hash chain.");
