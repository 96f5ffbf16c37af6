/** The rules before the aliases: ordered, first match wins. @module */

import type { RuleConfig } from "../config/schema.ts";
import { matchesWildcard } from "../support/wildcard.ts";
import type { RequestFacts } from "./facts.ts";

/** A compiled rule. */
export interface Rule {
  /** The alias or target it leads to. */
  readonly use: string;
  /** Whether every condition holds. */
  matches(facts: RequestFacts): boolean;
}

type Condition = (facts: RequestFacts) => boolean;
type When = RuleConfig["when"];

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

/** The conditions that are present, those that cost least first. */
function conditionsOf(when: When): Condition[] {
  return [
    ...nameConditions(when),
    ...headerConditions(when),
    ...bodyConditions(when),
  ];
}

function nameConditions(when: When): Condition[] {
  const conditions: Condition[] = [];
  if (when.model !== null) {
    const patterns = typeof when.model === "string" ? [when.model] : when.model;
    conditions.push(({ model }) =>
      patterns.some((pattern) => matchesWildcard(pattern, model))
    );
  }
  if (when.tier.length > 0) {
    conditions.push(({ client }) => when.tier.includes(client.tier));
  }
  if (when.client.length > 0) {
    conditions.push(({ client }) => when.client.includes(client.name));
  }
  if (when.endpoint.length > 0) {
    conditions.push(({ endpoint }) => when.endpoint.includes(endpoint));
  }
  return conditions;
}

function headerConditions(when: When): Condition[] {
  return [...when.headers].map(([name, pattern]) => {
    const lowerCase = name.toLowerCase();
    return (facts) => {
      const value = facts.header(lowerCase);
      return value !== null && matchesWildcard(pattern, value);
    };
  });
}

function bodyConditions(when: When): Condition[] {
  const conditions: Condition[] = [];
  const { thinking, tools, images, inputTokensOver } = when;
  if (thinking !== null) {
    conditions.push((facts) => facts.thinking === thinking);
  }
  if (tools.length > 0) {
    conditions.push((facts) =>
      facts.tools.some(({ name, type }) =>
        tools.some((pattern) =>
          matchesWildcard(pattern, name) || matchesWildcard(pattern, type)
        )
      )
    );
  }
  if (images !== null) conditions.push((facts) => facts.images === images);
  if (inputTokensOver !== null) {
    conditions.push((facts) => facts.hasMoreInputTokensThan(inputTokensOver));
  }
  return conditions;
}
