/** The names that clients ask for, and the rules before them. @module */

import { z } from "zod";
import { budgetSchema } from "./clients.ts";
import {
  choice,
  flag,
  HEADER_NAME,
  list,
  MODEL_NAME,
  MODEL_PATTERN,
  named,
  optional,
  whole,
} from "./fields.ts";

/** How a target is picked from a group. */
export type SelectorName = typeof SELECTOR_NAMES[number];

/** All selectors. */
export const SELECTOR_NAMES = [
  "random",
  "weighted",
  "in_order",
  "round_robin",
  "cost",
  "latency",
  "performance",
  "cost_aware",
  "usage",
  "least_loaded",
  "geo_preferred",
  "model_specific",
  "hybrid",
] as const;

/** What a rule may look at beside the model: the route that was called. */
export const ENDPOINT_NAMES = [
  "chat",
  "messages",
  "responses",
  "count_tokens",
  "embeddings",
] as const;

/** `onLoss`: what is done when a translation cannot say everything. */
export const ON_LOSS = ["header", "reject"] as const;

const TARGET = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\/[A-Za-z0-9._:/@+-]{1,256}$/,
  "use provider/model",
).describe("provider/model, split at the first slash.");

/** A target, with its weight where it has one. */
export const targetSchema = z.union([
  TARGET,
  z.strictObject({
    target: TARGET,
    weight: z.number().min(0).max(1e6).default(1).describe(
      "Share of this target (selector: weighted); 0: only when nothing else is left.",
    ),
  }),
]).describe("A target, with its weight where it has one.");

const headFilter = z.strictObject({
  modelType: optional(z.string().min(1), "Only heads of this class."),
  region: optional(z.string().min(1), "Only heads of this region."),
}).describe("Registered back ends, filtered.");

const groupShape = {
  selector: choice(
    SELECTOR_NAMES,
    "in_order",
    "How a target is picked.",
  ),
  targets: list(targetSchema, "Where requests can go."),
  heads: optional(headFilter, "Registered back ends that take part."),
} as const;

/** Targets that are tried before those of the next group. */
export const groupSchema = z.strictObject(groupShape)
  .describe("Targets that are tried before those of the next group.");

/** One alias. */
export const aliasSchema = z.strictObject({
  ...groupShape,
  groups: list(
    groupSchema,
    "Groups of targets in order: the next one only when this one has nothing left. Instead of targets.",
  ),
  onLoss: optional(
    z.enum(ON_LOSS),
    "What is done when a translation cannot say everything. null: routing.onLoss.",
  ),
  modelType: optional(z.string().min(1), "Class of the alias for metrics."),
  cache: flag(false, "Whether answers may come from the response cache."),
  budget: budgetSchema,
  affinity: optional(
    z.strictObject({
      by: choice(
        ["prefix", "header"],
        "prefix",
        "What keeps requests together: their first messages, or a header.",
      ),
      header: optional(HEADER_NAME, "The header (by: header)."),
      ttlMs: whole(300000, "How long a target is remembered.", { least: 1 }),
      maxEntries: whole(10000, "Most remembered targets.", { least: 1 }),
    }),
    "Keeps requests that belong together on one target. Absent: none.",
  ),
}).describe("One alias.");

/** `models`: the aliases by name. */
export const modelsSchema = named(
  MODEL_NAME,
  aliasSchema,
  "The names that clients ask for.",
);

/** What a request must be for a rule to apply: every condition that is present. */
export const whenSchema = z.strictObject({
  model: optional(
    z.union([MODEL_PATTERN, z.array(MODEL_PATTERN).min(1)]),
    "Requested name, with * for any text; one or a list.",
  ),
  inputTokensOver: optional(
    z.number().int().min(0),
    "Estimated input tokens are more than this.",
  ),
  tools: list(
    z.string().min(1),
    "One of these tools is offered, by name or type, with * for any text.",
  ),
  tier: list(z.string().min(1), "The client's tier is one of these."),
  client: list(z.string().min(1), "The client is one of these."),
  endpoint: list(
    z.enum(ENDPOINT_NAMES),
    "The endpoint is one of these.",
  ),
  images: optional(z.boolean(), "Images are (true) or are not (false) sent."),
  thinking: optional(
    z.boolean(),
    "Thinking is (true) or is not (false) asked for.",
  ),
  headers: named(
    HEADER_NAME,
    z.string().min(1).describe("Value, with * for any text."),
    "Request headers have these values.",
  ),
}).describe("What a request must be: every condition that is present.");

/** One rule. */
export const ruleSchema = z.strictObject({
  when: whenSchema,
  use: z.string().min(1).describe("Alias or target that is used then."),
}).describe("One rule.");

/** `rules`: before the aliases, first match wins. */
export const rulesSchema = list(
  ruleSchema,
  "Tried before the aliases; the first match wins.",
);
