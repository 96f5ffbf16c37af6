/** A TCP proxy on loopback whose connections break in the middle of answers. @module */

import { connect, createServer, type Server, type Socket } from "node:net";
import type { RandomSource } from "../../../src/support/random_source.ts";

/** Share of connections that break, and after how many bytes at most. */
const BREAKS = 0.2;
const MOST_BYTES = 6000;

/** Stands between a gateway and a provider. */
export class BreakingProxy implements AsyncDisposable {
  /** Connections that were broken. */
  broken = 0;
  readonly #server: Server;
  readonly #random: RandomSource;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: (() => void)[] = [];

  private constructor(target: string, random: RandomSource) {
    this.#random = random;
    this.#port = Number(new URL(target).port);
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a free port in front of `target`. */
  static async start(
    target: string,
    random: RandomSource,
  ): Promise<BreakingProxy> {
    const proxy = new BreakingProxy(target, random);
    await new Promise<void>((resolve) =>
      proxy.#server.listen(0, "127.0.0.1", resolve)
    );
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    const port = typeof address === "object" ? address?.port : 0;
    return `http://127.0.0.1:${port}`;
  }

  /** Resolves when no connection is open. */
  async whenIdle(): Promise<void> {
    while (this.#sockets.size > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.whenIdle();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    const far = connect(this.#port, "127.0.0.1");
    let left = this.#random.next() < BREAKS
      ? Math.ceil(this.#random.next() * MOST_BYTES)
      : Infinity;
    this.#watch(near, far);
    this.#watch(far, near);
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => {
      if (near.destroyed) return;
      left -= bytes.length;
      if (left >= 0) return void near.write(bytes);
      this.broken++;
      near.write(bytes.subarray(0, bytes.length + left));
      near.resetAndDestroy();
    });
  }

  #watch(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      other.destroy();
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }
}
