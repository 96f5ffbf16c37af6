/** Builds price books and requests for tests. @module */

import { assertEquals } from "@std/assert";
import { compileEntry } from "../../src/accounting/compile_entry.ts";
import type { PricedRequest } from "../../src/accounting/cost_breakdown.ts";
import { CostCalculator } from "../../src/accounting/cost_calculator.ts";
import { PriceBook } from "../../src/accounting/price_book.ts";
import type { PriceEntry } from "../../src/accounting/price_entry.ts";
import { PriceTable } from "../../src/accounting/price_table.ts";
import { isKnownProvider } from "../../src/accounting/provider_names.ts";
import type { CostSource } from "../../src/exchange/cost.ts";
import {
  emptyLedger,
  type Ledger,
  type Usage,
} from "../../src/exchange/usage.ts";

/** Compiles an entry that must be right. */
export function entryOf(source: unknown): PriceEntry {
  const { entry, problems } = compileEntry(source);
  assertEquals(problems, []);
  return entry;
}

/** A table from entries as they are written. */
export function tableOf(
  entries: Readonly<Record<string, unknown>>,
  source: CostSource = "embedded",
  isProvider: (name: string) => boolean = isKnownProvider,
): PriceTable {
  return new PriceTable({
    name: source,
    source,
    date: "2026-08-01",
    entries: new Map(
      Object.entries(entries).map(([key, written]) => {
        const entry = entryOf(written);
        const { aliases, pattern } = entry;
        return [key, { aliases, pattern, entry }];
      }),
    ),
  }, isProvider);
}

/** A calculator over one table. */
export function calculatorOf(
  entries: Readonly<Record<string, unknown>>,
  discounts?: ReadonlyMap<string, bigint>,
): CostCalculator {
  return new CostCalculator(new PriceBook([tableOf(entries)]), discounts);
}

/** Reported usage with these buckets. */
export function usageOf(
  buckets: Partial<Ledger>,
  rest: Partial<Usage> = {},
): Usage {
  return {
    ledger: { ...emptyLedger(), ...buckets },
    raw: null,
    source: "reported",
    serviceTier: null,
    model: null,
    ...rest,
  };
}

/** A request for `openai/m` on 2026-09-01, a Tuesday, at noon UTC. */
export function requestOf(
  buckets: Partial<Ledger>,
  rest: Partial<PricedRequest> = {},
): PricedRequest {
  return {
    provider: "openai",
    host: null,
    model: "m",
    usage: usageOf(buckets),
    atMs: Date.parse("2026-09-01T12:00:00Z"),
    ...rest,
  };
}
