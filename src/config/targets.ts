/** Targets and aliases in the form that the program works with. @module */

import type { TargetRef } from "../exchange/decision.ts";
import type { AliasConfig } from "./schema.ts";
import type { SelectorName } from "./schema/models.ts";

/** A target of a group, with its share. */
export interface WeightedTarget {
  /** The target. */
  readonly target: TargetRef;
  /** Its share under the weighted selector; 1 unless configured. */
  readonly weight: number;
}

/** Targets that are tried before those of the next group. */
export interface TargetGroup {
  /** How one is picked. */
  readonly selector: SelectorName;
  /** Fixed targets. */
  readonly targets: readonly WeightedTarget[];
  /** Filter for registered back ends that take part, `null` if none do. */
  readonly heads: {
    readonly modelType: string | null;
    readonly region: string | null;
  } | null;
}

/** Splits `provider/model` at the first slash; `null` if there is none. */
export function parseTarget(id: string): TargetRef | null {
  const slash = id.indexOf("/");
  if (slash <= 0 || slash === id.length - 1) return null;
  return { id, provider: id.slice(0, slash), model: id.slice(slash + 1) };
}

/** Brings targets into one form. */
function weightedTargets(
  targets: AliasConfig["targets"],
): readonly WeightedTarget[] {
  return targets.flatMap((entry) => {
    const id = typeof entry === "string" ? entry : entry.target;
    const target = parseTarget(id);
    const weight = typeof entry === "string" ? 1 : entry.weight;
    return target ? [{ target, weight }] : [];
  });
}

/** Gives the groups of an alias; its own targets are a single group. */
export function aliasGroups(alias: AliasConfig): readonly TargetGroup[] {
  const groups = alias.groups.length > 0 ? alias.groups : [alias];
  return groups.map(({ selector, targets, heads }) => ({
    selector,
    targets: weightedTargets(targets),
    heads,
  }));
}
