/** A decision as JSON, for people and their scripts. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { GatewayError } from "../exchange/gateway_error.ts";
import type { RequestFacts } from "./facts.ts";
import type { Explained } from "./router.ts";

/** What the client is told in place of an answer. */
export interface ExplainedRefusal {
  /** HTTP status. */
  readonly status: number;
  /** Machine-readable code. */
  readonly code: string | null;
  /** The field that it is about, `null` if none is. */
  readonly param: string | null;
  /** In words. */
  readonly message: string;
}

/** What a body for one target would be, as far as that shows without a call. */
export interface ForeseenBody {
  /** The protocol it is in. */
  readonly protocol: string;
  /** What is lost. */
  readonly losses: readonly string[];
  /** Why there is none, `null` if there is one. */
  readonly refusal: GatewayError | null;
}

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
  /** The target that is called first, `null` if none can be. */
  readonly chosen: string | null;
  /** Target ids in the order in which they are tried. */
  readonly order: readonly string[];
  /** Usable targets in that order, with the reasons. */
  readonly candidates: readonly {
    readonly target: string;
    readonly group: number;
    readonly score: number | null;
    readonly reason: string;
    /** The protocol it is spoken to in, `null` where that is not known before the call. */
    readonly protocol: string | null;
    /** What the request loses on the way there. */
    readonly losses: readonly string[];
    /** Why the request cannot be sent there, `null` if it can. */
    readonly refusal: ExplainedRefusal | null;
  }[];
  /** Targets that may not be used, with the reasons. */
  readonly excluded: readonly {
    readonly target: string;
    readonly reason: string;
  }[];
  /** `hit` or `miss` of a remembered target, `null` where none is looked for. */
  readonly affinity: "hit" | "miss" | null;
  /** What the client is told instead, `null` if somebody is called. */
  readonly refusal: ExplainedRefusal | null;
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

/** Spells out what was decided for a request; `foresee` says what its body for a target would be, `null` where only a call can tell. */
export function explanationOf(
  { decision, notes }: Explained,
  facts: RequestFacts,
  foresee: (target: TargetRef) => ForeseenBody | null,
): Explanation {
  const { order } = decision;
  const candidates = order.map((candidate) =>
    foreseen(named(candidate), foresee(candidate.target))
  );
  const possible = candidates.find(({ refusal }) => refusal === null);
  return {
    requestedModel: decision.requestedModel,
    alias: decision.alias,
    resolvedBy: decision.resolvedBy,
    rule: notes.rule,
    strategy: decision.strategy,
    chosen: possible?.target ?? null,
    order: order.map(({ target }) => target.id),
    candidates,
    excluded: decision.excluded.map(named),
    affinity: notes.affinity === null
      ? null
      : notes.affinity.hit
      ? "hit"
      : "miss",
    // Where nobody can take the request the client hears from the first.
    refusal: decision.refusal !== null
      ? refusalShown(decision.refusal)
      : possible === undefined
      ? candidates[0]?.refusal ?? null
      : null,
    facts: factsShown(facts),
  };
}

function named<Rest extends { readonly target: TargetRef }>(
  { target, ...rest }: Rest,
): Omit<Rest, "target"> & { readonly target: string } {
  return { target: target.id, ...rest };
}

function foreseen<Rest>(candidate: Rest, body: ForeseenBody | null) {
  return {
    ...candidate,
    protocol: body?.protocol ?? null,
    losses: body?.losses ?? [],
    refusal: refusalShown(body?.refusal ?? null),
  };
}

function refusalShown(error: GatewayError | null): ExplainedRefusal | null {
  if (error === null) return null;
  const { status, code, param, message } = error;
  return { status, code, param, message };
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
