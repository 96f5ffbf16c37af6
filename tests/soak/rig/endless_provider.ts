// A provider as a process of its own: answers every POST with chat events
// without end; `GET /stats` says how many.
//
// Arguments: bytes of text in an event; ms between two events of a stream, 0:
// as fast as they are taken.

import { createServer, type Socket } from "node:net";

/** What `GET /stats` says. */
export interface ProviderStats {
  /** Streams that were asked for. */
  readonly asked: number;
  /** Streams whose connection has closed. */
  readonly closed: number;
  /** Connections that are open. */
  readonly open: number;
  /** Bytes that were handed to the sockets. */
  readonly bytes: number;
  /** Of the streams that have closed: ms between the last byte that was taken and the close. */
  readonly idleMs: readonly number[];
  /** Of the same: ms between the request and the close. */
  readonly livedMs: readonly number[];
}

if (import.meta.main) serve(Number(Deno.args[0]), Number(Deno.args[1]));

function serve(textBytes: number, everyMs: number): void {
  const idleMs: number[] = [];
  const livedMs: number[] = [];
  const stats = { asked: 0, closed: 0, open: 0, bytes: 0, idleMs, livedMs };
  const data = JSON.stringify({
    id: "c1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{
      index: 0,
      delta: { content: "x".repeat(textBytes) },
      finish_reason: null,
    }],
  });
  const event = `data: ${data}\n\n`;
  const piece = `${event.length.toString(16)}\r\n${event}\r\n`;
  const server = createServer((socket) => {
    stats.open++;
    socket.on("error", () => {});
    socket.on("close", () => stats.open--);
    socket.once("data", (chunk) => {
      if (chunk.toString("latin1").startsWith("GET /stats")) {
        return tell(socket, JSON.stringify(stats));
      }
      stats.asked++;
      const askedMs = performance.now();
      let takenMs = askedMs;
      socket.on("close", () => {
        stats.closed++;
        idleMs.push(performance.now() - takenMs);
        livedMs.push(performance.now() - askedMs);
      });
      socket.write(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
      );
      const give = () => {
        stats.bytes += piece.length;
        return socket.write(piece, (error) => {
          // Those that a close cut off were not taken.
          if (!error) takenMs = performance.now();
        });
      };
      if (everyMs > 0) {
        const timer = setInterval(() => {
          if (!socket.writableNeedDrain) give();
        }, everyMs);
        socket.on("close", () => clearInterval(timer));
        return;
      }
      const flood = () => {
        while (!socket.destroyed && give());
      };
      socket.on("drain", flood);
      flood();
    });
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    console.log(typeof address === "object" ? address?.port : 0);
  });
}

function tell(socket: Socket, body: string): void {
  socket.end(
    `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
