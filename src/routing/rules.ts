/** The rules before the aliases: ordered, first match wins. @module */

import type { RuleConfig } from "../config/schema.ts";
import type { Operation, ProtocolName } from "../exchange/names.ts";
import type { RequestFacts } from "./facts.ts";
import { matchesWildcard } from "../support/wildcard.ts";

/** A compiled rule. */
export interface Rule {
  /** The alias or target it leads to. */
  readonly use: string;
  /** Whether every condition holds. */
  matches(facts: RequestFacts): boolean;
}

type Condition = (facts: RequestFacts) => boolean;

/** Compiles rules, in order. */
export function compileRules(rules: readonly RuleConfig[]): Rule[] {
  return rules.map((rule) => {
    const conditions = conditionsOf(rule.when);
    return {
      use: rule.use,
      matches: (facts) => conditions.every((condition) => condition(facts)),
    };
  });
}

function conditionsOf(when: RuleConfig["when"]): Condition[] {
  const conditions: Condition[] = [];
  if (when.model !== null) {
    const patterns = typeof when.model === "string" ? [when.model] : when.model;
    conditions.push((facts) =>
      patterns.some((pattern) => matchesWildcard(pattern, facts.model))
    );
  }
  if (when.tier.length > 0) {
    conditions.push((facts) => when.tier.includes(facts.client.tier));
  }
  if (when.client.length > 0) {
    conditions.push((facts) => when.client.includes(facts.client.name));
  }
  if (when.endpoint.length > 0) {
    const endpoints = new Set<string>(when.endpoint);
    conditions.push((facts) => endpoints.has(endpointName(facts)));
  }
  return conditions;
}

function endpointName(
  facts: { operation: Operation; protocol: ProtocolName },
): string {
  switch (facts.operation) {
    case "generate":
      return facts.protocol;
    case "count-tokens":
      return "count_tokens";
    case "embeddings":
      return "embeddings";
  }
}
