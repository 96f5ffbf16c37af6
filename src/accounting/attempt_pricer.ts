/**
 * Says what an ended attempt consumed and cost. Where the provider said
 * nothing, or not all, the rest is estimated and marked so.
 *
 * @module
 */

import type { Cost } from "../exchange/cost.ts";
import type { Attempt, Exchange } from "../exchange/exchange.ts";
import type { ProtocolName } from "../exchange/names.ts";
import {
  emptyLedger,
  totalInput,
  totalOutput,
  type Usage,
} from "../exchange/usage.ts";
import {
  estimateTokensOfLength,
  TokenCorrection,
} from "../support/token_estimate.ts";
import type { PricedRequest } from "./cost_breakdown.ts";

/** What pricing must know of a provider. */
export interface PricedProvider {
  /** Host of the base URL by protocol. */
  readonly hosts: ReadonlyMap<ProtocolName, string>;
  /** Whether the provider's own bill is believed. */
  readonly trustReportedCost: boolean;
}

/** Prices of one configuration. */
export interface Pricing {
  /** Prices what was consumed. */
  cost(request: PricedRequest): Cost;
  /** What is known of a provider, `undefined` for one that is gone. */
  provider(id: string): PricedProvider | undefined;
}

/** A picture or a file in base64 would be taken for text without a bound, in tokens. */
const MOST_ESTIMATED_INPUT = 200_000;

/** Completes and prices attempts; learns from those that report their usage. */
export class AttemptPricer {
  readonly #pricing: () => Pricing;
  readonly #inputs = new TokenCorrection();
  readonly #outputs = new TokenCorrection();

  /** Prices by what `pricing` gives at that moment. */
  constructor(pricing: () => Pricing) {
    this.#pricing = pricing;
  }

  /** Completes the usage of an ended attempt and prices it. */
  costOf(attempt: Attempt, exchange: Exchange): Cost {
    // Counting is free; embeddings have no output that could be missing.
    if (exchange.operation === "generate") this.#complete(attempt);
    else if (attempt.usage.source === "partial") {
      attempt.usage.source = "reported";
    }
    const { target, protocol, usage } = attempt;
    const pricing = this.#pricing();
    const provider = pricing.provider(target.provider);
    return pricing.cost({
      provider: target.provider,
      host: provider?.hosts.get(protocol) ?? null,
      model: target.model,
      usage,
      atMs: exchange.receivedAtMs,
      trustReportedCost: provider?.trustReportedCost ?? true,
    });
  }

  #complete(attempt: Attempt): void {
    const { usage, outcome } = attempt;
    switch (usage.source) {
      case "reported":
        if (outcome?.kind === "answered") this.#learn(attempt);
        return;
      case "partial":
        attempt.usage = this.#withOutput(attempt, usage);
        return;
      case "estimated":
        return;
      case "none":
        break;
    }
    // A provider that refused, or never took the request, bills nothing.
    if (outcome?.kind === "failed" && attempt.contentChars === 0) return;
    attempt.usage = this.#estimate(attempt);
  }

  #learn(attempt: Attempt): void {
    const { ledger } = attempt.usage;
    const { id } = attempt.target;
    this.#inputs.learn(
      id,
      estimateTokensOfLength(attempt.bytesOut),
      totalInput(ledger),
    );
    // Hidden reasoning has no characters to compare it with.
    if (ledger.reasoning > 0 || attempt.contentChars === 0) return;
    this.#outputs.learn(
      id,
      estimateTokensOfLength(attempt.contentChars),
      totalOutput(ledger),
    );
  }

  #estimate(attempt: Attempt): Usage {
    const ledger = emptyLedger();
    ledger.input = Math.min(
      MOST_ESTIMATED_INPUT,
      this.#inputs.correct(
        attempt.target.id,
        estimateTokensOfLength(attempt.bytesOut),
      ),
    );
    ledger.output = this.#outputTokens(attempt);
    return {
      ...attempt.usage,
      ledger,
      source: attempt.outcome?.kind === "answered" ? "estimated" : "partial",
    };
  }

  /** What a stream's beginning says of the output is a placeholder. */
  #withOutput(attempt: Attempt, usage: Usage): Usage {
    const seen = this.#outputTokens(attempt);
    const missing = seen - totalOutput(usage.ledger);
    if (missing <= 0) return usage;
    const { passes: _, ...rest } = usage;
    return {
      ...rest,
      ledger: { ...usage.ledger, output: usage.ledger.output + missing },
    };
  }

  #outputTokens({ target, contentChars }: Attempt): number {
    return this.#outputs.correct(
      target.id,
      estimateTokensOfLength(contentChars),
    );
  }
}
