/** Costs as they stand in a line of the usage log. @module */

import type { AppliedPrice, Cost } from "../exchange/cost.ts";
import { flat, moneyText, Quoted } from "./line_text.ts";
import type { CostSum } from "./request_cost.ts";

/** What follows the amounts of a cost that came about by one price and nothing else. */
interface PlainTexts {
  readonly status: Cost["status"];
  readonly source: Cost["source"];
  readonly priceKey: string | null;
  readonly priceAsOf: string | null;
  /** Behind the total of the request. */
  readonly request: string;
  /** Behind the total of the attempt. */
  readonly attempt: string;
}

/** Writes costs. */
export class LineCosts {
  readonly #names = new Quoted();
  readonly #plain = new WeakMap<AppliedPrice, PlainTexts>();
  /** The cost whose total was written last: that of a single attempt follows. */
  #last: Cost | CostSum | null = null;
  #lastTotal = "";

  /** Writes the cost of a request, a comma before it. */
  request(cost: Cost | CostSum): string {
    const { cachedPico, reasoningPico, otherPico } = cost;
    this.#last = cost;
    this.#lastTotal = moneyText(cost.totalPico);
    return ',"cost":{"inputCost":' + moneyText(cost.inputPico) +
      ',"outputCost":' + moneyText(cost.outputPico) +
      (cachedPico === 0n
        ? ',"cachedCost":"0"'
        : ',"cachedCost":' + moneyText(cachedPico)) +
      (reasoningPico === 0n && otherPico === 0n
        ? ',"reasoningCost":"0","otherCost":"0","totalCost":'
        : ',"reasoningCost":' + moneyText(reasoningPico) +
          ',"otherCost":' + moneyText(otherPico) + ',"totalCost":') +
      this.#lastTotal +
      (this.#plainOf(cost)?.request ?? this.#requestEnd(cost));
  }

  /** Writes the cost of an attempt, a comma before it. */
  attempt(cost: Cost | null): string {
    if (cost === null) return ',"cost":null';
    return ',"cost":{"totalCost":' +
      (cost === this.#last ? this.#lastTotal : moneyText(cost.totalPico)) +
      (this.#plainOf(cost)?.attempt ?? this.#attemptEnd(cost));
  }

  /** The remembered texts of a cost that nothing but its one price tells from others. */
  #plainOf(cost: Cost | CostSum): PlainTexts | null {
    if (!("prices" in cost) || cost.prices.length !== 1) return null;
    const { computedPico, totalPico, reportedPico, rateMissing } = cost;
    const [price] = cost.prices;
    const isPlain = reportedPico === null && computedPico === totalPico &&
      rateMissing.length === 0;
    if (!isPlain || price === undefined) return null;
    const known = this.#plain.get(price);
    const { status, source, priceKey, priceAsOf } = cost;
    const isKnown = known?.status === status && known.source === source &&
      known.priceKey === priceKey && known.priceAsOf === priceAsOf;
    if (isKnown) return known;
    const texts = {
      status,
      source,
      priceKey,
      priceAsOf,
      request: flat(this.#requestEnd(cost), ""),
      attempt: flat(this.#attemptEnd(cost), ""),
    };
    this.#plain.set(price, texts);
    return texts;
  }

  #requestEnd(cost: Cost | CostSum): string {
    const names = this.#names;
    return `,"currency":"USD","source":${
      names.of(cost.source)
    },"status":"${cost.status}","priceKey":${
      names.of(cost.priceKey)
    },"priceAsOf":${names.of(cost.priceAsOf)},"reportedCost":${
      moneyText(cost.reportedPico)
    }}`;
  }

  #attemptEnd(cost: Cost): string {
    const { totalPico, computedPico, reportedPico, rateMissing } = cost;
    return `,"source":${
      this.#names.of(cost.source)
    },"status":"${cost.status}"` +
      (reportedPico === null
        ? ""
        : `,"reportedCost":${moneyText(reportedPico)}`) +
      (computedPico === totalPico
        ? ""
        : `,"computedCost":${moneyText(computedPico)}`) +
      (rateMissing.length === 0
        ? ""
        : `,"rateMissing":${JSON.stringify(rateMissing)}`) +
      (cost.prices.length === 0
        ? "}"
        : `,"prices":${JSON.stringify(cost.prices)}}`);
  }
}
