/**
 * The listener: node:http with every limit set, and what a request must pass
 * before a handler sees it. The only catch for what handlers throw is here.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { GatewayError } from "../exchange/gateway_error.ts";
import { type Clock, SYSTEM_CLOCK } from "../support/clock.ts";
import { type Logger, SILENT_LOGGER } from "../support/logger.ts";
import { Admission } from "./admission.ts";
import type { AccessRefusal, Authenticator } from "./auth.ts";
import { BodyBudget } from "./body.ts";
import { type Connection, Connections } from "./connections.ts";
import { type DrainOptions, drainRequests, type DrainResult } from "./drain.ts";
import type { EncodeError } from "./error_answer.ts";
import { InFlight } from "./in_flight.ts";
import type { LimitName, ListenerLimits } from "./limits.ts";
import {
  buildListener,
  endChecks,
  type ListenAt,
  listening,
  RetiredServers,
  setTimeouts,
  stopListening,
} from "./listener.ts";
import { answerRaw, noTunnel, parserFault } from "./raw_answer.ts";
import type { Route } from "./route.ts";
import { Router } from "./router.ts";
import { ServedRequest } from "./served_request.ts";
import type { ServerCore, ServerHooks } from "./server_core.ts";
import { Ticker } from "./ticker.ts";
import { watchClose } from "./watch_close.ts";
import { findUpgrade, type UpgradeRoute } from "./upgrade.ts";
import type { JsonWatch } from "../support/json_scan.ts";

/** What a server is made of. */
export interface ServerOptions {
  /** The limits. */
  readonly limits: ListenerLimits;
  /** Everything that is served. */
  readonly routes: readonly Route[];
  /** Paths that may become a WebSocket. @default {[]} */
  readonly upgrades?: readonly UpgradeRoute[];
  /** Who may call what. */
  readonly auth: Authenticator;
  /** Makes request ids. */
  readonly ids: () => string;
  /** Error shapes by protocol. */
  readonly encodeError: EncodeError;
  /** Where bugs are logged. @default {SILENT_LOGGER} */
  readonly log?: Logger;
  /** Who is told what. */
  readonly hooks?: ServerHooks;
  /** What is looked for in scanned bodies. @default {nothing but `model` and `stream`} */
  readonly watch?: JsonWatch;
  /** Resident memory in bytes. */
  readonly rssBytes?: () => number;
  /** Time. @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
}

/** What can change while the server runs. */
export type ServerUpdate = Partial<
  Pick<ServerOptions, "limits" | "routes" | "auth">
>;

/** Where a server listens. */
export interface ListenAddress {
  /** Address. */
  readonly host: string;
  /** Port. */
  readonly port: number;
}

const ALLOW: readonly string[] = ["allow", "GET, HEAD, POST"];

/** One listener and its requests. */
export class GatewayServer implements ServerCore {
  /** Requests under way. */
  readonly inFlight: InFlight = new InFlight();
  /** Memory of bodies. */
  readonly budget: BodyBudget;
  /** Places. */
  readonly admission: Admission;
  /** Open connections. */
  readonly connections: Connections;
  /** Error shapes. */
  readonly encodeError: EncodeError;
  /** What the scan of a body looks for. */
  readonly watch: JsonWatch;
  /** Time. */
  readonly clock: Clock;
  /** Makes a request id. */
  readonly newId: () => string;
  readonly #log: Logger;
  readonly #hooks: ServerHooks;
  readonly #upgrades: readonly UpgradeRoute[];
  readonly #ticker: Ticker;
  #limits: ListenerLimits;
  #router: Router;
  #authenticator: Authenticator;
  #server: Server | null = null;
  readonly #retired = new RetiredServers();
  #at: ListenAt | null = null;
  #draining = false;
  #refusing = false;
  #drain: Promise<DrainResult> | null = null;
  #endDelay: (() => void) | null = null;

  /** Builds a server that does not listen yet. */
  constructor(options: ServerOptions) {
    this.#limits = options.limits;
    this.#router = new Router(options.routes);
    this.#upgrades = options.upgrades ?? [];
    this.#authenticator = options.auth;
    this.#log = options.log ?? SILENT_LOGGER;
    this.#hooks = options.hooks ?? {};
    this.newId = options.ids;
    this.encodeError = options.encodeError;
    this.watch = options.watch ?? { fields: [], prefix: "" };
    this.clock = options.clock ?? SYSTEM_CLOCK;
    this.#ticker = new Ticker(
      this.clock,
      options.rssBytes ?? (() => Deno.memoryUsage().rss),
      (nowMs, delayMs, rssBytes) => this.#tick(nowMs, delayMs, rssBytes),
    );
    this.budget = new BodyBudget(options.limits.maxBodiesInMemoryBytes);
    const onLimit = (limit: LimitName) => this.onLimit(limit);
    this.admission = new Admission(options.limits, onLimit);
    this.connections = new Connections(
      options.limits,
      (ip) => this.#authenticator.trusts(ip),
      onLimit,
    );
  }

  /** Current limits. */
  get limits(): ListenerLimits {
    return this.#limits;
  }

  /** Current table. */
  get router(): Router {
    return this.#router;
  }

  /** Current clients and tokens. */
  get authenticator(): Authenticator {
    return this.#authenticator;
  }

  /** Whether a shutdown has begun. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Whether new work is refused because of it. */
  get refusing(): boolean {
    return this.#refusing;
  }

  /** Where it listens, `null` while it does not. */
  get address(): ListenAddress | null {
    const address = this.#server?.address() ?? null;
    return address === null || typeof address === "string"
      ? null
      : { host: address.address, port: address.port };
  }

  /** Starts to listen. Rejects with the system's error if it cannot. */
  async listen(at: ListenAt): Promise<ListenAddress | null> {
    const server = this.#build();
    await listening(server, at);
    this.#server = server;
    // Opened anew, it must be the same port, also where any would have done.
    this.#at = "fd" in at ? at : this.address ?? at;
    this.#ticker.start(this.#limits);
    return this.address;
  }

  /**
   * Opens the listener anew while connections go on: the runtime's accept loop
   * ends for good when it runs out of file descriptors.
   *
   * @throws {Error} when the socket was inherited: only a restart helps.
   */
  async relisten(): Promise<void> {
    const old = this.#server;
    const at = this.#at;
    if (old === null || at === null || this.#draining) return;
    if ("fd" in at) {
      throw new Error(
        "Cannot open the listener anew: its socket was inherited; restart the process",
      );
    }
    if (old.listening) this.#retired.add(old);
    const server = this.#build();
    await listening(server, at);
    this.#server = server;
    this.#log.log("warn", "listener opened anew");
  }

  /** Takes new limits, routes or clients. The largest head is that of the listener. */
  update(update: ServerUpdate): void {
    if (update.routes !== undefined) this.#router = new Router(update.routes);
    if (update.auth !== undefined) this.#authenticator = update.auth;
    if (update.limits === undefined) return;
    this.#limits = update.limits;
    this.budget.maxBytes = update.limits.maxBodiesInMemoryBytes;
    this.connections.limits = update.limits;
    this.admission.update(update.limits);
    if (this.#server !== null) setTimeouts(this.#server, update.limits);
    if (this.#ticker.running) this.#ticker.start(update.limits);
  }

  /** Ends the server without cutting anybody off before the deadline. Called again, it is the same drain. */
  drain(options: DrainOptions): Promise<DrainResult> {
    this.#drain ??= this.#drainOnce(options);
    return this.#drain;
  }

  /** Ends the server at once. */
  async close(): Promise<void> {
    this.#draining = true;
    this.#refusing = true;
    this.#endDelay?.();
    const server = this.#server;
    this.#server = null;
    const stopped = server === null ? null : stopListening(server);
    await this.connections.closeAll();
    await stopped;
    this.#ticker.stop();
    if (server !== null) endChecks(server);
    this.#retired.end();
  }

  /** Counts a limit. */
  onLimit(limit: LimitName): void {
    this.#hooks.onLimit?.(limit);
  }

  /** Counts a refused caller. */
  onAuthFailure(reason: AccessRefusal): void {
    this.#hooks.onAuthFailure?.(reason);
  }

  /** Logs a bug. */
  onHandlerError(requestId: string, endpoint: string, error: unknown): void {
    this.#hooks.onBug?.(requestId, endpoint, error);
    const text = error instanceof Error ? error.stack : null;
    this.#log.log("error", "request handler failed", {
      requestId,
      endpoint,
      error: text ?? "no error object",
    });
  }

  async #drainOnce(options: DrainOptions): Promise<DrainResult> {
    this.#draining = true;
    this.inFlight.forEach((request) => request.response.closeConnection = true);
    if (options.delayMs > 0) await this.#delay(options.delayMs);
    this.#refusing = true;
    if (this.#server !== null) stopListening(this.#server);
    const result = await drainRequests(this.inFlight, options.drainMs);
    await this.close();
    return result;
  }

  #delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#endDelay = null;
        resolve();
      };
      const timer = setTimeout(done, delayMs);
      this.#endDelay = done;
    });
  }

  #build(): Server {
    return buildListener(this.#limits, {
      onConnection: (socket) => this.connections.add(socket),
      onRequest: (message, response, expectsContinue) =>
        this.#serve(message, response, expectsContinue),
      onParserError: (error, socket) => this.#parserError(error, socket),
      onTunnel: (socket) => this.#refuseRaw(socket, noTunnel(), ALLOW),
      onUpgrade: (message, socket, head) =>
        this.#upgrade(message, socket, head),
    });
  }

  #serve(
    message: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): void {
    const connection = this.connections.get(message.socket);
    if (connection === null) {
      message.socket.destroy();
      return;
    }
    // Pipelined behind a request that ended the connection: no one may answer it.
    if (connection.closing) return;
    const request = new ServedRequest(
      this,
      connection,
      message,
      response,
      expectsContinue,
    );
    connection.requests++;
    connection.current = request;
    this.inFlight.add(request);
    watchClose(response, this, request, connection);
    try {
      request.begin();
    } catch (error) {
      this.onHandlerError(request.id, request.endpoint, error);
      request.response.destroy();
    }
  }

  /** Takes a request whose answer is complete or whose client has gone off the list, and counts it. */
  onClosed(request: ServedRequest, connection: Connection): void {
    connection.requests--;
    if (connection.current === request) connection.current = null;
    request.onClosed();
    this.inFlight.remove(request);
    const { method, endpoint, response: { status }, refusal } = request;
    const seconds = (this.clock.monotonicMs() - request.startedMs) / 1000;
    this.#hooks.onRequest?.(method, endpoint, status, seconds, refusal);
  }

  #parserError(error: Error & { code?: string }, socket: Socket): void {
    const connection = this.connections.get(socket);
    const current = connection?.current ?? null;
    if (current?.response.endLinger() || connection?.closing) return;
    const fault = parserFault(error, current !== null);
    const mute = connection !== null && connection.requests > 1 ||
      current?.response.started === true;
    if (connection === null || fault === null || mute || !socket.writable) {
      socket.destroy();
      return;
    }
    connection.closing = true;
    if (fault.limit !== null) this.onLimit(fault.limit);
    if (current === null) this.#countRaw(fault.error.status);
    const id = current?.id ?? this.newId();
    const protocol = current?.protocol ?? null;
    current?.response.answeredElsewhere(fault.error.status);
    const body = this.encodeError(protocol, fault.error, id);
    answerRaw(socket, fault.error, body, id);
  }

  #upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const found = findUpgrade(
      this.#refusing ? [] : this.#upgrades,
      message,
      this.connections.get(message.socket)?.ip ?? "",
      this.#authenticator,
      this.#limits,
    );
    if ("handler" in found) found.handler(message, socket, head);
    else this.#refuseRaw(socket, found);
  }

  #refuseRaw(
    socket: Duplex,
    error: GatewayError,
    headers: readonly string[] = [],
  ): void {
    this.#countRaw(error.status);
    const id = this.newId();
    answerRaw(socket, error, this.encodeError(null, error, id), id, headers);
  }

  /** Counts an answer to what never became a request. */
  #countRaw(status: number): void {
    this.#hooks.onRequest?.("OTHER", "other", status, 0, null);
  }

  #tick(nowMs: number, loopDelayMs: number, rssBytes: number): void {
    this.admission.observe(nowMs, loopDelayMs, rssBytes);
    const { writeStallMs } = this.#limits;
    this.inFlight.forEach((request) => request.checkTime(nowMs, writeStallMs));
  }
}

/** Builds a server that does not listen yet. */
export function createServer(options: ServerOptions): GatewayServer {
  return new GatewayServer(options);
}
