/**
 * node:http keeps the requests under way in a `Map` that every request is put
 * into and taken out of. Each time such a `Map` is laid out anew, the engine
 * links the old table to the new one; once one of these tables has been
 * promoted to the old generation, every later one follows it, with all the
 * requests that stood in it. Measured on Deno 2.9.4 at 32 connections: six
 * requests in ten were promoted, and the garbage collector took three times as
 * long. Here a connection keeps one place for as long as it is open.
 *
 * @module
 */

import type { Server } from "node:http";
import type { Socket } from "node:net";
import { isMap } from "node:util/types";

/** What node:http notes of a request under way. */
interface ActiveRequest {
  readonly headersCompleted: boolean;
  readonly startTime: number;
  readonly req: unknown;
}

/** Stands for "none": it never takes too long. */
const NONE: ActiveRequest = {
  headersCompleted: true,
  startTime: Infinity,
  req: null,
};

/** Requests under way by socket; a place is given up with the socket. */
class ActiveRequests extends Map<Socket, ActiveRequest> {
  override get(socket: Socket): ActiveRequest | undefined {
    const active = super.get(socket);
    return active === NONE ? undefined : active;
  }

  override set(socket: Socket, active: ActiveRequest): this {
    if (!super.has(socket)) socket.once("close", () => super.delete(socket));
    return super.set(socket, active);
  }

  override delete(socket: Socket): boolean {
    if (!super.has(socket)) return false;
    super.set(socket, NONE);
    return true;
  }
}

/**
 * Replaces the table of a server that has begun to listen. `false`: this
 * runtime keeps its requests in another way, and nothing was changed.
 */
export function calmActiveRequests(server: Server): boolean {
  for (const symbol of Object.getOwnPropertySymbols(server)) {
    if (symbol.description !== "http.server.connections") continue;
    const list = (server as unknown as { [key: symbol]: unknown })[symbol] as {
      _active?: unknown;
    };
    const found = list?._active;
    if (!isMap(found)) return false;
    const calm = new ActiveRequests();
    Map.prototype.forEach.call(
      found,
      (active, socket) => calm.set(socket, active),
    );
    list._active = calm;
    return true;
  }
  return false;
}
