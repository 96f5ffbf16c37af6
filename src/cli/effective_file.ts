/** Keeps what is live where people and programs can read it. @module */

import type { LoadedConfig } from "../config/load.ts";
import type { Logger } from "../support/logger.ts";

/** Writes `<stateDir>/effective-config.json`, secrets masked. A failure is logged and harms nothing. */
export async function writeEffectiveConfig(
  loaded: LoadedConfig,
  log: Logger,
): Promise<void> {
  const { stateDir } = loaded.config;
  const path = `${stateDir}/effective-config.json`;
  const text = JSON.stringify(
    {
      source: loaded.source,
      hash: loaded.hash,
      loadedAt: new Date().toISOString(),
      config: loaded.effective,
    },
    null,
    2,
  );
  try {
    await Deno.mkdir(stateDir, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(`${path}.part`, `${text}\n`, { mode: 0o600 });
    await Deno.rename(`${path}.part`, path);
  } catch (error) {
    log.log("warn", "effective config not written", {
      path,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}
