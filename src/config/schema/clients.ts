/** Who may send requests, and how many, and for how much. @module */

import { z } from "zod";
import {
  choice,
  flag,
  ID,
  MODEL_PATTERN,
  named,
  optional,
  secret,
  section,
  whole,
} from "./fields.ts";

/** What is done when a budget is used up. */
export const ON_EXCEEDED = ["warn", "reject", "downgrade"] as const;

/** A sum of money in USD; 0: no budget. */
export function usd(
  value: number,
  doc: string,
): z.ZodDefault<z.ZodNumber> {
  return z.number().min(0).max(1e12).default(value).describe(doc);
}

/** A budget of one client or alias. */
export const budgetSchema = section({
  dailyUsd: usd(0, "Most USD per UTC day; 0: no limit."),
  weeklyUsd: usd(0, "Most USD per ISO week (UTC); 0: no limit."),
  monthlyUsd: usd(0, "Most USD per calendar month (UTC); 0: no limit."),
  onExceeded: choice(
    ON_EXCEEDED,
    "reject",
    "What happens to a request that does not fit.",
  ),
  downgradeTo: optional(
    z.string().min(1),
    "Alias or target used instead once the budget is used up (onExceeded: downgrade).",
  ),
}, "Most that may be spent.");

/** One client. */
export const clientSchema = z.strictObject({
  key: optional(
    z.union([
      secret("Reference to the client's key."),
      z.array(secret("Reference to a key.")).min(1),
    ]),
    "Reference to the client's key, or a list of them while keys are rotated.",
  ),
  keySha256: optional(
    z.string().regex(/^[0-9a-fA-F]{64}$/, "use 64 hexadecimal digits"),
    "SHA-256 of the client's key in hexadecimal: what `signalbox keys new` and `keys hash` print.",
  ),
  enabled: flag(true, "Whether the client's keys are accepted."),
  tier: ID.default("default").describe(
    "Class of the client for rules and metrics.",
  ),
  models: optional(
    z.array(MODEL_PATTERN).min(1),
    "Model names the client may ask for, with * for any text. Absent: all.",
  ),
  limits: section({
    requestsPerMinute: whole(
      0,
      "Most requests per minute, those that the response cache answers included; 0: no limit.",
    ),
    tokensPerMinute: whole(
      0,
      "Most tokens per minute; answers of the response cache take none; 0: no limit.",
    ),
    concurrent: whole(64, "Most requests at once; 0: no limit."),
  }, "How much the client may ask for."),
  budget: budgetSchema,
}).describe("One client.");

/** `clients`: by name. */
export const clientsSchema = named(
  ID,
  clientSchema,
  "Who may send requests. Absent: everyone on loopback is `local`.",
);
