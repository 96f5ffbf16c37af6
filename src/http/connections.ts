/** The open connections: how many, whose, and which one gives way when there are too many. @module */

import type { Socket } from "node:net";
import type { ProtocolName } from "../exchange/names.ts";
import { canonicalIp, isLoopback } from "./ip.ts";
import type { LimitName } from "./limits.ts";

/** A request under way, as far as its connection must know it. */
export interface CurrentRequest {
  /** Our id. */
  readonly id: string;
  /** Whose error shape it is answered in. */
  readonly protocol: ProtocolName | null;
  /** Its answer. */
  readonly response: {
    /** Whether the head has been sent. */
    readonly started: boolean;
    /** The answer was written to the socket past this object. */
    answeredElsewhere(status: number): void;
    /** Closes after an answer that only waited for the sender to stop; `false` if there is none. */
    endLinger(): boolean;
  };
}

/** One open connection. */
export interface Connection {
  /** The socket. */
  readonly socket: Socket;
  /** The peer's address, canonical; "" for one that is gone already. */
  readonly ip: string;
  /** Whether it came when all places but the reserved ones were taken: no inference. */
  readonly reserved: boolean;
  /** Requests under way. */
  requests: number;
  /** The newest of them. */
  current: CurrentRequest | null;
  /** Whether an answer to a broken request has been written and only the end is missing. */
  closing: boolean;
}

/** The part of the limits that connections are held to. `0` switches a limit off. */
export interface ConnectionLimits {
  /** Open connections; beyond it only the reserved ones. */
  readonly maxConnections: number;
  /** Open connections of one address. */
  readonly maxConnectionsPerIp: number;
  /** Connections beyond `maxConnections`. */
  readonly reservedAdminConnections: number;
}

/** Keeps count. */
export class Connections {
  /** Current limits. */
  limits: ConnectionLimits;
  readonly #trusts: (ip: string) => boolean;
  readonly #onLimit: (limit: LimitName) => void;
  readonly #open = new Map<Socket, Connection>();
  readonly #perIp = new Map<string, number>();
  #accepted = 0;
  #closed: Promise<void> | null = null;
  #onEmpty: (() => void) | null = null;

  /** Starts with none. `trusts` tells the peers that one address may stand for many. */
  constructor(
    limits: ConnectionLimits,
    trusts: (ip: string) => boolean,
    onLimit: (limit: LimitName) => void,
  ) {
    this.limits = limits;
    this.#trusts = trusts;
    this.#onLimit = onLimit;
  }

  /** Open connections. */
  get count(): number {
    return this.#open.size;
  }

  /** Connections that were ever accepted, refused ones included. */
  get accepted(): number {
    return this.#accepted;
  }

  /** What is known of a socket; `null` for one that was refused. */
  get(socket: Socket): Connection | null {
    return this.#open.get(socket) ?? null;
  }

  /** Takes in a new socket or closes it. */
  add(socket: Socket): void {
    this.#accepted++;
    // Without a listener a late error of a refused or upgraded socket ends the process.
    socket.on("error", ignore);
    const ip = canonicalIp(socket.remoteAddress ?? "");
    if (!this.#allowedIp(ip)) {
      this.#onLimit("maxConnectionsPerIp");
      socket.destroy();
      return;
    }
    const { maxConnections, reservedAdminConnections } = this.limits;
    const reserved = maxConnections > 0 && this.#open.size >= maxConnections;
    if (reserved) {
      this.#onLimit("maxConnections");
      const room = maxConnections + reservedAdminConnections;
      if (this.#open.size >= room && !this.#evict()) {
        socket.destroy();
        return;
      }
    }
    this.#open.set(socket, {
      socket,
      ip,
      reserved,
      requests: 0,
      current: null,
      closing: false,
    });
    this.#perIp.set(ip, (this.#perIp.get(ip) ?? 0) + 1);
    socket.once("close", () => this.#remove(socket, ip));
  }

  /** Closes all connections without a request under way. */
  closeIdle(): void {
    for (const connection of [...this.#open.values()]) {
      if (connection.requests === 0) connection.socket.destroy();
    }
  }

  /** Closes all connections. Resolves when they are gone. */
  closeAll(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    this.#closed ??= new Promise((resolve) => this.#onEmpty = resolve);
    for (const socket of [...this.#open.keys()]) socket.destroy();
    return this.#closed;
  }

  #allowedIp(ip: string): boolean {
    const { maxConnectionsPerIp } = this.limits;
    if (maxConnectionsPerIp === 0) return true;
    if ((this.#perIp.get(ip) ?? 0) < maxConnectionsPerIp) return true;
    return isLoopback(ip) || this.#trusts(ip);
  }

  /** Closes the oldest reserved connection that does nothing: silent ones must not keep the operator out. */
  #evict(): boolean {
    for (const connection of this.#open.values()) {
      if (!connection.reserved || connection.requests > 0) continue;
      this.#remove(connection.socket, connection.ip);
      connection.socket.destroy();
      return true;
    }
    return false;
  }

  #remove(socket: Socket, ip: string): void {
    if (!this.#open.delete(socket)) return;
    const left = (this.#perIp.get(ip) ?? 1) - 1;
    if (left > 0) this.#perIp.set(ip, left);
    else this.#perIp.delete(ip);
    if (this.#open.size > 0) return;
    this.#onEmpty?.();
    this.#onEmpty = null;
    this.#closed = null;
  }
}

function ignore(): void {}
