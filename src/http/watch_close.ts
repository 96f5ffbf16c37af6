/**
 * Hears of the end of an answer without a closure. The runtime's own objects
 * outlive many scavenges, and what hangs on their listeners with them: half of
 * all garbage was promoted that way.
 *
 * @module
 */

import type { ServerResponse } from "node:http";

/** Who hears of the end of answers. */
export interface CloseListener<Request, Connection> {
  /** The answer is complete or the client has gone. Called once. */
  onClosed(request: Request, connection: Connection): void;
}

const CLOSE = Symbol("close");

interface Watched {
  listener: CloseListener<unknown, unknown>;
  request: unknown;
  connection: unknown;
}
interface WatchedResponse extends ServerResponse {
  [CLOSE]?: Watched | null;
}

/** Tells `listener` when the answer to `request` is closed, and forgets both. */
export function watchClose<Request, Connection>(
  response: ServerResponse,
  listener: CloseListener<Request, Connection>,
  request: Request,
  connection: Connection,
): void {
  (response as WatchedResponse)[CLOSE] = {
    listener: listener as CloseListener<unknown, unknown>,
    request,
    connection,
  };
  response.on("close", onClose);
}

function onClose(this: WatchedResponse): void {
  const watched = this[CLOSE];
  if (!watched) return;
  this[CLOSE] = null;
  watched.listener.onClosed(watched.request, watched.connection);
}
