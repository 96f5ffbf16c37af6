/** The node:http server itself, with every limit that it can hold. @module */

import type { Buffer } from "node:buffer";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { Server as TcpServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { calmActiveRequests } from "./active_requests.ts";
import type { ListenerLimits } from "./limits.ts";

/** Where to listen: an address, or a socket that was inherited (`LISTEN_FDS`, `LISTEN_PID`). */
export type ListenAt =
  | { readonly host: string; readonly port: number }
  | { readonly fd: number };

/** What a listener hears. */
export interface ListenerEvents {
  /** A connection was accepted. */
  onConnection(socket: Socket): void;
  /** A head was read. `expectsContinue`: the client waits for a 100 before it sends the body. */
  onRequest(
    message: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): void;
  /** What came is no HTTP, came too slowly, or the peer has gone. */
  onParserError(error: Error & { code?: string }, socket: Socket): void;
  /** CONNECT was asked for. */
  onTunnel(socket: Duplex): void;
  /** A WebSocket was asked for. */
  onUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Builds a server that does not listen yet. */
export function buildListener(
  limits: ListenerLimits,
  events: ListenerEvents,
): Server {
  const options: ServerOptions & {
    shouldUpgradeCallback: (message: IncomingMessage) => boolean;
  } = {
    connectionsCheckingInterval: clamp(limits.headTimeoutMs / 10, 20, 1000),
    maxHeaderSize: limits.maxHeadBytes || 1_048_576,
    // Node's own refusal of a missing Host has no body.
    requireHostHeader: false,
    // Other upgrades are offers that may be ignored: some clients offer h2c with every request.
    shouldUpgradeCallback: (message) =>
      message.headers.upgrade?.toLowerCase() === "websocket",
  };
  const server = createServer(options);
  // Node would drop what is above the number without a word.
  server.maxHeadersCount = 0;
  setTimeouts(server, limits);
  server.on("connection", (socket) => events.onConnection(socket));
  server.on("request", (message, response) => {
    events.onRequest(message, response, false);
  });
  server.on("checkContinue", (message, response) => {
    events.onRequest(message, response, true);
  });
  // An expectation nobody knows is no reason to refuse (RFC 9110, 10.1.1: MAY).
  server.on("checkExpectation", (message, response) => {
    events.onRequest(message, response, false);
  });
  server.on("clientError", (error, socket) => {
    events.onParserError(error, socket as Socket);
  });
  server.on("connect", (_message, socket) => events.onTunnel(socket));
  server.on("upgrade", (message, socket, head) => {
    events.onUpgrade(message, socket, head);
  });
  return server;
}

/** Sets the timeouts of the head, the body and idle connections, also of a server that runs. */
export function setTimeouts(server: Server, limits: ListenerLimits): void {
  const { headTimeoutMs, bodyTimeoutMs } = limits;
  server.headersTimeout = headTimeoutMs;
  // Bodies are timed by their reader; this is for bodies that nobody reads.
  server.requestTimeout = bodyTimeoutMs === 0
    ? 0
    : headTimeoutMs + bodyTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveTimeoutMs;
}

/** Starts a server. Rejects with the system's error if it cannot. */
export function listening(server: Server, at: ListenAt): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...at, backlog: 1024 }, () => {
      server.removeListener("error", reject);
      calmActiveRequests(server);
      resolve();
    });
  });
}

/** Closes the listener alone: the closing of node:http also cuts kept connections. */
export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    TcpServer.prototype.close.call(server, () => resolve());
  });
}

/** Ends the timer that looks for slow heads. Only for a server whose connections are gone. */
export function endChecks(server: Server): void {
  server.close();
}

/** Servers that were replaced and live on for the connections they accepted. */
export class RetiredServers {
  readonly #servers = new Set<Server>();

  /** Stops a server from listening; what hangs on it goes with its last connection. */
  add(server: Server): void {
    this.#servers.add(server);
    stopListening(server).then(() => {
      this.#servers.delete(server);
      endChecks(server);
    });
  }

  /** Ends them all: their connections are gone. */
  end(): void {
    for (const server of this.#servers) endChecks(server);
    this.#servers.clear();
  }
}

/** The nearest number within bounds. */
export function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
