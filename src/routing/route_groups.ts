/** An alias made ready: its groups with everything known of their targets. @module */

import type { AliasConfig } from "../config/schema.ts";
import { aliasGroups, type TargetGroup } from "../config/targets.ts";
import type { ProviderProfile } from "../providers/profile.ts";
import { type KnownTarget, knownTarget } from "./eligibility.ts";
import type { HeadFilter, RoutingReaders } from "./readers.ts";
import type { Selector } from "./selector.ts";
import { SELECTORS } from "./selectors.ts";

const ANY: HeadFilter = { modelType: null, region: null };

/** One group, made ready. */
export interface RouteGroup {
  /** Label of the selector, or `direct`. */
  readonly strategy: string;
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
    strategy: "direct",
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
  const filter = heads === null ? null : hardFilter(selector, heads);
  return {
    strategy: selector,
    select: SELECTORS[selector],
    preferred: {
      region: heads?.region ?? fixed[0]?.region ?? null,
      modelType: heads?.modelType ?? alias.modelType ?? fixed[0]?.modelType ??
        null,
    },
    targets: filter === null
      ? () => fixed
      : (readers) => [...fixed, ...readers.heads(filter)],
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
