/** An alias made ready: its groups with everything known of their targets. @module */

import type { AliasConfig } from "../config/schema.ts";
import type { SelectorName } from "../config/schema/models.ts";
import { aliasGroups, type TargetGroup } from "../config/targets.ts";
import type { ProviderProfile } from "../providers/profile.ts";
import { type KnownTarget, knownTarget } from "./eligibility.ts";
import type { HeadFilter, RoutingReaders } from "./readers.ts";
import type { Selector } from "./selector.ts";
import { SELECTORS } from "./selectors.ts";

const ANY: HeadFilter = { modelType: null, region: null };

/** One group, made ready. */
export interface RouteGroup {
  /** Label of the selector of this moment, or `direct`. */
  strategy(readers: RoutingReaders): string;
  /** How targets are put in order. */
  readonly select: Selector;
  /** What the selectors by place prefer. */
  readonly preferred: HeadFilter;
  /** The targets of this moment: those of the config, then registered ones. */
  targets(readers: RoutingReaders): readonly KnownTarget[];
}

/** Makes the groups of an alias ready. */
export function routeGroups(
  alias: AliasConfig,
  profiles: ReadonlyMap<string, ProviderProfile>,
): RouteGroup[] {
  return aliasGroups(alias).map((group) => routeGroup(group, alias, profiles));
}

/** Makes a group of one target that was asked for by name. */
export function directGroup(known: KnownTarget, reason: string): RouteGroup {
  const targets = [known];
  return {
    strategy: () => "direct",
    select: (usable) =>
      usable.map(({ target }) => ({ target, score: null, reason })),
    preferred: ANY,
    targets: () => targets,
  };
}

function routeGroup(
  group: TargetGroup,
  alias: AliasConfig,
  profiles: ReadonlyMap<string, ProviderProfile>,
): RouteGroup {
  const { selector, heads } = group;
  const fixed = group.targets.flatMap(({ target, weight }) => {
    const profile = profiles.get(target.provider);
    return profile === undefined ? [] : [knownTarget(target, profile, weight)];
  });
  return {
    ...selection(selector, heads !== null),
    preferred: {
      region: heads?.region ?? fixed[0]?.region ?? null,
      modelType: heads?.modelType ?? alias.modelType ?? fixed[0]?.modelType ??
        null,
    },
    targets: heads === null ? () => fixed : (readers) => [
      ...fixed,
      ...readers.heads(hardFilter(readers.headSelector(selector), heads)),
    ],
  };
}

/** Where heads take part, the policy of the moment has a say in the selector. */
function selection(
  selector: SelectorName,
  hasHeads: boolean,
): Pick<RouteGroup, "strategy" | "select"> {
  if (!hasHeads) {
    return { strategy: () => selector, select: SELECTORS[selector] };
  }
  return {
    strategy: (readers) => readers.headSelector(selector),
    select: (targets, context) =>
      SELECTORS[context.readers.headSelector(selector)](targets, context),
  };
}

/** What a selector takes for a preference does not exclude. */
function hardFilter(
  selector: TargetGroup["selector"],
  heads: HeadFilter,
): HeadFilter {
  switch (selector) {
    case "geo_preferred":
      return { ...heads, region: null };
    case "model_specific":
      return { ...heads, modelType: null };
    case "hybrid":
      return ANY;
    default:
      return heads;
  }
}
