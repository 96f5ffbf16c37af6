/** The answer of one request over a socket of node:http. @module */

import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClientListener, ClientResponse } from "../exchange/client.ts";

/** How long a refused sender may go on sending before it is cut off, so that it can read the answer. */
const LINGER_MS = 1000;
/** A sender that was silent for so long has stopped. */
const LINGER_STEP_MS = 125;

/** What neither the name nor the value of a header may hold. */
const NO_HEADER_TEXT = /[^\t\x20-\x7e\x80-\xff]/;

/** Answers larger than this are written in pieces of it. */
const SLICE_BYTES = 262_144;

/** Bodies up to this size go out as text behind the head: one string costs less than two buffers (4 % of the listener, measured). */
const JOINED_BYTES = 16_384;

/** Writes to the socket. Our id goes on every answer. */
export class NodeResponse implements ClientResponse {
  /** Who hears of the client. Set by the relay. */
  listener: ClientListener | null = null;
  /** Whether the connection ends with this answer. */
  closeConnection = false;
  /** Status sent, 0 before. */
  status = 0;
  /** Body bytes given to the socket. */
  bytesOut = 0;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #requestId: string;
  readonly #bufferBytes: number;
  #bodyComes: boolean;
  #started = false;
  #ended = false;
  #gone = false;
  #draining = false;
  #linger: ReturnType<typeof setInterval> | null = null;
  #takenBytes = -Infinity;
  #progressAtMs = 0;

  /** Wraps the pair of one request. `bodyComes`: the client sends a body without being told to; `bufferBytes` wait for a slow one at most. */
  constructor(
    message: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    bodyComes: boolean,
    bufferBytes: number,
  ) {
    this.#message = message;
    this.#response = response;
    this.#requestId = requestId;
    this.#bodyComes = bodyComes;
    this.#bufferBytes = bufferBytes;
  }

  /** Whether the head has been sent. */
  get started(): boolean {
    return this.#started;
  }

  /** Whether the client has gone or the answer is complete. */
  get closed(): boolean {
    return this.#ended || this.#gone;
  }

  /** Sends a whole answer; headers alternate. Adds content-length. */
  send(
    status: number,
    headers: readonly string[],
    body: Uint8Array | string,
  ): void {
    if (this.#started || this.closed) return;
    const length = Buffer.byteLength(body);
    this.#writeHead(status, headers, status === 204 ? -1 : length);
    this.#ended = true;
    if (length > SLICE_BYTES) {
      this.#sendSlices(bufferOf(body), 0);
    } else {
      this.bytesOut = length;
      this.#finish(body);
    }
  }

  /** Sends the head of an answer whose body follows. */
  start(status: number, headers: readonly string[]): void {
    if (this.#started || this.closed) return;
    this.#writeHead(status, headers, -1);
    // The head must not wait for the first event of a slow stream.
    this.#response.flushHeaders();
  }

  /** Sends a piece. `false`: stop until the listener is told to go on. */
  write(bytes: Uint8Array | string): boolean {
    if (!this.#started || this.closed) return true;
    this.bytesOut += typeof bytes === "string"
      ? Buffer.byteLength(bytes)
      : bytes.length;
    if (this.#response.write(bytes)) return true;
    if (!this.#draining) {
      this.#draining = true;
      this.#response.once("drain", () => this.#drained());
    }
    return this.#response.writableLength < this.#bufferBytes;
  }

  /** Ends the answer cleanly. */
  end(): void {
    if (!this.#started || this.closed) return;
    this.#ended = true;
    this.#response.end();
  }

  /** Breaks the connection. */
  destroy(): void {
    this.#ended = true;
    this.#response.socket?.destroy();
    this.#response.destroy();
  }

  /** Tells the client that the body may come (`Expect: 100-continue`). */
  writeContinue(): void {
    if (this.#started || this.closed) return;
    this.#bodyComes = true;
    this.#response.writeContinue();
  }

  /** The answer was written to the socket past this object. */
  answeredElsewhere(status: number): void {
    this.#started = true;
    this.#ended = true;
    this.status = status;
  }

  /** Closes after an answer that only waited for the sender to stop; `false` if there is none. */
  endLinger(): boolean {
    if (this.#linger === null) return false;
    clearInterval(this.#linger);
    this.#linger = null;
    this.#response.end();
    return true;
  }

  /** The socket or the answer has come to its end. Called by the owner. */
  onClosed(): void {
    if (this.#linger !== null) clearInterval(this.#linger);
    this.#linger = null;
    if (this.#gone) return;
    const complete = this.#ended && this.#response.writableFinished;
    this.#gone = true;
    if (!complete) this.listener?.onAbort();
  }

  /** Whether the client has taken nothing of what waits for it for so long. */
  stalled(nowMs: number, stallMs: number): boolean {
    const pending = this.#response.socket?.writableLength ?? 0;
    const taken = this.bytesOut - pending;
    const progress = pending === 0 || taken > this.#takenBytes;
    this.#takenBytes = taken;
    if (progress) {
      this.#progressAtMs = nowMs;
      return false;
    }
    return nowMs - this.#progressAtMs >= stallMs;
  }

  /** Sends the head; a length of -1 is not announced. */
  #writeHead(
    status: number,
    headers: readonly string[],
    length: number,
  ): void {
    const head: string[] = [];
    for (const text of headers) {
      // Of a head given as a list the runtime checks nothing: a line break would begin another header.
      if (NO_HEADER_TEXT.test(text)) {
        throw new TypeError(
          "Cannot send the answer: a header has a line break or another character that none may have",
        );
      }
      head.push(text);
    }
    if (length >= 0) head.push("content-length", String(length));
    const id = this.#requestId;
    head.push("x-request-id", id, "request-id", id);
    if (this.closeConnection) head.push("connection", "close");
    this.#response.writeHead(status, head);
    this.#started = true;
    this.status = status;
  }

  #drained(): void {
    this.#draining = false;
    if (!this.closed) this.listener?.onDrain();
  }

  #finish(body: Uint8Array | string): void {
    if (this.closeConnection && this.#senderGoesOn()) {
      this.#response.write(body);
      this.#lingerThenEnd();
    } else if (typeof body !== "string" && body.length <= JOINED_BYTES) {
      this.#response.end(bufferOf(body).toString("latin1"), "latin1");
    } else {
      this.#response.end(body);
    }
  }

  /** Writes a large body piece by piece: of a single write nobody sees whether the client takes any. */
  #sendSlices(bytes: Buffer, from: number): void {
    let at = from;
    while (bytes.length - at > SLICE_BYTES) {
      const slice = bytes.subarray(at, at + SLICE_BYTES);
      at += SLICE_BYTES;
      this.bytesOut += SLICE_BYTES;
      if (!this.#response.write(slice)) {
        this.#response.once("drain", () => this.#sendSlices(bytes, at));
        return;
      }
    }
    this.bytesOut = bytes.length;
    this.#finish(bytes.subarray(at));
  }

  /** Whether body bytes are still under way that nobody will read. */
  #senderGoesOn(): boolean {
    return this.#bodyComes && !this.#message.complete;
  }

  /**
   * Closing while the sender still sends resets the connection, and the reset
   * can overtake the answer: take and drop what comes for a moment.
   */
  #lingerThenEnd(): void {
    let quiet = false;
    let left = LINGER_MS / LINGER_STEP_MS;
    this.#linger = setInterval(() => {
      if (quiet || --left <= 0) this.endLinger();
      quiet = true;
    }, LINGER_STEP_MS);
    this.#message.on("data", () => quiet = false);
    this.#message.on("end", () => this.endLinger());
    this.#message.resume();
  }
}

/** The same bytes as a buffer; only text is copied. */
function bufferOf(body: Uint8Array | string): Buffer {
  return typeof body === "string"
    ? Buffer.from(body)
    : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
