/** Clients: keys of their own, models that exist. @module */

import { didYouMean } from "../../support/did_you_mean.ts";
import { matchesWildcard } from "../../support/wildcard.ts";
import { ClientKeys, keyDigest } from "../client_keys.ts";
import type { Config } from "../schema.ts";
import type { PathProblem } from "../schema_problems.ts";
import { budgetProblems } from "./aliases.ts";
import type { CheckFacts } from "./check.ts";
import { knownModelNames, targetProblem } from "./names.ts";
import { modelPatterns } from "./rules.ts";
import { parseTarget } from "../targets.ts";

/** Names that metrics use beside those of clients. */
const RESERVED_NAMES = ["other"] as const;

/** Checks every client. */
export function* checkClients(facts: CheckFacts): Generator<PathProblem> {
  const { config } = facts;
  for (const [name, client] of config.clients) {
    const path = ["clients", name];
    if (RESERVED_NAMES.some((reserved) => reserved === name)) {
      yield {
        path,
        problem: `the name ${name} is used by metrics`,
        fix: "use another name",
      };
    }
    if (client.key === null && client.keySha256 === null) {
      yield {
        path,
        problem: "the client has no key",
        fix: "give key or keySha256 (`signalbox keys new` makes one)",
      };
    }
    for (const [index, pattern] of (client.models ?? []).entries()) {
      const problem = modelProblem(config, pattern);
      if (problem) yield { path: [...path, "models", index], ...problem };
    }
    yield* budgetProblems(config, [...path, "budget"], client.budget);
  }
  const keys = new ClientKeys(config);
  yield* keys.problems;
  yield* adminTokenProblems(config, keys);
}

/** A name that a client may ask for must lead somewhere. */
function modelProblem(
  config: Config,
  pattern: string,
): Omit<PathProblem, "path"> | null {
  if (pattern.includes("*")) return null;
  const known = knownModelNames(config);
  if (known.includes(pattern)) return null;
  const ruled = config.rules.some(({ when }) =>
    modelPatterns(when).some((rule) => matchesWildcard(rule, pattern))
  );
  if (ruled) return null;
  const target = parseTarget(pattern);
  if (target && config.providers.has(target.provider)) {
    return targetProblem(config, [], pattern);
  }
  const meant = didYouMean(pattern, known);
  return {
    problem: `model ${JSON.stringify(pattern)} does not exist`,
    fix: meant === null
      ? "give a name from models, a listed model, or provider/model"
      : `did you mean ${meant}?`,
  };
}

/** A client must never pass as the administrator. */
function* adminTokenProblems(
  config: Config,
  keys: ClientKeys,
): Generator<PathProblem> {
  if (config.admin.token === null) return;
  const token = config.admin.token.reveal();
  const client = keys.find(token);
  if (client !== null) {
    yield {
      path: ["admin", "token"],
      problem: `the token is a key of client ${client}`,
      fix: "use a token that no client has",
    };
  }
  const metrics = config.metrics.token;
  if (metrics && keyDigest(metrics.reveal()) === keyDigest(token)) {
    yield {
      path: ["metrics", "token"],
      problem: "the token is that of admin.token",
      fix: "give the scraper a token of its own",
    };
  }
}
