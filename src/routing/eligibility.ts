/** Whether a target can serve a request at all: what its model is known not to do. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { ProtocolName } from "../exchange/names.ts";
import type { ModelCapabilities } from "../exchange/capabilities.ts";
import type { ProviderProfile } from "../providers/profile.ts";
import type { RequestFacts } from "./facts.ts";

/** A target with what is known of it. */
export interface KnownTarget {
  /** The target. */
  readonly target: TargetRef;
  /** Its share under the weighted selectors. */
  readonly weight: number;
  /** Its region. */
  readonly region: string;
  /** Its class. */
  readonly modelType: string;
  /** The protocols of its provider. */
  readonly protocols: readonly ProtocolName[];
  /** What its model can do. */
  readonly capabilities: ModelCapabilities;
  /** Whether its provider's edits bring output limits down. */
  readonly capsOutput: boolean;
}

/** Joins a target with the profile of its provider. */
export function knownTarget(
  target: TargetRef,
  profile: ProviderProfile,
  weight = 1,
): KnownTarget {
  return {
    target,
    weight,
    region: profile.region,
    modelType: profile.modelType,
    protocols: profile.protocols,
    capabilities: profile.capabilities(target.model),
    capsOutput: profile.capsOutput(target.model),
  };
}

/** Estimates are off by 5 to 9 %: a request that may fit is tried. */
const ESTIMATE_SLACK = 1.1;

/** Why a target cannot serve a request, `null` if nothing speaks against it. */
export function whyUnable(
  known: KnownTarget,
  facts: RequestFacts,
  onLoss: "header" | "reject",
): string | null {
  return protocolProblem(known, facts) ?? limitProblem(known, facts) ??
    featureProblem(known.capabilities, facts) ??
    (onLoss === "reject" ? lossProblem(known, facts) : null);
}

/** Only what generates can be translated. */
function protocolProblem(
  { protocols, target }: KnownTarget,
  { operation, protocol }: RequestFacts,
): string | null {
  return operation === "generate" || protocols.includes(protocol)
    ? null
    : `${target.provider} does not speak the ${protocol} protocol, and ${operation} is not translated`;
}

function limitProblem(
  { capabilities, capsOutput }: KnownTarget,
  facts: RequestFacts,
): string | null {
  const { contextTokens, maxOutputTokens } = capabilities;
  if (maxOutputTokens !== null && !capsOutput) {
    const asked = facts.maxOutputTokens ?? 0;
    if (asked > maxOutputTokens) {
      return `${asked} output tokens are asked for, its limit is ${maxOutputTokens}`;
    }
  }
  const most = (contextTokens ?? Infinity) * ESTIMATE_SLACK;
  if (most !== Infinity && facts.hasMoreInputTokensThan(most)) {
    return `The input has about ${facts.inputTokens} tokens, its context is ${contextTokens}`;
  }
  return null;
}

function featureProblem(
  can: ModelCapabilities,
  facts: RequestFacts,
): string | null {
  if (facts.operation === "embeddings") return null;
  if (can.streaming === false && facts.stream) return "It cannot stream";
  if (can.images === false && facts.images) return "It takes no images";
  if (can.tools === false && facts.tools.length > 0) return "It takes no tools";
  if (
    can.forcedToolChoice === false && facts.forcesTool &&
    facts.tools.length > 0
  ) return "It cannot be forced to call a tool";
  return null;
}

/** What a translation is known to lose, where losing is not allowed. */
function lossProblem(
  { protocols, capabilities }: KnownTarget,
  facts: RequestFacts,
): string | null {
  if (protocols.includes(facts.protocol)) return null;
  if (capabilities.sampling === false && facts.sampling) {
    return "It takes no sampling parameters, and onLoss is reject";
  }
  if (capabilities.thinking === "none" && facts.thinking) {
    return "It does not think, and onLoss is reject";
  }
  return null;
}
