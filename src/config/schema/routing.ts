/** How targets are chosen, retried and rested. @module */

import { z } from "zod";
import { between, choice, flag, list, section, whole } from "./fields.ts";
import { ON_LOSS } from "./models.ts";

const retrySchema = section({
  maxAttempts: whole(3, "Most attempts of one request, the first included.", {
    least: 1,
    most: 100,
  }),
  sameTargetRetries: whole(
    1,
    "How often the same target is tried again before the next one.",
    { most: 100 },
  ),
  budgetRatio: between(
    0.2,
    [0, 1],
    "Most retries as a share of the requests; 0: no retries at all once the first attempts ran.",
  ),
  backoffMs: z.tuple([z.number().int().min(0), z.number().int().min(0)])
    .default([50, 500]).describe(
      "Shortest and longest pause before an attempt, drawn at random.",
    ),
  maxRetryAfterMs: whole(
    30000,
    "Longest Retry-After that is waited for; above it the next target is tried.",
  ),
}, "When a failed attempt is followed by another.");

const breakerSchema = section({
  enabled: flag(true, "Whether failing targets are left out for a while."),
  consecutiveFailures: whole(5, "Failures in a row that open it.", {
    least: 1,
  }),
  failureRatio: between(0.5, [0, 1], "Share of failures that opens it."),
  minRequests: whole(20, "Requests in the window before the share counts.", {
    least: 1,
  }),
  windowMs: whole(30000, "Window of the share.", { least: 1 }),
  openMs: whole(30000, "How long it stays open first.", { least: 1 }),
  maxOpenMs: whole(300000, "How long it stays open at most.", { least: 1 }),
  halfOpenProbes: whole(1, "Requests let through to try it.", { least: 1 }),
}, "Leaves out targets that fail.");

const cooldownSchema = section({
  rateLimit: whole(30000, "After a 429 without Retry-After; 0: none."),
  auth: whole(600000, "After a refused key; 0: none."),
  quota: whole(3600000, "After a used-up quota; 0: none."),
  serverError: whole(30000, "After a server error; 0: none."),
  timeout: whole(30000, "After a timeout; 0: none."),
  max: whole(18000000, "Longest rest, whatever the provider says."),
}, "How long a key or target rests after a failure, in milliseconds.");

/** `routing`. */
export const routingSchema = section({
  windowMs: whole(300000, "Window of measured latency, speed and cost.", {
    least: 1000,
  }),
  explorationRate: between(
    0.05,
    [0, 1],
    "Share of requests that measuring selectors send to a random target.",
  ),
  onLoss: choice(
    ON_LOSS,
    "header",
    "When a translation cannot say everything: name it in a header, or refuse with 400.",
  ),
  stateTtlMs: whole(86400000, "How long measurements are kept unused.", {
    least: 1,
  }),
  commit: section({
    maxHeldBytes: whole(
      65536,
      "Bytes held before the first content; then they are sent.",
    ),
    maxHeldMs: whole(
      10000,
      "Time held before the first content; then heartbeats are sent.",
    ),
  }, "How long another target can still take over a stream."),
  retry: retrySchema,
  breaker: breakerSchema,
  cooldownMs: cooldownSchema,
  health: section({
    halfLifeMs: whole(60000, "After this time an outcome counts half.", {
      least: 1,
    }),
  }, "Health score of providers."),
  costAware: section({
    weight: between(0.3, [0, 1], "Weight of the cost."),
    warnWeight: between(
      0.5,
      [0, 1],
      "Weight of the cost once a budget warns.",
    ),
    criticalWeight: between(
      0.8,
      [0, 1],
      "Weight of the cost once a budget is critical.",
    ),
  }, "Selector cost_aware."),
  performance: section({
    costFloorPer1M: z.number().positive().max(1e6).default(0.01).describe(
      "USD per million tokens that free targets count as.",
    ),
    minSamples: whole(3, "Answers of a target before its score counts.", {
      least: 1,
    }),
  }, "Selector performance."),
  heads: section({
    enabled: flag(false, "Whether back ends may register themselves."),
    leaseMs: whole(30000, "How long a head lives without a heartbeat.", {
      least: 1,
    }),
    allow: list(z.string().min(1), "Host:port patterns heads may have.")
      .unwrap().default(["127.0.0.1:*"]).describe(
        "Host:port patterns that heads may have, with * for any text.",
      ),
    minimum: whole(0, "Fewest heads before it is alerted; 0: no alert."),
    max: whole(1000, "Most heads.", { least: 1 }),
  }, "Back ends that register themselves."),
}, "How targets are chosen, retried and rested.");

/** `responses`: what GET /v1/responses/{id} is answered from. */
export const responsesSchema = section({
  store: flag(false, "Whether answers are kept for GET /v1/responses/{id}."),
  ttlMs: whole(3600000, "How long they are kept.", { least: 1 }),
  maxBytes: whole(67108864, "Bytes of all kept answers.", { least: 1 }),
}, "The store behind GET /v1/responses/{id} and previous_response_id.");
