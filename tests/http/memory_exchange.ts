/** The in-memory twin of the socket: a request and a response for handlers under test. @module */

import type {
  ClientListener,
  ClientRequest,
  ClientResponse,
} from "../../src/exchange/client.ts";
import { rawHeader } from "../../src/http/request_head.ts";

const decoder = new TextDecoder();

/** A request that was read already. */
export class MemoryRequest implements ClientRequest {
  /** Upper-case method. */
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** Query with its `?`, or "". */
  readonly query: string = "";
  /** Headers as they came. */
  readonly rawHeaders: readonly string[];
  /** The whole body. */
  readonly body: Uint8Array;

  /** Makes one. */
  constructor(
    method: string,
    path: string,
    rawHeaders: readonly string[] = [],
    body = "",
  ) {
    this.method = method;
    this.path = path;
    this.rawHeaders = rawHeaders;
    this.body = new TextEncoder().encode(body);
  }

  /** A header's value by lower-case name. */
  header(name: string): string | null {
    return rawHeader(this.rawHeaders, name);
  }
}

/** An answer that is kept. */
export class MemoryResponse implements ClientResponse {
  /** Called when writing may go on. */
  listener: ClientListener | null = null;
  /** Called once if the client goes. */
  /** Status sent, 0 before. */
  status = 0;
  /** Headers sent. */
  headers: readonly string[] = [];
  /** Everything written. */
  text = "";
  /** Whether the head has been sent. */
  started = false;
  /** Whether the answer is complete or the client has gone. */
  closed = false;
  /** Whether the connection was broken. */
  destroyed = false;
  /** Writes after which the client takes no more until {@linkcode drain}. */
  room: number = Infinity;

  /** Keeps a whole answer. */
  send(
    status: number,
    headers: readonly string[],
    body: Uint8Array | string,
  ): void {
    if (this.started || this.closed) return;
    this.start(status, headers);
    this.write(body);
    this.end();
  }

  /** Keeps the head. */
  start(status: number, headers: readonly string[]): void {
    if (this.started || this.closed) return;
    this.started = true;
    this.status = status;
    this.headers = headers;
  }

  /** Keeps a piece. */
  write(bytes: Uint8Array | string): boolean {
    if (!this.started || this.closed) return true;
    this.text += typeof bytes === "string" ? bytes : decoder.decode(bytes);
    return --this.room > 0;
  }

  /** Completes the answer. */
  end(): void {
    if (this.started) this.closed = true;
  }

  /** Breaks it off. */
  destroy(): void {
    this.closed = true;
    this.destroyed = true;
  }

  /** The client reads again: so many writes. */
  drain(room: number = Infinity): void {
    this.room = room;
    this.listener?.onDrain();
  }

  /** The client goes. */
  abort(): void {
    if (this.closed) return;
    this.closed = true;
    this.listener?.onAbort();
  }

  /** A header's value by lower-case name. */
  header(name: string): string | null {
    return rawHeader(this.headers, name);
  }
}
