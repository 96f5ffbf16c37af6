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
  where: { readonly address: string; readonly namespace: string } | null = null,
): Promise<AsyncDisposable> {
  const command = [
    "perl",
    `${FOLDER}stalled_clients.pl`,
    where?.address ?? "127.0.0.1",
    String(port),
    String(count),
    String(bytes),
  ];
  const inside = where === null
    ? command
    : ["ip", "netns", "exec", where.namespace, ...command];
  const [program = "", ...args] = inside;
  const process = new RigProcess(program, args);
  await process.tell(`${request}\0`);
  await process.line();
  await process.line();
  return process;
}

/** Clients that connect and never finish a head. */
export class SlowClients implements AsyncDisposable {
  readonly #process: RigProcess;

  private constructor(process: RigProcess) {
    this.#process = process;
  }

  /** Starts them. Resolves when all are connected. */
  static async start(
    port: number,
    count: number,
    drips: boolean,
  ): Promise<SlowClients> {
    const process = new RigProcess("perl", [
      `${FOLDER}slow_clients.pl`,
      String(port),
      String(count),
      drips ? "1" : "0",
    ]);
    const clients = new SlowClients(process);
    await process.line();
    return clients;
  }

  /** How long the first and the last of them lived, ms, once the other side has closed them all. */
  async lived(): Promise<[number, number]> {
    const [first = 0, last = 0] = (await this.#process.line()).split(" ");
    return [Number(first), Number(last)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** Whether a program is there. */
export function has(program: string, ...args: string[]): Promise<boolean> {
  return new Deno.Command(program, { args, stdout: "null", stderr: "null" })
    .output().then(({ success }) => success, () => false);
}

/** How many descriptors a process may have. */
export async function descriptorLimit(): Promise<number> {
  const limits = await Deno.readTextFile("/proc/self/limits");
  return Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? 0);
}
