/**
 * The whole config file: one strict schema, from which the types, the defaults
 * and the JSON Schema come. What a single section holds stands in `schema/`;
 * what sections must agree on is checked in `checks/`.
 *
 * @module
 */

import { z } from "zod";
import {
  auditSchema,
  budgetsSchema,
  cacheSchema,
  loggingSchema,
  metricsSchema,
} from "./schema/accounting.ts";
import {
  type budgetSchema,
  type clientSchema,
  clientsSchema,
} from "./schema/clients.ts";
import { text } from "./schema/fields.ts";
import {
  type aliasSchema,
  modelsSchema,
  type ruleSchema,
  rulesSchema,
} from "./schema/models.ts";
import { type priceEntrySchema, pricingSchema } from "./schema/pricing.ts";
import {
  type editSchema,
  type modelSettingsSchema,
  type providerSchema,
  providersSchema,
} from "./schema/providers.ts";
import { responsesSchema, routingSchema } from "./schema/routing.ts";
import {
  adminSchema,
  type limitsSchema,
  logSchema,
  serverSchema,
} from "./schema/server.ts";
import type { simulatorSchema } from "./schema/simulator.ts";

/** The config file. */
export const configSchema = z.strictObject({
  $schema: z.string().optional().describe(
    "JSON Schema of this file, for editors.",
  ),
  server: serverSchema,
  admin: adminSchema,
  stateDir: text(
    "./data",
    "Folder of everything that is kept; relative to the working directory.",
  ),
  logDir: text(
    "<stateDir>/logs",
    "Folder of the audit file; relative to the working directory. <stateDir> stands for stateDir.",
  ),
  log: logSchema,
  clients: clientsSchema,
  providers: providersSchema,
  models: modelsSchema,
  rules: rulesSchema,
  routing: routingSchema,
  responses: responsesSchema,
  pricing: pricingSchema,
  budgets: budgetsSchema,
  cache: cacheSchema,
  logging: loggingSchema,
  metrics: metricsSchema,
  audit: auditSchema,
}).describe("Configuration of Signalbox.");

/** The config with every default filled in; names are keys of maps, secrets are hidden. */
export type Config = z.output<typeof configSchema>;

/** `server`. */
export type ServerConfig = Config["server"];

/** `server.limits`. */
export type LimitsConfig = z.output<typeof limitsSchema>;

/** One of `clients`. */
export type ClientConfig = z.output<typeof clientSchema>;

/** A budget of a client or alias. */
export type BudgetConfig = z.output<typeof budgetSchema>;

/** One of `providers`. */
export type ProviderConfig = z.output<typeof providerSchema>;

/** One of `providers.*.edits`. */
export type EditConfig = z.output<typeof editSchema>;

/** One of `providers.*.modelSettings`. */
export type ModelSettingsConfig = z.output<typeof modelSettingsSchema>;

/** `providers.*.simulator`. */
export type SimulatorConfig = z.output<typeof simulatorSchema>;

/** One of `models`. */
export type AliasConfig = z.output<typeof aliasSchema>;

/** One of `rules`. */
export type RuleConfig = z.output<typeof ruleSchema>;

/** `routing`. */
export type RoutingConfig = Config["routing"];

/** `pricing`. */
export type PricingConfig = Config["pricing"];

/** One of `pricing.models`. */
export type PriceEntryConfig = z.output<typeof priceEntrySchema>;

/** `budgets`: all clients together. */
export type BudgetsConfig = Config["budgets"];

/** `logging`. */
export type LoggingConfig = Config["logging"];

/** `metrics`. */
export type MetricsConfig = Config["metrics"];
