/**
 * What an answer consumed: disjoint token buckets, so that a sum is legal and
 * each bucket has one price.
 *
 * @module
 */

import type { JsonValue } from "../support/json.ts";

/**
 * Tokens by bucket, no token in two buckets. Whole numbers, never negative.
 * `reasoning` is not contained in `output`, `cacheRead` not in `input`.
 */
export interface Ledger {
  /** Prompt tokens that were neither read from nor written to a cache. */
  input: number;
  /** Prompt tokens read from the provider's cache. */
  cacheRead: number;
  /** Prompt tokens written to a cache that lives five minutes (or the provider's default). */
  cacheWrite5m: number;
  /** Prompt tokens written to a cache that lives an hour. */
  cacheWrite1h: number;
  /** Audio prompt tokens, uncached. */
  inputAudio: number;
  /** Audio prompt tokens read from a cache. */
  cacheReadAudio: number;
  /** Visible output tokens: text, tool arguments, refusals. */
  output: number;
  /** Hidden or visible thinking tokens. */
  reasoning: number;
  /** Audio output tokens. */
  outputAudio: number;
  /** Image output tokens. */
  outputImage: number;
  /** Web searches the provider ran and bills apart. A count, not tokens. */
  webSearch: number;
}

/** Where the numbers of a {@linkcode Usage} come from. */
export type UsageSource = "reported" | "estimated" | "partial" | "none";

/** What one model consumed, where several took part in one answer. */
export interface UsagePass {
  /** The model, `null` for the one that answers. */
  readonly model: string | null;
  /** Its share of the buckets. */
  readonly ledger: Ledger;
}

/** One attempt's consumption. */
export interface Usage {
  /** The disjoint buckets. */
  ledger: Ledger;
  /** The provider's usage object as it came, `null` where there was none. */
  raw: JsonValue;
  /** Where the numbers come from. */
  source: UsageSource;
  /** The tier the provider says it served (`service_tier`), `null` if unsaid. */
  serviceTier: string | null;
  /** The model the provider says it served, `null` if unsaid. */
  model: string | null;
  /**
   * The ledger by model where an answer had several (compaction, advisors,
   * fallbacks): prices and tiers differ. Absent: all of it is `model`'s.
   */
  passes?: readonly UsagePass[];
}

/** Makes a ledger of zeros. */
export function emptyLedger(): Ledger {
  return {
    input: 0,
    cacheRead: 0,
    cacheWrite5m: 0,
    cacheWrite1h: 0,
    inputAudio: 0,
    cacheReadAudio: 0,
    output: 0,
    reasoning: 0,
    outputAudio: 0,
    outputImage: 0,
    webSearch: 0,
  };
}

/** Makes the usage of an attempt that reported nothing. */
export function noUsage(): Usage {
  return {
    ledger: emptyLedger(),
    raw: null,
    source: "none",
    serviceTier: null,
    model: null,
  };
}

/** Sums everything that was billed as prompt. */
export function totalInput(ledger: Ledger): number {
  return ledger.input + ledger.cacheRead + ledger.cacheWrite5m +
    ledger.cacheWrite1h + ledger.inputAudio + ledger.cacheReadAudio;
}

/** Sums everything that was billed as completion, reasoning included. */
export function totalOutput(ledger: Ledger): number {
  return ledger.output + ledger.reasoning + ledger.outputAudio +
    ledger.outputImage;
}
