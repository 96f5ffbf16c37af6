/** What cannot change while the program runs. @module */

import type { Config } from "./schema.ts";

/** Reads the values that are bound at start, by path. */
function boundAtStart(config: Config): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ["server.host", config.server.host],
    ["server.port", config.server.port],
    ["server.instance", config.server.instance],
    ["admin.host", config.admin.host],
    ["admin.port", config.admin.port],
    ["stateDir", config.stateDir],
    ["logDir", config.logDir],
  ]);
}

/** Paths that differ between two configs although they need a restart; empty if the new one may go live. */
export function notReloadable(before: Config, after: Config): string[] {
  const next = boundAtStart(after);
  return [...boundAtStart(before)]
    .filter(([path, value]) => next.get(path) !== value)
    .map(([path]) => path);
}
