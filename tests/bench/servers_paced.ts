/**
 * An upstream that streams: 100 chat events, 10 ms apart, to everyone who
 * posts; `GET /events` says how many were sent so far.
 * `deno run -A tests/bench/servers_paced.ts` prints its port.
 *
 * @module
 */

import { createServer, type Socket } from "node:net";

const EVENTS = 100;
const EVERY_MS = 10;
const HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function event(delta: string, finish: string): string {
  return `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"up-model","choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]}\n\n`;
}

const DELTA = chunk(event('{"content":" word"}', "null"));
const LAST = chunk(event("{}", '"stop"') + "data: [DONE]\n\n") + "0\r\n\r\n";

/** A stream under way. */
class Streams {
  sent = 0;
  readonly #running = new Map<Socket, number>();

  begin(socket: Socket): void {
    socket.write(HEAD);
    this.#running.set(socket, 0);
  }

  end(socket: Socket): void {
    this.#running.delete(socket);
  }

  /** One event for each. */
  beat(): void {
    for (const [socket, count] of this.#running) {
      if (count < EVENTS) {
        this.#running.set(socket, count + 1);
        this.sent++;
        socket.write(DELTA);
      } else {
        this.#running.delete(socket);
        socket.write(LAST);
      }
    }
  }
}

function main(): void {
  const streams = new Streams();
  const server = createServer((socket) => {
    let text = "";
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => streams.end(socket));
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      for (;;) {
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) return;
        const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
        if (text.length < end + 4 + length) return;
        const isPost = text.startsWith("POST");
        text = text.slice(end + 4 + length);
        if (isPost) streams.begin(socket);
        else {
          const body = String(streams.sent);
          socket.write(
            `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
          );
        }
      }
    });
  });
  setInterval(() => streams.beat(), EVERY_MS);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object") console.log(address?.port);
  });
}

main();
