/**
 * A provider on loopback that records every byte it is sent and answers, or
 * fails to, exactly as told: a raw socket, so that every fault can be made.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createServer, type Server, type Socket } from "node:net";

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  readonly target: string;
  /** Names as sent, alternating with values. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  header(name: string): string | null;
}

/** Answers one request on its socket; may keep it, break it, or say nothing. */
export type Behaviour = (
  socket: Socket,
  request: RecordedRequest,
) => void | Promise<void>;

/** A provider that does what it is told. */
export class FakeProvider {
  readonly requests: RecordedRequest[] = [];
  /** Called for each request; replace it at any time. */
  behaviour: Behaviour;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: (() => void)[] = [];
  #closed = 0;

  private constructor(behaviour: Behaviour) {
    this.behaviour = behaviour;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(behaviour: Behaviour): Promise<FakeProvider> {
    const provider = new FakeProvider(behaviour);
    await new Promise<void>((resolve) =>
      provider.#server.listen(0, "127.0.0.1", resolve)
    );
    return provider;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that are open now. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Connections that have been closed. */
  get closedSockets(): number {
    return this.#closed;
  }

  /** Resolves when the number of closed connections has reached `count`. */
  async whenClosed(count: number): Promise<void> {
    while (this.#closed < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Closes every connection and the listener. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#closed++;
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const parsed = parseRequest(received);
      if (parsed === null) return;
      received = received.subarray(parsed.length);
      this.requests.push(parsed.request);
      void this.behaviour(socket, parsed.request);
    });
  }
}

function parseRequest(
  bytes: Buffer,
): { request: RecordedRequest; length: number } | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const lines = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const [method = "", target = ""] = (lines[0] ?? "").split(" ");
  const headers = lines.slice(1).flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const header = (name: string): string | null => {
    for (let index = 0; index < headers.length; index += 2) {
      if (headers[index]?.toLowerCase() === name) {
        return headers[index + 1] ?? "";
      }
    }
    return null;
  };
  const length = Number(header("content-length") ?? 0);
  const start = end + 4;
  if (bytes.length < start + length) return null;
  const body = new Uint8Array(bytes.subarray(start, start + length));
  return {
    request: { method, target, headers, body, header },
    length: start + length,
  };
}

/** Answers with a whole body. */
export function answer(
  status: number,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Behaviour {
  const bytes = typeof body === "string"
    ? Buffer.from(body)
    : Buffer.from(body);
  return (socket) => {
    socket.write(head(status, {
      "content-type": "application/json",
      "content-length": String(bytes.length),
      ...headers,
    }));
    socket.write(bytes);
  };
}

/** Streams pieces as HTTP chunks, one turn of the loop apart, then ends as `end` says. */
export function stream(
  pieces: readonly string[],
  end: "clean" | "reset" | "cut" | "stall" = "clean",
  headers: Record<string, string> = {},
): Behaviour {
  return async (socket) => {
    socket.write(head(200, {
      "content-type": "text/event-stream",
      "transfer-encoding": "chunked",
      ...headers,
    }));
    for (const piece of pieces) {
      await turn();
      if (socket.destroyed) return;
      socket.write(chunk(piece));
    }
    await turn();
    if (end === "clean") socket.write("0\r\n\r\n");
    else if (end === "reset") socket.resetAndDestroy();
    else if (end === "cut") socket.end();
  };
}

/** Takes the request and never says a word. */
export function silent(): void {}

/** Resets the connection before any answer. */
export function resetAtOnce(socket: Socket): void {
  socket.resetAndDestroy();
}

/** A response head. */
export function head(status: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  return `HTTP/1.1 ${status} Status\r\n${lines.join("")}\r\n`;
}

/** One HTTP chunk. */
export function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** Resolves once a socket that took no more takes more again, or is closed. */
export function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}
