/** Where the usage log is. @module */

import { statePath } from "./paths.ts";
import type { Config } from "./schema.ts";

/** Folder of the usage log's files. */
export function usageFolder(config: Config): string {
  return statePath(config, config.logging.usage.storagePath);
}

/** Folder of archived usage files, `archive` beside them unless configured. */
export function archiveFolder(config: Config): string {
  const { archivePath, storagePath } = config.logging.usage;
  return statePath(config, archivePath ?? `${storagePath}/archive`);
}

/** The index of the usage log. */
export function usageIndexPath(folder: string): string {
  return `${folder}/index.sqlite`;
}
