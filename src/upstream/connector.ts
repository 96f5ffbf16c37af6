/**
 * Opens connections with a deadline of our own. undici's is kept by a timer
 * that outlives its pools by up to a second.
 *
 * @module
 */

import "./load_undici.ts";
import { buildConnector } from "undici";
import { sharedLookup } from "./name_lookup.ts";

/** Extra options of TLS connections. */
export type TlsOptions = {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
};

/** The code that the deadline's error carries. */
export const CONNECT_TIMEOUT_CODE = "UND_ERR_CONNECT_TIMEOUT";

/** Makes a connector that gives up after `connectMs` (0 = never): name, TCP and TLS together. */
export function makeConnector(
  connectMs: number,
  tls: TlsOptions,
): buildConnector.connector {
  const connect = buildConnector({
    ...tls,
    timeout: 0,
    lookup: sharedLookup(),
  });
  if (connectMs === 0) return connect;
  return function connectInTime(options, callback): void {
    // The connector gives its socket, though its type does not say so.
    const socket: unknown = Reflect.apply(connect, undefined, [
      options,
      (...answer: Parameters<buildConnector.Callback>) => {
        clearTimeout(timer);
        callback(...answer);
      },
    ]);
    const timer = setTimeout(() => destroy(socket, connectMs), connectMs);
  };
}

function destroy(socket: unknown, connectMs: number): void {
  if (typeof socket !== "object" || socket === null) return;
  const late = Object.assign(
    new Error(`Cannot connect within ${connectMs} ms`),
    { code: CONNECT_TIMEOUT_CODE },
  );
  const end: unknown = Reflect.get(socket, "destroy");
  if (typeof end === "function") Reflect.apply(end, socket, [late]);
}
