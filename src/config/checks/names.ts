/** Which names of models, targets and clients exist in a config. @module */

import { didYouMean } from "../../support/did_you_mean.ts";
import type { ConfigPath } from "../problem.ts";
import type { Config } from "../schema.ts";
import type { PathProblem } from "../schema_problems.ts";
import { parseTarget } from "../targets.ts";

/** Says what is wrong with a target, `null` if nothing is. */
export function targetProblem(
  config: Config,
  path: ConfigPath,
  id: string,
): PathProblem | null {
  const target = parseTarget(id);
  if (target === null) {
    return {
      path,
      problem: `value is ${JSON.stringify(id)}`,
      fix: "give a target as provider/model",
    };
  }
  const provider = config.providers.get(target.provider);
  if (!provider) {
    const meant = didYouMean(target.provider, config.providers.keys());
    return {
      path,
      problem: `target ${
        JSON.stringify(id)
      } names the provider ${target.provider}, which does not exist`,
      fix: meant === null
        ? `add providers.${target.provider}, or use another target`
        : `did you mean ${meant}/${target.model}?`,
    };
  }
  if (provider.models === null || provider.models.includes(target.model)) {
    return null;
  }
  const meant = didYouMean(target.model, provider.models);
  return {
    path,
    problem: `target ${
      JSON.stringify(id)
    } names a model that providers.${target.provider}.models does not list`,
    fix: meant === null
      ? "add the model to that list, or use another target"
      : `did you mean ${target.provider}/${meant}?`,
  };
}

/** Says what is wrong with a name that must be an alias or a target, `null` if nothing is. */
export function aliasOrTargetProblem(
  config: Config,
  path: ConfigPath,
  name: string,
): PathProblem | null {
  if (config.models.has(name)) return null;
  const target = parseTarget(name);
  if (target && config.providers.has(target.provider)) {
    return targetProblem(config, path, name);
  }
  const meant = didYouMean(name, knownModelNames(config));
  return {
    path,
    problem: `${JSON.stringify(name)} is neither an alias nor a target`,
    fix: meant === null
      ? "give a name from models, or provider/model"
      : `did you mean ${meant}?`,
  };
}

/** Every name a client can ask for, as far as the config lists them. */
export function knownModelNames(config: Config): readonly string[] {
  const listed = [...config.providers].flatMap(([name, provider]) =>
    (provider.models ?? []).flatMap((model) => [model, `${name}/${model}`])
  );
  return [...config.models.keys(), ...listed];
}
