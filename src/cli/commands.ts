/** The table of commands, in the order of the help. A command is imported when it is run. @module */

import type { CommandEntry } from "./command.ts";

/** Every command. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: "Run the gateway",
    load: async () => (await import("./serve.ts")).serveCommand,
  },
  {
    name: "check",
    summary: "Say whether the config is valid, and what it would build",
    load: async () => (await import("./check.ts")).checkCommand,
  },
  {
    name: "config show",
    summary: "Print the config, secrets masked, with the origin of each value",
    load: async () => (await import("./config_show.ts")).configShowCommand,
  },
  {
    name: "config schema",
    summary: "Print the JSON Schema of the config file",
    load: async () => (await import("./config_schema.ts")).configSchemaCommand,
  },
  {
    name: "init",
    summary: "Write a config file to start from, and its schema",
    load: async () => (await import("./init.ts")).initCommand,
  },
  {
    name: "explain",
    summary: "Say where a request would go, and why; nobody is called",
    load: async () => (await import("./explain.ts")).explainCommand,
  },
  {
    name: "translate",
    summary:
      "Print what a request, answer or stream becomes in another protocol",
    load: async () => (await import("./translate.ts")).translateCommand,
  },
  {
    name: "keys new",
    summary: "Make a client key",
    load: async () => (await import("./keys_new.ts")).keysNewCommand,
  },
  {
    name: "keys hash",
    summary: "Print the keySha256 of a key on standard input",
    load: async () => (await import("./keys_hash.ts")).keysHashCommand,
  },
  {
    name: "usage list",
    summary: "List requests, the newest first",
    load: async () => (await import("./usage/usage_list.ts")).usageListCommand,
  },
  {
    name: "usage summary",
    summary: "Sum up requests: tokens, cost, times, by what you like",
    load: async () =>
      (await import("./usage/usage_summary.ts")).usageSummaryCommand,
  },
  {
    name: "usage export",
    summary: "Write the lines of requests out, as JSON lines or CSV",
    load: async () =>
      (await import("./usage/usage_export.ts")).usageExportCommand,
  },
  {
    name: "usage index",
    summary: "Make or refresh the index that speeds up summaries",
    load: async () =>
      (await import("./usage/usage_index.ts")).usageIndexCommand,
  },
  {
    name: "costs quote",
    summary: "Price recorded answers, one or a file of them",
    load: async () => (await import("./costs_quote.ts")).costsQuoteCommand,
  },
  {
    name: "costs report",
    summary: "Say what was spent, what was saved, and where it is going",
    load: async () => (await import("./costs_report.ts")).costsReportCommand,
  },
  {
    name: "costs reprice",
    summary: "Price logged requests again, by today's or another table",
    load: async () => (await import("./costs_reprice.ts")).costsRepriceCommand,
  },
  {
    name: "prices show",
    summary: "Say which price a model is billed at, and why",
    load: async () => (await import("./prices_show.ts")).pricesShowCommand,
  },
  {
    name: "prices list",
    summary: "List the prices in force, or the tables and their age",
    load: async () => (await import("./prices_list.ts")).pricesListCommand,
  },
  {
    name: "prices diff",
    summary: "Compare two price tables, price by price",
    load: async () => (await import("./prices_diff.ts")).pricesDiffCommand,
  },
  {
    name: "prices import",
    summary: "Take a price table from a file into the state folder",
    load: async () => (await import("./prices_import.ts")).pricesImportCommand,
  },
  {
    name: "prices sync",
    summary: "Take a price table from the network into the state folder",
    load: async () => (await import("./prices_sync.ts")).pricesSyncCommand,
  },
  {
    name: "heads list",
    summary: "List the back ends that are registered with a running gateway",
    load: async () => (await import("./heads_list.ts")).headsListCommand,
  },
  {
    name: "audit list",
    summary: "List who did what",
    load: async () => (await import("./audit_list.ts")).auditListCommand,
  },
  {
    name: "audit verify",
    summary: "Say whether the audit log is whole",
    load: async () => (await import("./audit_verify.ts")).auditVerifyCommand,
  },
  {
    name: "status",
    summary: "Say how a running gateway does",
    load: async () => (await import("./status.ts")).statusCommand,
  },
  {
    name: "version",
    summary: "Print the version",
    load: async () => (await import("./version.ts")).versionCommand,
  },
];
