/** What the commands about prices know: the config's prices where there is one, and every table. @module */

import { type LoadedPrices, loadPrices } from "../accounting/load_prices.ts";
import { builtInConfig } from "../config/built_in.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError } from "../config/problem.ts";
import { type Config, configSchema } from "../config/schema.ts";
import type { Arguments } from "./command.ts";
import type { Terminal } from "./output.ts";

/** Prices as a gateway with this config would use them. */
export interface PriceContext {
  /** The config. */
  readonly config: Config;
  /** The tables. */
  readonly prices: LoadedPrices;
}

/**
 * Loads the config and its price tables. Prices must be readable where the
 * gateway's keys are not: a config that was merely found and is not valid here
 * is passed over with a warning, one that was named is an error.
 *
 * @throws {ConfigError} when the config that was named is not valid.
 */
export async function loadPriceContext(
  given: Arguments,
  terminal: Terminal,
): Promise<PriceContext> {
  const config = await configOf(given, terminal);
  const prices = await loadPrices({
    pricing: config.pricing,
    providers: new Set(config.providers.keys()),
    stateDir: config.stateDir,
  });
  for (const warning of prices.warnings) terminal.err(warning);
  return { config, prices };
}

async function configOf(
  given: Arguments,
  terminal: Terminal,
): Promise<Config> {
  const path = given.value("config");
  const { environment } = terminal;
  try {
    return (await loadConfig({ path, environment })).config;
  } catch (error) {
    const named = path !== undefined ||
      (environment.get("SIGNALBOX_CONFIG") ?? "") !== "";
    if (!(error instanceof ConfigError) || named) throw error;
    terminal.err(
      `Cannot use config ${error.source}: it is not valid here, the embedded prices are used (\`signalbox check\` says why)`,
    );
    return configSchema.parse(builtInConfig({ get: () => undefined }));
  }
}

/** Host of a provider's base URL, `null` where the config has none. */
export function hostOf(config: Config, provider: string): string | null {
  const urls = config.providers.get(provider)?.protocols;
  const [first] = Object.values(urls ?? {});
  return typeof first === "string" && URL.canParse(first)
    ? new URL(first).host
    : null;
}
