/** A decision as JSON, for people and their scripts. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { RequestFacts } from "./facts.ts";
import type { Explained } from "./router.ts";

/** What would become of a request. */
export interface Explanation {
  /** The name the client asked for. */
  readonly requestedModel: string;
  /** The alias that serves it, `null` for a direct target. */
  readonly alias: string | null;
  /** How the name was resolved. */
  readonly resolvedBy: string;
  /** Index of the rule that applied, `null` if none did. */
  readonly rule: number | null;
  /** Selector of the leading group, `direct` or `none`. */
  readonly strategy: string;
  /** The target that is called first, `null` if none is. */
  readonly chosen: string | null;
  /** Target ids in the order in which they are tried. */
  readonly order: readonly string[];
  /** Usable targets in that order, with the reasons. */
  readonly candidates: readonly {
    readonly target: string;
    readonly group: number;
    readonly score: number | null;
    readonly reason: string;
  }[];
  /** Targets that may not be used, with the reasons. */
  readonly excluded: readonly {
    readonly target: string;
    readonly reason: string;
  }[];
  /** `hit` or `miss` of a remembered target, `null` where none is looked for. */
  readonly affinity: "hit" | "miss" | null;
  /** What the client is told instead, `null` if somebody is called. */
  readonly refusal: {
    readonly status: number;
    readonly code: string | null;
    readonly message: string;
  } | null;
  /** The request, as routing sees it. */
  readonly facts: {
    readonly endpoint: string;
    readonly stream: boolean;
    readonly client: string;
    readonly tier: string;
    readonly inputTokens: number;
    readonly maxOutputTokens: number | null;
    readonly tools: readonly string[];
    readonly images: boolean;
    readonly thinking: boolean;
  };
}

/** Spells out what was decided for a request. */
export function explanationOf(
  { decision, notes }: Explained,
  facts: RequestFacts,
): Explanation {
  const { refusal, order } = decision;
  return {
    requestedModel: decision.requestedModel,
    alias: decision.alias,
    resolvedBy: decision.resolvedBy,
    rule: notes.rule,
    strategy: decision.strategy,
    chosen: order[0]?.target.id ?? null,
    order: order.map(({ target }) => target.id),
    candidates: order.map(named),
    excluded: decision.excluded.map(named),
    affinity: notes.affinity === null
      ? null
      : notes.affinity.hit
      ? "hit"
      : "miss",
    refusal: refusal === null ? null : {
      status: refusal.status,
      code: refusal.code,
      message: refusal.message,
    },
    facts: factsShown(facts),
  };
}

function named<Rest extends { readonly target: TargetRef }>(
  { target, ...rest }: Rest,
): Omit<Rest, "target"> & { readonly target: string } {
  return { target: target.id, ...rest };
}

function factsShown(facts: RequestFacts): Explanation["facts"] {
  return {
    endpoint: facts.endpoint,
    stream: facts.stream,
    client: facts.client.name,
    tier: facts.client.tier,
    inputTokens: facts.inputTokens,
    maxOutputTokens: facts.maxOutputTokens,
    tools: facts.tools.map(({ name, type }) => name || type),
    images: facts.images,
    thinking: facts.thinking,
  };
}
