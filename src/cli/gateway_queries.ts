/** The usage log of a gateway, as its routes ask for it. @module */

import { isBrokenIndex, UsageIndex } from "../accounting/query/usage_index.ts";
import type { UsageLogReader } from "../accounting/query/usage_scan.ts";
import { usageIndexPath } from "../config/usage_paths.ts";
import type { LogSource } from "../http/log_queries.ts";
import type { Logger } from "../support/logger.ts";
import type { Live } from "./live_config.ts";
import type { LogStreams } from "./log_streams.ts";

/** Lines that are still not written then are left out of an answer. */
const FLUSH_MS = 2000;

/** Makes the source. */
export function usageLogSource(
  streams: LogStreams,
  live: () => Live,
  log: Logger,
): LogSource {
  return {
    problem: () => {
      const { enabled, problem } = streams.usage;
      if (!enabled) {
        return "it is disabled, set logging.usage.enabled";
      }
      return problem === null
        ? null
        : `it cannot be written (${problem}), see the gateway's log`;
    },
    folders: () => streams.usageFolders,
    flush: () => streams.usage.stream.flush(FLUSH_MS),
    index: (reader) => openIndex(streams.usage.folder, reader, live(), log),
    dropIndex: async () => {
      await removed(usageIndexPath(streams.usage.folder));
    },
    pricing: () => live().pricing,
  };
}

/**
 * An index that cannot be used does not keep the log from answering; one that
 * is broken is made again.
 */
async function openIndex(
  folder: string,
  reader: UsageLogReader,
  { loaded }: Live,
  log: Logger,
): Promise<UsageIndex | null> {
  if (!loaded.config.logging.usage.index) return null;
  const path = usageIndexPath(folder);
  for (let tries = 0;; tries++) {
    let index: UsageIndex | null = null;
    try {
      index = UsageIndex.open(path);
      await index.update(reader);
      return index;
    } catch (error) {
      index?.[Symbol.dispose]();
      const again = tries === 0 && isBrokenIndex(error) && await removed(path);
      log.log(
        "warn",
        again
          ? "index of the usage log broken, it is made again"
          : "index of the usage log not used",
        { error: error instanceof Error ? error.message : String(error) },
      );
      if (!again) return null;
    }
  }
}

async function removed(path: string): Promise<boolean> {
  try {
    await UsageIndex.remove(path);
    return true;
  } catch {
    return false;
  }
}
