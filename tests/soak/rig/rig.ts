/** The other processes of a soak: what is measured is the gateway alone. @module */

import { TextLineStream } from "@std/streams/text-line-stream";
import type { ProviderStats } from "./endless_provider.ts";

const FOLDER = new URL("./", import.meta.url).pathname;

/** A process that says lines and ends when its input does. */
class RigProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(command: string, args: readonly string[]) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
  }

  get pid(): number {
    return this.#child.pid;
  }

  async tell(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** The next line; fails if the process ends instead. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.read();
    if (done) throw new Error("Cannot go on: a process of the rig has ended");
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#lines.cancel();
  }
}

/** A provider whose streams never end. */
export class EndlessProvider implements AsyncDisposable {
  readonly url: string;
  readonly #process: RigProcess;

  private constructor(process: RigProcess, port: string) {
    this.#process = process;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts it; a stream gets `textBytes` every `everyMs`, 0: as fast as it takes them. */
  static async start(
    textBytes: number,
    everyMs = 0,
  ): Promise<EndlessProvider> {
    const process = new RigProcess(Deno.execPath(), [
      "run",
      "--no-check",
      "--allow-net=127.0.0.1",
      `${FOLDER}endless_provider.ts`,
      String(textBytes),
      String(everyMs),
    ]);
    return new EndlessProvider(process, await process.line());
  }

  /** What it has given so far. */
  async stats(): Promise<ProviderStats> {
    return await (await fetch(`${this.url}/stats`)).json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** Clients that ask, read `bytes` each and then stay without reading. Resolves when all have read. */
export async function readers(
  port: number,
  count: number,
  request: string,
  bytes: number,
): Promise<AsyncDisposable> {
  const process = new RigProcess("perl", [
    `${FOLDER}stalled_clients.pl`,
    String(port),
    String(count),
    String(bytes),
  ]);
  await process.tell(`${request}\0`);
  await process.line();
  await process.line();
  return process;
}
