/** Which rate each bucket of the ledger is billed at, and what stands in where it is unknown. @module */

import type { Ledger } from "../exchange/usage.ts";
import type { RateKey, Rates } from "./price_entry.ts";

/** A bucket of tokens. */
export type TokenBucket = Exclude<keyof Ledger, "webSearch">;

/** Where a component is booked in the cost. */
export type CostGroup = "input" | "cached" | "output" | "reasoning" | "other";

/** How a bucket is priced. */
export interface BucketRule {
  /** The bucket. */
  readonly bucket: TokenBucket;
  /** Its own rate, then what stands in for it. Never nothing: unknown is not free. */
  readonly keys: readonly [RateKey, ...RateKey[]];
  /** Where it is booked. */
  readonly group: CostGroup;
}

/** Every bucket of tokens. */
export const BUCKET_RULES: readonly BucketRule[] = [
  { bucket: "input", keys: ["inputPer1M"], group: "input" },
  { bucket: "cacheRead", keys: ["cachedPer1M", "inputPer1M"], group: "cached" },
  {
    bucket: "cacheWrite5m",
    keys: ["cacheWritePer1M", "inputPer1M"],
    group: "cached",
  },
  {
    bucket: "cacheWrite1h",
    keys: ["cacheWrite1hPer1M", "cacheWritePer1M", "inputPer1M"],
    group: "cached",
  },
  {
    bucket: "inputAudio",
    keys: ["audioInputPer1M", "inputPer1M"],
    group: "other",
  },
  {
    bucket: "cacheReadAudio",
    keys: ["audioCachedPer1M", "audioInputPer1M", "cachedPer1M", "inputPer1M"],
    group: "other",
  },
  // The answer of a model that only draws is a picture.
  {
    bucket: "output",
    keys: ["outputPer1M", "imageOutputPer1M"],
    group: "output",
  },
  {
    bucket: "reasoning",
    keys: ["reasoningPer1M", "outputPer1M"],
    group: "reasoning",
  },
  {
    bucket: "outputAudio",
    keys: ["audioOutputPer1M", "outputPer1M"],
    group: "other",
  },
  {
    bucket: "outputImage",
    keys: ["imageOutputPer1M", "outputPer1M"],
    group: "other",
  },
];

/** The rate of a bucket: what it is, and whether it is its own. */
export interface FoundRate {
  /** 1e-12 USD per token. */
  readonly pico: bigint;
  /** Whether the bucket has a rate of its own. */
  readonly own: boolean;
}

/** Finds the rate of a bucket, `null` where not even a substitute is known. */
export function rateOf(rule: BucketRule, rates: Rates): FoundRate | null {
  for (const [index, key] of rule.keys.entries()) {
    const pico = rates[key];
    if (pico !== undefined) return { pico, own: index === 0 };
  }
  return null;
}
