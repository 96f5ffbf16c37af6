/** The client's side in memory. @module */

import type {
  ClientListener,
  ClientResponse,
} from "../../src/exchange/client.ts";

/** Keeps what it is sent. */
export class MemoryClient implements ClientResponse {
  status = 0;
  headers: string[] = [];
  body = "";
  started = false;
  closed = false;
  destroyed = false;
  listener: ClientListener | null = null;
  /** What `write` says; set to `false` for a reader that has stopped. */
  reads = true;
  readonly done: Promise<void>;
  readonly #decoder = new TextDecoder();
  #finish: () => void = () => {};
  readonly #waiting: { test: () => boolean; wake: () => void }[] = [];

  constructor() {
    this.done = new Promise((resolve) => this.#finish = resolve);
  }

  send(
    status: number,
    headers: readonly string[],
    body: Uint8Array | string,
  ): void {
    this.start(status, headers);
    this.write(body);
    this.end();
  }

  start(status: number, headers: readonly string[]): void {
    if (this.started) throw new Error("Cannot start an answer twice");
    this.started = true;
    this.status = status;
    this.headers = [...headers];
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.closed) return true;
    this.body += typeof bytes === "string"
      ? bytes
      : this.#decoder.decode(bytes, { stream: true });
    this.#look();
    return this.reads;
  }

  end(): void {
    if (this.closed) return;
    this.closed = true;
    this.#look();
    this.#finish();
  }

  destroy(): void {
    this.destroyed = true;
    this.end();
  }

  /** The client hangs up. */
  hangUp(): void {
    this.closed = true;
    this.listener?.onAbort();
    this.#finish();
  }

  /** Reads again. */
  resume(): void {
    this.reads = true;
    this.listener?.onDrain();
  }

  header(name: string): string | null {
    const index = this.headers.indexOf(name);
    return index < 0 ? null : this.headers[index + 1] ?? null;
  }

  /** Resolves as soon as the body so far passes `test`. */
  async until(test: (body: string) => boolean): Promise<void> {
    if (test(this.body)) return;
    await new Promise<void>((wake) =>
      this.#waiting.push({ test: () => test(this.body), wake })
    );
  }

  #look(): void {
    for (const waiter of [...this.#waiting]) {
      if (!waiter.test() && !this.closed) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      waiter.wake();
    }
  }
}
