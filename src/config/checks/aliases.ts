/** Aliases: where they lead, and whether they can be reached. @module */

import type { ConfigPath } from "../problem.ts";
import type { AliasConfig, BudgetConfig, Config } from "../schema.ts";
import type { PathProblem } from "../schema_problems.ts";
import { parseTarget } from "../targets.ts";
import { type CheckFacts, repeated } from "./check.ts";
import { aliasOrTargetProblem, targetProblem } from "./names.ts";

/** A group as it stands in the file. */
type Group = Pick<AliasConfig, "selector" | "targets" | "heads">;

/** Checks every alias. */
export function* checkAliases(facts: CheckFacts): Generator<PathProblem> {
  const { config } = facts;
  for (const [name, alias] of config.models) {
    const path = ["models", name];
    const target = parseTarget(name);
    if (target && config.providers.has(target.provider)) {
      yield {
        path,
        problem:
          `the alias ${name} is also a target of providers.${target.provider}`,
        fix: "rename the alias: provider/model always means the target",
      };
    }
    yield* shapeProblems(path, alias);
    yield* groupProblems(config, path, alias);
    for (const [index, group] of alias.groups.entries()) {
      yield* groupProblems(config, [...path, "groups", index], group);
    }
    yield* affinityProblems(path, alias);
    yield* budgetProblems(config, [...path, "budget"], alias.budget);
  }
  yield* downgradeCircles(config);
}

/** An alias has targets or heads of its own, or groups. */
function* shapeProblems(
  path: ConfigPath,
  alias: AliasConfig,
): Generator<PathProblem> {
  const own = alias.targets.length > 0 || alias.heads !== null;
  if (own && alias.groups.length > 0) {
    yield {
      path,
      problem: "both groups and targets or heads of its own are given",
      fix: "move the targets into a group",
    };
  }
  if (!own && alias.groups.length === 0) {
    yield {
      path,
      problem: "the alias leads nowhere",
      fix: "give targets, groups or heads",
    };
  }
  for (const [index, group] of alias.groups.entries()) {
    if (group.targets.length > 0 || group.heads !== null) continue;
    yield {
      path: [...path, "groups", index],
      problem: "the group leads nowhere",
      fix: "give targets or heads",
    };
  }
}

/** Targets exist, once each, and some can be picked. */
function* groupProblems(
  config: Config,
  path: ConfigPath,
  group: Group,
): Generator<PathProblem> {
  const ids = group.targets.map((entry) =>
    typeof entry === "string" ? entry : entry.target
  );
  for (const [index, id] of ids.entries()) {
    const at = [...path, "targets", index];
    const inner = typeof group.targets[index] === "string"
      ? at
      : [...at, "target"];
    const problem = targetProblem(config, inner, id);
    if (problem) yield problem;
  }
  for (const index of repeated(ids)) {
    yield {
      path: [...path, "targets", index],
      problem: `target ${JSON.stringify(ids[index])} is given twice`,
      fix: "remove one of the two, or add their weights",
    };
  }
  const weights = group.targets.map((entry) =>
    typeof entry === "string" ? 1 : entry.weight
  );
  if (weights.length > 0 && weights.every((weight) => weight === 0)) {
    yield {
      path: [...path, "targets"],
      problem: "every weight is 0",
      fix: "give at least one target a weight above 0",
    };
  }
}

/** Affinity by a header needs one, any other needs none. */
function* affinityProblems(
  path: ConfigPath,
  { affinity }: AliasConfig,
): Generator<PathProblem> {
  if (affinity?.by === "header" && affinity.header === null) {
    yield {
      path: [...path, "affinity", "header"],
      problem: 'the key is missing while by is "header"',
      fix: "name the header",
    };
  }
  if (affinity && affinity.by !== "header" && affinity.header !== null) {
    yield {
      path: [...path, "affinity", "header"],
      problem: `a header is named while by is "${affinity.by}"`,
      fix: 'remove it, or set by to "header"',
    };
  }
}

/** A downgrade needs somewhere to go to, and nothing else does. */
export function* budgetProblems(
  config: Config,
  path: ConfigPath,
  budget: Pick<BudgetConfig, "onExceeded" | "downgradeTo">,
): Generator<PathProblem> {
  const { onExceeded, downgradeTo } = budget;
  if (onExceeded === "downgrade" && downgradeTo === null) {
    yield {
      path: [...path, "downgradeTo"],
      problem: 'the key is missing while onExceeded is "downgrade"',
      fix: "give the alias or target to use then",
    };
  }
  if (downgradeTo === null) return;
  if (onExceeded !== "downgrade") {
    yield {
      path: [...path, "downgradeTo"],
      problem: `${
        JSON.stringify(downgradeTo)
      } is never used while onExceeded is "${onExceeded}"`,
      fix: 'set onExceeded to "downgrade", or remove downgradeTo',
    };
  }
  const problem = aliasOrTargetProblem(
    config,
    [...path, "downgradeTo"],
    downgradeTo,
  );
  if (problem) yield problem;
}

/** Following downgrades must end. */
function* downgradeCircles(config: Config): Generator<PathProblem> {
  for (const start of config.models.keys()) {
    const seen = [start];
    let next = config.models.get(start)?.budget.downgradeTo ?? null;
    while (next !== null && config.models.has(next) && !seen.includes(next)) {
      seen.push(next);
      next = config.models.get(next)?.budget.downgradeTo ?? null;
    }
    if (next !== start) continue;
    yield {
      path: ["models", start, "budget", "downgradeTo"],
      problem: `downgrades go in a circle, ${[...seen, start].join(" -> ")}`,
      fix: "let one of them lead elsewhere",
    };
  }
}
