/** Asks a listener of this machine whether it still accepts and answers. @module */

import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers";

const REQUEST =
  "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/**
 * Where the loop never rests the runtime takes 100 to 170 turns of it, which can
 * be seconds, to accept a connection and to read from it. A listener is silent
 * only if it had its turns; an idle loop has made these within 10 ms.
 */
const LEAST_TURNS = 500;

/** A question under way. */
export interface LoopbackProbe {
  /** Whether an HTTP answer came in time. Never rejects. */
  readonly answered: Promise<boolean>;
  /** Gives up: `false`, and the connection is closed. */
  cancel(): void;
}

/** Opens a connection of its own to `host:port` and waits for the first byte of an HTTP answer: for `timeoutMs`, longer in a busy process. */
export function probeListener(
  host: string,
  port: number,
  timeoutMs: number,
): LoopbackProbe {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let socket: Socket | null = null;
  let ended = false;
  const end = (answered: boolean) => {
    ended = true;
    clearTimeout(timer);
    socket?.destroy();
    resolve(answered);
  };
  const giveUpIn = (turns: number) => {
    if (ended) return;
    if (turns === 0) end(false);
    else setImmediate(() => giveUpIn(turns - 1));
  };
  const timer = setTimeout(() => giveUpIn(LEAST_TURNS), timeoutMs);
  try {
    socket = connect({ host: reachable(host), port });
    socket.on("connect", () => socket?.write(REQUEST));
    socket.on("data", (bytes) => end(bytes.toString().startsWith("HTTP/1.1 ")));
    // Also a socket that could not be opened: no descriptor is left.
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
  } catch {
    end(false);
  }
  return { answered: promise, cancel: () => end(false) };
}

/** An address that reaches a listener: those of "every interface" cannot be called. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}
