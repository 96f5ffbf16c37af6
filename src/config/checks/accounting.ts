/** Prices, budgets and numbers that contradict each other. @module */

import { didYouMean } from "../../support/did_you_mean.ts";
import type { PathProblem } from "../schema_problems.ts";
import type { Config, PriceEntryConfig } from "../schema.ts";
import { budgetProblems } from "./aliases.ts";
import type { CheckFacts } from "./check.ts";

/** Checks prices and budgets. */
export function* checkAccounting(facts: CheckFacts): Generator<PathProblem> {
  const { config } = facts;
  yield* budgetProblems(config, ["budgets"], config.budgets);
  for (const name of config.pricing.discounts.keys()) {
    if (config.providers.has(name)) continue;
    const meant = didYouMean(name, config.providers.keys());
    yield {
      path: ["pricing", "discounts", name],
      problem: `provider ${name} does not exist`,
      fix: meant === null
        ? "use the name of a provider, or remove the discount"
        : `did you mean ${meant}?`,
    };
  }
  for (const [name, entry] of config.pricing.models) {
    if (namesPrice(entry)) continue;
    yield {
      path: ["pricing", "models", name],
      problem: "the entry names no price",
      fix: "give inputPer1M and outputPer1M; 0 is free",
    };
  }
  yield* tieredProblems(config);
  yield* orderProblems(config);
}

/** Whether an entry says what anything costs. */
function namesPrice(entry: PriceEntryConfig): boolean {
  return Object.entries(entry).some(([key, value]) =>
    /Per1[MK]$|^perRequest/.test(key) && value !== null
  ) || entry.tiers.length > 0;
}

/** Steps rise, the last one has no bound, and no model is priced twice. */
function* tieredProblems({ pricing }: Config): Generator<PathProblem> {
  for (const [name, steps] of pricing.tiered) {
    const path = ["pricing", "tiered", name];
    if (pricing.models.has(name)) {
      yield {
        path,
        problem: "the model is also priced in pricing.models",
        fix: "remove one of the two",
      };
    }
    let before = 0;
    for (const [index, { maxInputTokens }] of steps.entries()) {
      const last = index === steps.length - 1;
      if (maxInputTokens === null && !last) {
        yield {
          path: [...path, index, "maxInputTokens"],
          problem: "the key is missing in a step that is not the last",
          fix: "give the bound up to which the step holds",
        };
      }
      if (maxInputTokens !== null && maxInputTokens <= before) {
        yield {
          path: [...path, index, "maxInputTokens"],
          problem:
            `value is ${maxInputTokens}, not above the step before (${before})`,
          fix: "order the steps by rising bounds",
        };
      }
      before = maxInputTokens ?? before;
    }
  }
}

/** Numbers of which one must not be above the other: path, value, path, value. */
function ordered(config: Config): readonly (readonly [
  path: readonly string[],
  value: number,
  bound: string,
  boundValue: number,
])[] {
  const { routing, budgets, cache } = config;
  const { retry, breaker } = routing;
  return [
    [
      ["routing", "retry", "backoffMs"],
      retry.backoffMs[0],
      "its second",
      retry
        .backoffMs[1],
    ],
    [
      ["routing", "breaker", "openMs"],
      breaker.openMs,
      "routing.breaker.maxOpenMs",
      breaker.maxOpenMs,
    ],
    [
      ["budgets", "warnAt"],
      budgets.warnAt,
      "budgets.criticalAt",
      budgets.criticalAt,
    ],
    [
      ["cache", "l1", "maxEntryBytes"],
      cache.l1.maxEntryBytes,
      "cache.l1.maxBytes",
      cache.l1.maxBytes,
    ],
  ];
}

/** Numbers that contradict each other. */
function* orderProblems(config: Config): Generator<PathProblem> {
  for (const [path, value, bound, boundValue] of ordered(config)) {
    if (value <= boundValue) continue;
    yield {
      path,
      problem: `value is ${value}, above ${bound} (${boundValue})`,
      fix: "lower the one or raise the other",
    };
  }
  const { usage } = config.logging;
  if (usage.archiveDays > 0 && usage.archivePath === null) {
    yield {
      path: ["logging", "usage", "archivePath"],
      problem: `the key is missing while archiveDays is ${usage.archiveDays}`,
      fix: "give the folder of the archive, or set archiveDays to 0",
    };
  }
}
