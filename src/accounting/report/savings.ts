/**
 * What caches and routing saved, computed from the log and a price book: the
 * same tokens at another price, never an assumed share.
 *
 * @module
 */

import type { Ledger } from "../../exchange/usage.ts";
import { usdText } from "../../support/decimal.ts";
import type { Pricing } from "../attempt_pricer.ts";
import {
  type LoggedAttempt,
  type LoggedLine,
  pricedRequest,
} from "./logged_line.ts";

/** Savings of one kind. */
export interface SavingsPart {
  /** Decimal text in USD, `null`: not estimable. */
  readonly amount: string | null;
  /** Requests it was computed from. */
  readonly requests: number;
  /** Requests for which prices or facts are missing. */
  readonly notEstimable: number;
  /** How it was computed. */
  readonly arithmetic: string;
}

/** Savings of every kind. */
export interface SavingsDetails {
  /** Prompt tokens that providers read from their caches. */
  readonly providerCache: SavingsPart & {
    /** What writing to those caches cost more than plain input, decimal text in USD. */
    readonly writePremium: string;
  };
  /** Answers that were given again. */
  readonly responseCache: SavingsPart & { readonly hits: number };
  /** The choice among several targets. */
  readonly routing: SavingsPart;
}

/** A sum with the number of requests that are in it, and of those that are not. */
class Part {
  pico = 0n;
  requests = 0;
  missing = 0;

  add(pico: bigint | null): void {
    if (pico === null) this.missing++;
    else {
      this.pico += pico;
      this.requests++;
    }
  }

  /** `null` where there was something and none of it can be told. */
  get known(): bigint | null {
    return this.requests === 0 && this.missing > 0 ? null : this.pico;
  }

  view(arithmetic: string): SavingsPart {
    const { known, requests, missing } = this;
    return {
      amount: known === null ? null : usdText(known),
      requests,
      notEstimable: missing,
      arithmetic,
    };
  }
}

/** Hits and misses of the response cache for one name. */
interface CacheUse {
  hits: number;
  misses: number;
  missPico: bigint;
}

/** Sums savings over lines. */
export class Savings {
  /** Cache reads at the price of plain input, minus at their own. */
  readonly #reads = new Part();
  readonly #routing = new Part();
  readonly #cacheUse = new Map<string, CacheUse>();
  readonly #cheaper = new Map<string, bigint>();
  readonly #pricing: Pricing;
  #premium = 0n;

  /** Prices by one book throughout. */
  constructor(pricing: Pricing) {
    this.#pricing = pricing;
  }

  /** Adds a line of a moment that was asked for by `name`; `costPico` is its logged cost. */
  add(
    line: LoggedLine,
    atMs: number,
    name: string,
    costPico: bigint | null,
  ): void {
    for (const attempt of line.attempts) this.#addCacheReads(attempt, atMs);
    this.#addRouting(line, atMs);
    this.#addResponseCache(line, name, costPico);
  }

  /** 1e-12 USD that caches saved, `null` where it is not estimable. */
  get cachingPico(): bigint | null {
    const reads = this.#reads.known;
    const responses = this.#responsesPart().known;
    if (reads === null && responses === null) return null;
    return (reads ?? 0n) + (responses ?? 0n);
  }

  /** 1e-12 USD that routing saved, `null` where it is not estimable. */
  get routingPico(): bigint | null {
    return this.#routing.known;
  }

  /** What the cheapest eligible targets would have cost less than a provider did, 1e-12 USD. */
  cheaperPico(provider: string): bigint | null {
    return this.#cheaper.get(provider) ?? null;
  }

  /** Puts them as they are answered. */
  view(): SavingsDetails {
    let hits = 0;
    for (const use of this.#cacheUse.values()) hits += use.hits;
    return {
      providerCache: {
        ...this.#reads.view(
          "tokens read from a provider's cache at the price of plain input, minus at their own price",
        ),
        writePremium: usdText(this.#premium),
      },
      responseCache: {
        ...this.#responsesPart().view(
          "hits times the mean logged cost of the misses of the same name",
        ),
        hits,
      },
      routing: this.#routing.view(
        "the same tokens at the dearest priced target of the decision, minus at the one that answered",
      ),
    };
  }

  #addCacheReads(attempt: LoggedAttempt, atMs: number): void {
    const { ledger } = attempt.usage;
    const reads = ledger.cacheRead + ledger.cacheReadAudio;
    const writes = ledger.cacheWrite5m + ledger.cacheWrite1h;
    if (reads + writes === 0) return;
    const billed = this.#price(attempt, atMs, ledger);
    if (reads > 0) {
      const plain = this.#price(attempt, atMs, {
        ...ledger,
        input: ledger.input + ledger.cacheRead,
        cacheRead: 0,
        inputAudio: ledger.inputAudio + ledger.cacheReadAudio,
        cacheReadAudio: 0,
      });
      const known = plain !== null && billed !== null;
      this.#reads.add(known ? plain - billed : null);
    }
    if (writes === 0 || billed === null) return;
    const unwritten = this.#price(attempt, atMs, {
      ...ledger,
      input: ledger.input + writes,
      cacheWrite5m: 0,
      cacheWrite1h: 0,
    });
    if (unwritten !== null) this.#premium += billed - unwritten;
  }

  #addRouting({ attempts, order }: LoggedLine, atMs: number): void {
    const last = attempts.at(-1);
    if (last === undefined || last.usage.source === "none") return;
    const own = `${last.provider}/${last.model}`;
    const others = new Set(order.filter((id) => id !== own));
    if (others.size === 0) return;
    const actual = this.#priceAt(own, last, atMs);
    const prices = [...others].map((id) => this.#priceAt(id, last, atMs))
      .filter((pico) => pico !== null);
    if (actual === null || prices.length === 0) {
      this.#routing.add(null);
      return;
    }
    let dearest = actual;
    let cheapest = actual;
    for (const pico of prices) {
      if (pico > dearest) dearest = pico;
      if (pico < cheapest) cheapest = pico;
    }
    this.#routing.add(dearest - actual);
    const before = this.#cheaper.get(last.provider) ?? 0n;
    this.#cheaper.set(last.provider, before + actual - cheapest);
  }

  #addResponseCache(
    { cache }: LoggedLine,
    name: string,
    costPico: bigint | null,
  ): void {
    if (cache !== "hit" && cache !== "miss") return;
    const use = this.#cacheUse.get(name) ??
      { hits: 0, misses: 0, missPico: 0n };
    if (cache === "hit") use.hits++;
    else if (costPico !== null) {
      use.misses++;
      use.missPico += costPico;
    }
    this.#cacheUse.set(name, use);
  }

  #responsesPart(): Part {
    const part = new Part();
    for (const { hits, misses, missPico } of this.#cacheUse.values()) {
      if (hits === 0) continue;
      if (misses === 0) part.missing += hits;
      else {
        part.pico += missPico * BigInt(hits) / BigInt(misses);
        part.requests += hits;
      }
    }
    return part;
  }

  #price(
    attempt: LoggedAttempt,
    atMs: number,
    ledger: Ledger,
  ): bigint | null {
    return this.#pricing.cost({
      ...pricedRequest(attempt, atMs, this.#pricing),
      usage: { ...attempt.usage, ledger },
      trustReportedCost: false,
    }).totalPico;
  }

  /** The same tokens at another target; tiers and regions of one provider mean nothing at another. */
  #priceAt(id: string, attempt: LoggedAttempt, atMs: number): bigint | null {
    const slash = id.indexOf("/");
    const provider = id.slice(0, slash);
    const hosts = this.#pricing.provider(provider)?.hosts;
    return this.#pricing.cost({
      provider,
      host: hosts?.get(attempt.protocol) ?? hosts?.values().next().value ??
        null,
      model: id.slice(slash + 1),
      usage: { ...attempt.usage, raw: null, serviceTier: null, model: null },
      atMs,
      trustReportedCost: false,
    }).totalPico;
  }
}
