/** The listeners: one for everything, or one for clients and one for operators. @module */

import type { Config } from "../config/schema.ts";
import { accessOptions } from "../http/access_options.ts";
import { Authenticator } from "../http/auth.ts";
import { INFERENCE_WATCH } from "../http/check_request.ts";
import { type Route, splitRoutes } from "../http/route.ts";
import { createServer, type GatewayServer } from "../http/server.ts";
import type { ServerHooks } from "../http/server_core.ts";
import { PROTOCOLS } from "../protocols/protocols.ts";
import type { Logger } from "../support/logger.ts";

/** What the listeners are made of. */
export interface GatewayServersOptions {
  /** The config at start. */
  readonly config: Config;
  /** Everything that is served. */
  readonly routes: readonly Route[];
  /** Makes request ids. */
  readonly ids: () => string;
  /** The log. */
  readonly log: Logger;
  /** Who is told what. */
  readonly hooks: ServerHooks;
}

/** Builds the listeners; `admin` is `null` where the main one serves all. Nothing listens yet. */
export function buildServers(
  options: GatewayServersOptions,
): { main: GatewayServer; admin: GatewayServer | null } {
  const { config, ids, log, hooks } = options;
  const split = splitRoutes(options.routes, config.admin.port !== null);
  const make = (routes: readonly Route[]) =>
    createServer({
      limits: config.server.limits,
      routes,
      auth: new Authenticator(accessOptions(config)),
      ids,
      encodeError: (protocol, error, id) =>
        PROTOCOLS[protocol ?? "chat"].encodeError(error, id),
      log,
      hooks,
      watch: INFERENCE_WATCH,
    });
  return {
    main: make(split.main),
    admin: split.admin === null ? null : make(split.admin),
  };
}
