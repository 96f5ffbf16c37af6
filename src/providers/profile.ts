/** What the config says of a provider, as far as routing must know it. @module */

import type { EditConfig, ProviderConfig } from "../config/schema.ts";
import type { ModelCapabilities } from "../exchange/capabilities.ts";
import { PROTOCOL_NAMES, type ProtocolName } from "../exchange/names.ts";
import { matchesWildcard } from "../support/wildcard.ts";
import { CapabilityTable } from "./capabilities.ts";

/** A provider as routing sees it: known without building or calling it. */
export interface ProviderProfile {
  /** Id of the config. */
  readonly id: string;
  /** The protocols it speaks, in the order of the config. */
  readonly protocols: readonly ProtocolName[];
  /** The models it lists, `null` where any name is passed on. */
  readonly models: ReadonlySet<string> | null;
  /** Metric label. */
  readonly region: string;
  /** Metric label. */
  readonly modelType: string;
  /** Tells what one of its models can do. */
  capabilities(model: string): ModelCapabilities;
  /** Whether its edits bring the output limit of a model's requests down by themselves. */
  capsOutput(model: string): boolean;
}

/** Reads the profile of a provider off its section. */
export function providerProfile(
  id: string,
  section: ProviderConfig,
): ProviderProfile {
  const table = new CapabilityTable(section.modelSettings);
  const caps = section.edits.filter(isOutputCap);
  return {
    id,
    // Embedded providers speak every protocol.
    protocols: section.protocols === null
      ? PROTOCOL_NAMES
      : [...section.protocols.keys()],
    models: section.models === null ? null : new Set(section.models),
    region: section.region,
    modelType: section.modelType,
    capabilities: (model) => table.of(model),
    capsOutput: (model) =>
      caps.some(({ models }) =>
        models.length === 0 ||
        models.some((pattern) => matchesWildcard(pattern, model))
      ),
  };
}

/** Reads the profiles of all providers of a config. */
export function providerProfiles(
  providers: ReadonlyMap<string, ProviderConfig>,
): ReadonlyMap<string, ProviderProfile> {
  return new Map(
    [...providers].map(([id, section]) => [id, providerProfile(id, section)]),
  );
}

const OUTPUT_LIMITS: ReadonlySet<string> = new Set([
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
]);

function isOutputCap(edit: EditConfig): boolean {
  return "cap" in edit && OUTPUT_LIMITS.has(edit.cap);
}
