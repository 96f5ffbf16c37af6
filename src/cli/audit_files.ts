/** The audit files that a command reads: those that were named, else those of the config. @module */

import { auditFiles } from "../audit/audit_files.ts";
import { loadConfig } from "../config/load.ts";
import { resolveIn } from "../config/references.ts";
import type { Arguments } from "./command.ts";
import type { Terminal } from "./output.ts";

/**
 * Finds the files, the oldest first.
 *
 * @throws {Error} when there is none
 */
export async function findAuditFiles(
  given: Arguments,
  { environment }: Terminal,
): Promise<string[]> {
  if (given.operands.length > 0) return [...given.operands];
  const path = given.value("config");
  const { config } = await loadConfig({ path, environment });
  const file = resolveIn(config.logDir, config.audit.file);
  const files = await auditFiles(file);
  if (files.length > 0) return files;
  throw new Error(
    `Cannot find ${file}: nothing was audited yet, or the config is another; name the file`,
  );
}
