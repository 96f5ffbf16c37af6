/** A config in one log line. @module */

import type { Config } from "../config/schema.ts";
import type { ProtocolName } from "../exchange/names.ts";

/** Names providers, aliases and the number of targets. */
export function configSummary(
  config: Config,
  providers: Iterable<{ id: string; protocols: readonly ProtocolName[] }>,
): Record<string, string | number> {
  return {
    providers: [...providers].map(describeProvider).join(" "),
    aliases: [...config.models.keys()].join(" "),
    targets: targetCount(config),
  };
}

function describeProvider(
  provider: { id: string; protocols: readonly ProtocolName[] },
): string {
  return `${provider.id}(${provider.protocols.join(",")})`;
}

function targetCount(config: Config): number {
  const targets = new Set<string>();
  for (const alias of config.models.values()) {
    const groups = alias.groups.length > 0 ? alias.groups : [alias];
    for (const entry of groups.flatMap((group) => group.targets)) {
      targets.add(typeof entry === "string" ? entry : entry.target);
    }
  }
  for (const [id, { models }] of config.providers) {
    for (const model of models ?? []) targets.add(`${id}/${model}`);
  }
  return targets.size;
}
