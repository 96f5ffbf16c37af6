/**
 * The least that a proxy of this runtime can do: node:http, one undici pool,
 * bytes passed on. What Signalbox adds is measured against it.
 * `deno run -A tests/bench/bare_proxy.ts <upstream port>` prints its own port.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { Pool } from "undici";

const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
]);

/** Passes one answer on as it comes. */
class Passing {
  #abort: (() => void) | null = null;
  #whole = false;
  #done = false;

  constructor(private readonly response: ServerResponse) {
    response.on("close", () => {
      if (!this.#done) this.#abort?.();
    });
  }

  onConnect(abort: () => void): void {
    this.#abort = abort;
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    const headers: string[] = [];
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = String(raw[index]).toLowerCase();
      if (HOP_BY_HOP.has(name)) continue;
      headers.push(name, String(raw[index + 1]));
      if (name === "content-length") this.#whole = true;
    }
    this.response.writeHead(status, headers);
    if (!this.#whole) this.response.flushHeaders();
    this.response.on("drain", resume);
    return true;
  }

  onData(chunk: Buffer): boolean {
    return this.response.write(chunk);
  }

  onComplete(): void {
    this.#done = true;
    this.response.end();
  }

  onError(): void {
    this.#done = true;
    if (!this.response.headersSent) this.response.writeHead(502);
    this.response.end();
  }
}

function main(upstreamPort: number): void {
  const origin = `http://127.0.0.1:${upstreamPort}`;
  const pool = new Pool(origin, { connections: 512 });
  const server = createServer(
    (request: IncomingMessage, response: ServerResponse) => {
      const pieces: Uint8Array[] = [];
      request.on("data", (piece) => pieces.push(piece));
      request.on("error", () => {});
      request.on("end", () => {
        const [first] = pieces;
        const body = pieces.length === 1 && first !== undefined
          ? first
          : joined(pieces);
        pool.dispatch({
          origin,
          path: request.url ?? "/",
          method: "POST",
          headers: ["content-type", "application/json"],
          body: body as unknown as string,
          headersTimeout: 0,
          bodyTimeout: 0,
        }, new Passing(response));
      });
    },
  );
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object") console.log(address?.port);
  });
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  );
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

main(Number(Deno.args[0]));
