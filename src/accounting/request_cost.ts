/** What a request cost in all: the sum over its attempts. @module */

import type { CostSource, CostStatus } from "../exchange/cost.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import {
  emptyLedger,
  type Ledger,
  type UsageSource,
} from "../exchange/usage.ts";

/** The buckets of a ledger, in the order in which they are written. */
export const LEDGER_BUCKETS: readonly (keyof Ledger)[] = [
  "input",
  "cacheRead",
  "cacheWrite5m",
  "cacheWrite1h",
  "inputAudio",
  "cacheReadAudio",
  "output",
  "reasoning",
  "outputAudio",
  "outputImage",
  "webSearch",
];

/** A sum of costs. The parts sum to the total exactly, where it is known. */
export interface CostSum {
  /** Total in 1e-12 USD, `null` where an attempt's is not known. */
  totalPico: bigint | null;
  /** Uncached input, in 1e-12 USD. */
  inputPico: bigint;
  /** Cache reads and writes, in 1e-12 USD. */
  cachedPico: bigint;
  /** Output, in 1e-12 USD. */
  outputPico: bigint;
  /** Reasoning where it has a rate of its own, in 1e-12 USD. */
  reasoningPico: bigint;
  /** Everything else, in 1e-12 USD. */
  otherPico: bigint;
  /** What the providers say they billed, in 1e-12 USD, `null` if none said. */
  reportedPico: bigint | null;
  /** The least certain of the attempts' statuses. */
  status: CostStatus;
  /** Where the last priced attempt's rates came from. */
  source: CostSource | null;
  /** Key of the last priced attempt's price entry. */
  priceKey: string | null;
  /** The day as of which that price holds, `null` if unsaid. */
  priceAsOf: string | null;
}

/** From sure to unknown: the sum is as sure as its least sure part. */
const DOUBT: { readonly [S in CostStatus]: number } = {
  "no-usage": 0,
  priced: 1,
  reported: 2,
  estimated: 3,
  unpriced: 4,
  invalid: 5,
};

/** Sums the costs of all attempts. An answer from the cache costs nothing. */
export function requestCost(exchange: Exchange): Readonly<CostSum> {
  const [only] = exchange.attempts;
  if (exchange.attempts.length === 1 && only?.cost) return only.cost;
  const sum: CostSum = {
    totalPico: exchange.cacheStatus === "hit" ? 0n : null,
    inputPico: 0n,
    cachedPico: 0n,
    outputPico: 0n,
    reasoningPico: 0n,
    otherPico: 0n,
    reportedPico: null,
    status: exchange.cacheStatus === "hit" ? "priced" : "no-usage",
    source: null,
    priceKey: null,
    priceAsOf: null,
  };
  for (const attempt of exchange.attempts) addCost(sum, attempt);
  return sum;
}

function addCost(sum: CostSum, { cost }: Attempt): void {
  if (cost === null) return;
  if (cost.reportedPico !== null) {
    sum.reportedPico = (sum.reportedPico ?? 0n) + cost.reportedPico;
  }
  // An attempt that consumed nothing does not make the sum unknown.
  if (cost.status === "no-usage") return;
  const isFirst = sum.status === "no-usage";
  sum.totalPico = cost.totalPico === null
    ? null
    : isFirst
    ? cost.totalPico
    : sum.totalPico === null
    ? null
    : sum.totalPico + cost.totalPico;
  sum.inputPico += cost.inputPico;
  sum.cachedPico += cost.cachedPico;
  sum.outputPico += cost.outputPico;
  sum.reasoningPico += cost.reasoningPico;
  sum.otherPico += cost.otherPico;
  if (DOUBT[cost.status] > DOUBT[sum.status]) sum.status = cost.status;
  sum.source = cost.source ?? sum.source;
  if (cost.priceKey === null) return;
  sum.priceKey = cost.priceKey;
  sum.priceAsOf = cost.priceAsOf;
}

/** Sums the ledgers of all attempts. */
export function requestLedger(exchange: Exchange): Ledger {
  const [first] = exchange.attempts;
  if (exchange.attempts.length === 1 && first !== undefined) {
    return first.usage.ledger;
  }
  const sum = emptyLedger();
  for (const { usage } of exchange.attempts) {
    for (const bucket of LEDGER_BUCKETS) sum[bucket] += usage.ledger[bucket];
  }
  return sum;
}

const UNSURE: { readonly [S in UsageSource]: number } = {
  none: 0,
  reported: 1,
  estimated: 2,
  partial: 3,
};

/** Where the numbers of a request come from: the least sure of its attempts. */
export function requestUsageSource(exchange: Exchange): UsageSource {
  let source: UsageSource = "none";
  for (const { usage } of exchange.attempts) {
    if (UNSURE[usage.source] > UNSURE[source]) source = usage.source;
  }
  return source;
}
