/** The lines of one answer's bill: every model that took part, then what is billed once. @module */

import type { AppliedPrice, CostStatus } from "../exchange/cost.ts";
import { type Ledger, totalInput, type UsagePass } from "../exchange/usage.ts";
import { divideHalfEven } from "../support/decimal.ts";
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from "../support/json.ts";
import type { AppliedPrices } from "./applied_price.ts";
import {
  type CostBreakdown,
  type CostComponent,
  noCost,
  type PricedPass,
  type PricedRequest,
} from "./cost_breakdown.ts";
import { BUCKET_RULES, rateOf } from "./ledger_rates.ts";
import type { PriceBook, PriceMatch } from "./price_book.ts";
import type { PriceEntry, SearchContextSize } from "./price_entry.ts";
import { canonicalProvider, regionOfHost } from "./provider_names.ts";
import { pricedTier, type RatesAt, ratesAt } from "./rates_at.ts";

const MILLION = 1_000_000n;

/** Builds the bill of one answer. */
export class Bill {
  readonly #book: PriceBook;
  readonly #request: PricedRequest;
  readonly #raw: JsonObject;
  readonly #discountPpm: bigint | null;
  readonly #applied: AppliedPrices;
  readonly #components: CostComponent[] = [];
  readonly #passes: PricedPass[] = [];
  readonly #missing: string[] = [];
  #unpriced = false;

  /** Starts an empty bill for one answer; `applied` spells the prices. */
  constructor(
    book: PriceBook,
    request: PricedRequest,
    discountPpm: bigint | null,
    applied: AppliedPrices,
  ) {
    this.#book = book;
    this.#request = request;
    this.#raw = isJsonObject(request.usage.raw) ? request.usage.raw : {};
    this.#discountPpm = discountPpm;
    this.#applied = applied;
  }

  /** Bills every model that took part, then what is billed once per answer. */
  add(): void {
    const { usage } = this.#request;
    const passes: readonly UsagePass[] = usage.passes ??
      [{ model: usage.model, ledger: usage.ledger }];
    let main: PricedPass | null = null;
    for (const pass of passes) {
      const priced = this.#pass(pass);
      // Fees of the answer are those of the model that gave it.
      if (main === null || priced.model === usage.model) main = priced;
    }
    if (main !== null) this.#fees(main);
  }

  #pass({ model, ledger }: UsagePass): PricedPass {
    const { provider, host, model: target, usage } = this.#request;
    const region = this.#region();
    // A model that took part beside has its own price or none, never the target's.
    const match = this.#book.find({
      provider,
      host,
      model: usage.passes !== undefined && model !== null ? model : target,
      responseModel: model ?? usage.model,
      region,
      isStated: this.#request.isStatedProvider ?? false,
    });
    const priced: PricedPass = {
      model: model ?? usage.model ?? target,
      match,
      at: match === null ? null : ratesAt(match.entry, {
        totalInput: totalInput(ledger),
        atMs: this.#request.atMs,
        serviceTier: this.#tier(),
        region,
      }),
    };
    this.#passes.push(priced);
    this.#tokens(priced, ledger);
    return priced;
  }

  /** The tier that was served; a request for priority can be served as default. */
  #tier(): string | null {
    const { usage, serviceTier, speed, batch } = this.#request;
    const served = this.#raw.speed ?? speed;
    if (served === "fast") return "fast";
    if (batch === true || usage.serviceTier === "batch") return "batch";
    return pricedTier(usage.serviceTier ?? serviceTier ?? null);
  }

  #region(): string | null {
    const { region, host } = this.#request;
    const served = this.#raw.inference_geo;
    const named = typeof served === "string" && served !== "not_available"
      ? served
      : region ?? (host === null ? null : regionOfHost(host));
    return named?.toLowerCase() ?? null;
  }

  #tokens({ match, at, model }: PricedPass, ledger: Ledger): void {
    if (match === null || at === null) {
      this.#unpriced = true;
      return;
    }
    if (at.unknownServiceTier !== null) {
      this.#lacks(`serviceTier:${at.unknownServiceTier}`);
    }
    if (isPerRequestOnly(match.entry)) return;
    for (const rule of BUCKET_RULES) {
      const images = rule.bucket === "input"
        ? this.#images(at, model, ledger.input)
        : 0;
      const units = ledger[rule.bucket] - images;
      if (units === 0) continue;
      const explicit = rule.bucket === "cacheRead" && this.#isExplicitCache();
      const rate = explicit && at.rates.cachedExplicitPer1M !== undefined
        ? { pico: at.rates.cachedExplicitPer1M, own: true }
        : rateOf(rule, at.rates);
      if (rate === null) {
        this.#unpriced = true;
        continue;
      }
      if (!rate.own) this.#lacks(rule.bucket);
      const apart = rule.group === "reasoning" && !rate.own;
      this.#line({
        name: rule.bucket,
        model,
        units,
        ratePico: rate.pico,
        group: apart ? "output" : rule.group,
      }, at.factorsPpm);
    }
  }

  /** Bills pictures in the prompt where they have a rate of their own; they are part of the ledger's input. */
  #images(at: RatesAt, model: string, most: number): number {
    const ratePico = at.rates.imageInputPer1M;
    if (ratePico === undefined || this.#request.usage.passes !== undefined) {
      return 0;
    }
    const units = Math.min(imageTokens(this.#raw), most);
    if (units === 0) return 0;
    const line = { name: "inputImage", model, units, ratePico } as const;
    this.#line({ ...line, group: "input" }, at.factorsPpm);
    return units;
  }

  #lacks(rate: string): void {
    if (!this.#missing.includes(rate)) this.#missing.push(rate);
  }

  /** Alibaba bills hits on caches that were made on purpose at another rate. */
  #isExplicitCache(): boolean {
    const details = this.#raw.prompt_tokens_details;
    const type = isJsonObject(details) ? details.cache_type : undefined;
    return typeof type === "string" && type !== "" && type !== "implicit";
  }

  #fees({ match, at, model }: PricedPass): void {
    if (match === null || at === null) return;
    const { entry } = match;
    const perRequest = entry.perRequestPico ?? this.#sizedFee(match);
    if (perRequest !== null && perRequest > 0n) {
      const fee = { units: 1, ratePico: perRequest, group: "other" } as const;
      this.#line({ name: "requests", model, ...fee }, []);
    }
    const cited = this.#raw.citation_tokens;
    const perCitation = at.rates.citationPer1M;
    if (typeof cited === "number" && cited > 0 && perCitation !== undefined) {
      const line = { ratePico: perCitation, group: "other" } as const;
      const units = Math.floor(cited);
      this.#line({ name: "citations", model, units, ...line }, at.factorsPpm);
    }
    this.#searches(match, model, perRequest !== null);
  }

  #searches(match: PriceMatch, model: string, feeInstead: boolean): void {
    const { entry } = match;
    const found = this.#request.usage.ledger.webSearch;
    if (found === 0 || feeInstead) return;
    if (entry.webSearchPer1KPico === null) {
      this.#lacks("webSearch");
      return;
    }
    const units = entry.webSearchUnit === "request" ? 1 : found;
    const ratePico = entry.webSearchPer1KPico;
    this.#line(
      { name: "webSearch", model, units, ratePico, group: "other" },
      [],
      1000n,
    );
  }

  #sizedFee({ entry, provider }: PriceMatch): bigint | null {
    const said = this.#raw.search_context_size;
    const size = isSize(said)
      ? said
      : this.#request.searchContextSize ?? defaultSize(provider);
    return entry.perRequestBySizePico.get(size) ?? null;
  }

  #line(
    line: Omit<CostComponent, "pico">,
    factorsPpm: readonly bigint[],
    per: bigint = 1n,
  ): void {
    let dividend = BigInt(line.units) * line.ratePico;
    let divisor = per;
    for (const factor of factorsPpm) {
      dividend *= factor;
      divisor *= MILLION;
    }
    if (this.#discountPpm !== null) {
      dividend *= this.#discountPpm;
      divisor *= MILLION;
    }
    const pico = divisor === 1n ? dividend : divideHalfEven(dividend, divisor);
    this.#components.push({ ...line, pico });
  }

  /** Sums the lines up; `reported` is the provider's own bill, which stands beside. */
  breakdown(reported: bigint | null): CostBreakdown {
    const main = this.#passes.find(({ match }) => match !== null)?.match;
    const discountPpm = this.#discountPpm;
    const passes = this.#passes;
    if (this.#unpriced || main === undefined || main === null) {
      return { ...noCost("unpriced", reported), passes, discountPpm };
    }
    const sums = {
      input: 0n,
      cached: 0n,
      output: 0n,
      reasoning: 0n,
      other: 0n,
    };
    let total = 0n;
    for (const { group, pico } of this.#components) {
      sums[group] += pico;
      total += pico;
    }
    return {
      status: this.#status(),
      source: this.#isFallback() ? "estimated" : main.source,
      totalPico: total,
      inputPico: sums.input,
      cachedPico: sums.cached,
      outputPico: sums.output,
      reasoningPico: sums.reasoning,
      otherPico: sums.other,
      reportedPico: reported,
      priceKey: main.key,
      priceAsOf: main.date,
      prices: this.#prices(),
      computedPico: total,
      components: this.#components,
      passes,
      rateMissing: this.#missing,
      discountPpm,
    };
  }

  #prices(): AppliedPrice[] {
    const prices: AppliedPrice[] = [];
    for (const { match, at } of this.#passes) {
      if (match === null || at === null) continue;
      prices.push(this.#applied.of(match, at, this.#discountPpm));
    }
    return prices;
  }

  #isFallback(): boolean {
    return this.#passes.some(({ match }) => match?.rule === "fallback");
  }

  #status(): CostStatus {
    const { source } = this.#request.usage;
    return source === "reported" && !this.#isFallback()
      ? "priced"
      : "estimated";
  }
}

/** Tokens of pictures in the prompt, as a usage object of OpenAI or Gemini tells them. */
function imageTokens(usage: JsonObject): number {
  const details = usage.input_tokens_details ?? usage.prompt_tokens_details ??
    usage.input_token_details;
  if (isJsonObject(details)) return countOf(details.image_tokens);
  const listed = usage.promptTokensDetails;
  if (!Array.isArray(listed)) return 0;
  const image = listed.filter(isJsonObject)
    .find(({ modality }) => modality === "IMAGE");
  return countOf(image?.tokenCount);
}

function countOf(value: JsonValue | undefined): number {
  return typeof value === "number" && value > 0 ? Math.floor(value) : 0;
}

/** A price per request and none per token: then tokens cost nothing. */
function isPerRequestOnly({ rates, perRequestPico }: PriceEntry): boolean {
  return perRequestPico !== null && Object.keys(rates).length === 0;
}

function isSize(value: unknown): value is SearchContextSize {
  return value === "low" || value === "medium" || value === "high";
}

/** What providers take where the request says nothing. */
function defaultSize(provider: string): SearchContextSize {
  return canonicalProvider(provider) === "perplexity" ? "low" : "medium";
}
