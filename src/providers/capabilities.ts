/** What a provider's models can do: its `modelSettings` over the embedded table. @module */

import type { ModelSettingsConfig } from "../config/schema.ts";
import type { ModelCapabilities } from "../exchange/capabilities.ts";
import { matchesWildcard } from "../support/wildcard.ts";
import { capabilitiesOf } from "./model_table.ts";

/** Names come from clients where a provider takes any: the memory of lookups is bounded. */
const MAX_REMEMBERED = 1000;

/** Looks models up once each. */
export class CapabilityTable {
  readonly #settings: ReadonlyMap<string, ModelSettingsConfig>;
  readonly #known = new Map<string, ModelCapabilities>();

  /** Takes the `modelSettings` of one provider. */
  constructor(settings: ReadonlyMap<string, ModelSettingsConfig>) {
    this.#settings = settings;
  }

  /** Tells what a model can do; `null` where nobody says. */
  of(model: string): ModelCapabilities {
    const known = this.#known.get(model);
    if (known !== undefined) return known;
    const found = overlaid(capabilitiesOf(model), this.#settingsOf(model));
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(model, found);
    return found;
  }

  /** The first pattern that matches wins. */
  #settingsOf(model: string): ModelSettingsConfig | null {
    for (const [pattern, settings] of this.#settings) {
      if (matchesWildcard(pattern, model)) return settings;
    }
    return null;
  }
}

function overlaid(
  table: ModelCapabilities,
  settings: ModelSettingsConfig | null,
): ModelCapabilities {
  if (settings === null) return table;
  const thinking = settings.thinking ?? table.thinking;
  return {
    contextTokens: settings.contextTokens ?? table.contextTokens,
    maxOutputTokens: settings.maxOutputTokens ?? table.maxOutputTokens,
    images: settings.images ?? table.images,
    tools: settings.tools ?? table.tools,
    forcedToolChoice: settings.forcedToolChoice ?? table.forcedToolChoice,
    sampling: settings.sampling ?? table.sampling,
    streaming: settings.streaming ?? table.streaming,
    thinking,
    // The efforts of another way to think mean nothing.
    efforts: thinking === table.thinking ? table.efforts : null,
    systemTurns: settings.systemTurns ?? table.systemTurns,
  };
}
