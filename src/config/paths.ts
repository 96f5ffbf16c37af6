/** Paths in a config and what they are relative to. @module */

import type { Config } from "./schema.ts";
import { resolveIn } from "./references.ts";

/** Files that the config names, relative to its folder; and `<stateDir>` in logDir. */
export function resolvePaths(config: Config, folder: string): Config {
  const inFolder = (path: string | null) =>
    path === null ? null : resolveIn(folder, path);
  const providers = [...config.providers].map(([name, provider]) => {
    const tls = {
      caFile: inFolder(provider.tls.caFile),
      certFile: inFolder(provider.tls.certFile),
      keyFile: inFolder(provider.tls.keyFile),
    };
    return [name, { ...provider, tls }] as const;
  });
  const tables = config.pricing.tables.map((table) => ({
    ...table,
    file: resolveIn(folder, table.file),
  }));
  return {
    ...config,
    logDir: config.logDir.replace("<stateDir>", () => config.stateDir),
    providers: new Map(providers),
    pricing: { ...config.pricing, tables },
  };
}

/** The path of a `storagePath` or `archivePath`, which is relative to stateDir. */
export function statePath(config: Config, path: string): string {
  return resolveIn(config.stateDir, path);
}

/** The path of the audit file, `null` where auditing is off. */
export function auditPath({ audit, logDir }: Config): string | null {
  return audit.enabled ? resolveIn(logDir, audit.file) : null;
}
