/** Rules that are empty, contradictory, repeated, or lead nowhere. @module */

import { didYouMean } from "../../support/did_you_mean.ts";
import { matchesWildcard } from "../../support/wildcard.ts";
import type { ConfigPath } from "../problem.ts";
import type { Config, RuleConfig } from "../schema.ts";
import type { PathProblem } from "../schema_problems.ts";
import { parseTarget } from "../targets.ts";
import { type CheckFacts, repeated } from "./check.ts";
import { aliasOrTargetProblem } from "./names.ts";

/** What a request must be. */
export type When = RuleConfig["when"];

/** The patterns of a condition on the model, empty for none. */
export function modelPatterns(when: When): readonly string[] {
  if (when.model === null) return [];
  return typeof when.model === "string" ? [when.model] : when.model;
}

/** Spells a rule's conditions so that equal ones are equal texts. */
function conditions(when: When): string {
  return JSON.stringify({
    model: modelPatterns(when).toSorted(),
    inputTokensOver: when.inputTokensOver,
    tools: when.tools.toSorted(),
    tier: when.tier.toSorted(),
    client: when.client.toSorted(),
    endpoint: when.endpoint.toSorted(),
    images: when.images,
    thinking: when.thinking,
    headers: [...when.headers]
      .map(([name, value]) => `${name.toLowerCase()}: ${value}`).toSorted(),
  });
}

/** Whether nothing is asked of a request. */
function isEmpty(when: When): boolean {
  return modelPatterns(when).length === 0 && when.inputTokensOver === null &&
    when.tools.length === 0 && when.tier.length === 0 &&
    when.client.length === 0 && when.endpoint.length === 0 &&
    when.images === null && when.thinking === null && when.headers.size === 0;
}

/** Checks every rule. */
export function* checkRules(facts: CheckFacts): Generator<PathProblem> {
  const { config } = facts;
  const texts = config.rules.map(({ when }) => conditions(when));
  for (const [index, rule] of config.rules.entries()) {
    const path = ["rules", index];
    if (isEmpty(rule.when)) {
      yield {
        path: [...path, "when"],
        problem: "the rule has no condition",
        fix: 'give one, such as "model": "*" for every request',
      };
    }
    yield* useProblems(config, [...path, "use"], rule.use);
    yield* clientProblems(config, [...path, "when"], rule.when);
    yield* contradictions(config, [...path, "when"], rule.when);
  }
  for (const index of repeated(texts)) {
    yield {
      path: ["rules", index],
      problem: `the conditions are those of rules[${
        texts.indexOf(texts[index] ?? "")
      }], so that it never applies`,
      fix: "remove one of the two",
    };
  }
}

/** `use` is an alias, a target, or `provider/*` for the name as it was asked for. */
function* useProblems(
  config: Config,
  path: ConfigPath,
  use: string,
): Generator<PathProblem> {
  const target = parseTarget(use);
  if (target?.model === "*") {
    if (config.providers.has(target.provider)) return;
    const meant = didYouMean(target.provider, config.providers.keys());
    yield {
      path,
      problem: `${
        JSON.stringify(use)
      } names the provider ${target.provider}, which does not exist`,
      fix: meant === null
        ? `add providers.${target.provider}, or use another name`
        : `did you mean ${meant}/*?`,
    };
    return;
  }
  const problem = aliasOrTargetProblem(config, path, use);
  if (problem) yield problem;
}

/** Clients that are named exist, and can be of the tier that is asked for. */
function* clientProblems(
  config: Config,
  path: ConfigPath,
  when: When,
): Generator<PathProblem> {
  const names = config.clients.size > 0 ? [...config.clients.keys()] : [
    "local",
  ];
  for (const [index, name] of when.client.entries()) {
    if (names.includes(name)) continue;
    const meant = didYouMean(name, names);
    yield {
      path: [...path, "client", index],
      problem: `client ${JSON.stringify(name)} does not exist`,
      fix: meant === null
        ? `use one of ${names.join(", ")}`
        : `did you mean ${meant}?`,
    };
  }
  if (when.tier.length === 0) return;
  const chosen = when.client.length > 0 ? when.client : names;
  const tiers = chosen.map((name) =>
    config.clients.get(name)?.tier ?? "default"
  );
  if (tiers.some((tier) => when.tier.includes(tier))) return;
  yield {
    path: [...path, "tier"],
    problem: `no client ${
      when.client.length > 0 ? "named in the rule " : ""
    }is of tier ${when.tier.join(" or ")}`,
    fix: `use one of ${[...new Set(tiers)].join(", ")}`,
  };
}

/** Conditions that no request can meet at once. */
function* contradictions(
  config: Config,
  path: ConfigPath,
  when: When,
): Generator<PathProblem> {
  const onlyEmbeddings = when.endpoint.length > 0 &&
    when.endpoint.every((name) => name === "embeddings");
  const chatty = when.tools.length > 0 || when.images === true ||
    when.thinking === true;
  if (onlyEmbeddings && chatty) {
    yield {
      path: [...path, "endpoint"],
      problem: "embeddings have no tools, images or thinking",
      fix: "remove one of the conditions",
    };
  }
  for (const pattern of modelPatterns(when)) {
    const target = parseTarget(pattern);
    if (!target || !config.providers.has(target.provider)) continue;
    yield {
      path: [...path, "model"],
      problem: `${
        JSON.stringify(pattern)
      } names a target, and requests for provider/model skip the rules`,
      fix: "use the bare model name",
    };
  }
  yield* forbiddenModels(config, path, when);
}

/** A rule for clients that may not ask for its model never applies. */
function* forbiddenModels(
  config: Config,
  path: ConfigPath,
  when: When,
): Generator<PathProblem> {
  const patterns = modelPatterns(when);
  const exact = patterns.filter((pattern) => !pattern.includes("*"));
  if (when.client.length === 0 || exact.length === 0) return;
  if (exact.length < patterns.length) return;
  const allowed = when.client.some((name) => {
    const models = config.clients.get(name)?.models ?? null;
    return models === null ||
      exact.some((model) =>
        models.some((pattern) => matchesWildcard(pattern, model))
      );
  });
  if (allowed) return;
  yield {
    path: [...path, "model"],
    problem: `client ${when.client.join(" or ")} may not ask for ${
      exact.join(" or ")
    }`,
    fix: "add the model to the client's models, or remove the rule",
  };
}
