/**
 * Prices what an answer consumed. All arithmetic is in integers of 1e-12 USD;
 * each component is rounded once, and the components sum to the total.
 *
 * @module
 */

import type { Ledger } from "../exchange/usage.ts";
import { AppliedPrices } from "./applied_price.ts";
import { Bill } from "./bill.ts";
import {
  type CostBreakdown,
  noCost,
  type PricedRequest,
} from "./cost_breakdown.ts";
import type { PriceBook } from "./price_book.ts";
import { reportedPico } from "./reported_cost.ts";
import { LEDGER_BUCKETS } from "./request_cost.ts";

/** Prices answers by a price book. Immutable: a reload makes another. */
export class CostCalculator {
  readonly #book: PriceBook;
  readonly #discounts: ReadonlyMap<string, bigint>;
  readonly #applied = new AppliedPrices();

  /** Takes the prices, and the discounts in parts per million by provider id. */
  constructor(
    book: PriceBook,
    discounts: ReadonlyMap<string, bigint> = new Map(),
  ) {
    this.#book = book;
    this.#discounts = discounts;
  }

  /** Prices one attempt. */
  cost(request: PricedRequest): CostBreakdown {
    const { usage } = request;
    const reported = reportedPico(usage.raw);
    const trusted = reported !== null && (request.trustReportedCost ?? true);
    if (!isValid(usage.ledger)) return noCost("invalid", reported);
    const said = usage.source !== "none";
    if (!said && !trusted) return noCost("no-usage", reported);
    const discountPpm = this.#discounts.get(request.provider) ?? null;
    const bill = new Bill(
      this.#book,
      request,
      discountPpm,
      this.#applied,
    );
    if (said) bill.add();
    const computed = said ? bill.breakdown(reported) : noCost("no-usage", null);
    return trusted ? believed(computed, reported) : computed;
  }
}

/** Tells whether counts can be billed at all. */
function isValid(ledger: Ledger): boolean {
  for (const bucket of LEDGER_BUCKETS) {
    const count = ledger[bucket];
    if (!Number.isSafeInteger(count) || count < 0) return false;
  }
  return true;
}

/** Puts the provider's bill in the place of the computed one, which stays beside it. */
function believed(
  computed: CostBreakdown,
  reported: bigint,
): CostBreakdown {
  const same = computed.computedPico === reported;
  return {
    ...computed,
    status: "reported",
    source: "reported",
    totalPico: reported,
    reportedPico: reported,
    // The provider gives one sum: only an equal one may be split as computed.
    ...(same ? {} : {
      inputPico: 0n,
      cachedPico: 0n,
      outputPico: 0n,
      reasoningPico: 0n,
      otherPico: reported,
    }),
  };
}
