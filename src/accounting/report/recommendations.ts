/** Advice that follows from the numbers of a report; each says its rule, its numbers and its arithmetic. @module */

import { usdText } from "../../support/decimal.ts";

/** A piece of advice. */
export interface Recommendation {
  /** What it is about. */
  readonly type: "caching" | "provider" | "peak";
  /** How much it matters. */
  readonly priority: "high" | "medium" | "low";
  /** In a few words. */
  readonly title: string;
  /** What was found and what may help. */
  readonly description: string;
  /** The rule that fired. */
  readonly rule: string;
  /** The numbers it fired on. */
  readonly numbers: Readonly<Record<string, string | number>>;
  /** Computed from the log, decimal text in USD; `null`: not estimable. */
  readonly potentialSavings: string | null;
}

/** What advice is drawn from. Money in 1e-12 USD. */
export interface ReportFacts {
  /** Known cost. */
  readonly actualPico: bigint;
  /** Saved by caches, `null` where not estimable. */
  readonly cachingPico: bigint | null;
  /** Saved by caches and routing, and spent. */
  readonly potentialPico: bigint;
  /** Cost by provider. */
  readonly byProvider: ReadonlyMap<string, bigint>;
  /** Cost by hour of the day, UTC. */
  readonly byHour: readonly bigint[];
  /** What the cheapest eligible targets would have cost less than a provider did, `null` where not estimable. */
  cheaperPico(provider: string): bigint | null;
}

const CACHING_PERCENT = 30n;
const PROVIDER_PERCENT = 30n;
const PEAK_FACTOR = 2n;

/** Draws the advice, the most important first. */
export function recommendationsOf(facts: ReportFacts): Recommendation[] {
  if (facts.actualPico === 0n) return [];
  return [...caching(facts), ...providers(facts), ...peak(facts)];
}

function* caching(facts: ReportFacts): Generator<Recommendation> {
  const { cachingPico, potentialPico } = facts;
  if (cachingPico === null) return;
  if (cachingPico * 100n >= potentialPico * CACHING_PERCENT) return;
  const share = percent(cachingPico, potentialPico);
  yield {
    type: "caching",
    priority: "high",
    title: "Caches save little",
    description:
      `Caches saved ${share} % of what would have been spent without them. Stable beginnings of prompts let providers' caches work; alias affinity keeps a conversation where its cache is; the response cache answers what was asked before.`,
    rule: "savings by caches below 30 % of the cost without savings",
    numbers: {
      cachingAmount: usdText(cachingPico),
      totalPotentialCost: usdText(potentialPico),
      percent: share,
    },
    // The log holds no prompts: what repeats in them cannot be told.
    potentialSavings: null,
  };
}

function* providers(facts: ReportFacts): Generator<Recommendation> {
  const { byProvider, actualPico } = facts;
  // Where there is one, it has all of the cost and nothing follows from that.
  if (byProvider.size < 2) return;
  const sorted = [...byProvider].sort(([, left], [, right]) =>
    left === right ? 0 : left > right ? -1 : 1
  );
  for (const [provider, pico] of sorted) {
    if (pico * 100n <= actualPico * PROVIDER_PERCENT) return;
    const cheaper = facts.cheaperPico(provider);
    const share = percent(pico, actualPico);
    yield {
      type: "provider",
      priority: "medium",
      title: `${provider} has ${share} % of the cost`,
      description: cheaper === null
        ? `No decision that chose ${provider} had another priced target: aliases with several targets would let routing choose.`
        : `The cheapest eligible targets of its decisions would have cost ${
          usdText(cheaper)
        } USD less for the same tokens.`,
      rule: "a provider above 30 % of the cost, where there are several",
      numbers: {
        providerCost: usdText(pico),
        actualCost: usdText(actualPico),
        percent: share,
      },
      potentialSavings: cheaper === null ? null : usdText(cheaper),
    };
  }
}

function* peak({ byHour, actualPico }: ReportFacts): Generator<Recommendation> {
  const hours = byHour
    .map((pico, hour) => ({ pico, hour }))
    .filter(({ pico }) => pico * 24n > actualPico * PEAK_FACTOR);
  // A handful of requests has hours, but no peak.
  const busy = byHour.filter((pico) => pico > 0n).length;
  if (hours.length === 0 || busy < 12) return;
  const names = hours.map(({ hour }) => String(hour).padStart(2, "0"));
  const pico = hours.reduce((sum, one) => sum + one.pico, 0n);
  yield {
    type: "peak",
    priority: "low",
    title: `Peak hours: ${names.join(", ")} UTC`,
    description:
      "These hours of the day cost more than twice the mean hour. Work that can wait may use batches or off-peak prices where a provider has them.",
    rule: "an hour of the day above twice the mean hour",
    numbers: {
      hours: names.join(" "),
      peakCost: usdText(pico),
      percent: percent(pico, actualPico),
    },
    // The log does not say which requests could have waited.
    potentialSavings: null,
  };
}

/** With one decimal; 0 of nothing. */
export function percent(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(part * 1000n / whole) / 10;
}
