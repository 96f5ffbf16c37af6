/** The program as a process of its own. @module */

import { TextLineStream } from "@std/streams/text-line-stream";

/** One line of the JSON log. */
export type LogLine = Record<string, unknown>;

/** How the program is started. */
export interface ProcessOptions {
  /** Config; `stateDir` and a free port are added. `null`: no config file at all, the built-in default. */
  readonly config: Record<string, unknown> | null;
  /** Variables; the process sees no others but PATH, HOME and the like. */
  readonly environment?: Record<string, string>;
  /** The program and its first arguments; the source under this runtime unless given. */
  readonly program?: readonly string[];
  /** Where config and state are; it stays. A temporary one unless given. */
  readonly folder?: string;
}

const ROOT = new URL("../../", import.meta.url).pathname;

/** The source under this runtime. */
export function sourceProgram(): string[] {
  return [
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--no-check",
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-env",
    "--allow-sys",
    `${ROOT}main.ts`,
  ];
}

/** A running gateway. */
export class GatewayProcess implements AsyncDisposable {
  readonly folder: string;
  readonly lines: LogLine[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #keepsFolder: boolean;
  readonly #reading: Promise<void>;
  readonly #waiting: (() => void)[] = [];
  #ended = false;

  private constructor(
    folder: string,
    child: Deno.ChildProcess,
    keepsFolder: boolean,
  ) {
    this.folder = folder;
    this.#child = child;
    this.#keepsFolder = keepsFolder;
    this.#reading = this.#read();
  }

  /** Starts it and waits until it listens. */
  static async start(options: ProcessOptions): Promise<GatewayProcess> {
    const folder = options.folder ??
      await Deno.makeTempDir({ prefix: "signalbox-" });
    const { config } = options;
    if (config !== null) await writeConfig(folder, config);
    const serve = config === null
      ? ["serve", "--port", "0"]
      : ["serve", "--config", `${folder}/signalbox.jsonc`];
    const [command = "", ...args] = options.program ?? sourceProgram();
    const child = new Deno.Command(command, {
      args: [...args, ...serve],
      cwd: folder,
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: Deno.env.get("HOME") ?? "",
        ...(Deno.env.has("DENO_DIR")
          ? { DENO_DIR: Deno.env.get("DENO_DIR") ?? "" }
          : {}),
        ...options.environment,
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const kept = options.folder !== undefined;
    const process = new GatewayProcess(folder, child, kept);
    await process.line((line) => line["message"] === "listening");
    return process;
  }

  /** Base URL. */
  get url(): string {
    const line = this.lines.find((entry) => entry["message"] === "listening");
    return String(line?.["url"]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves with the first log line that passes; throws if the process ends before. */
  async line(test: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(test);
      if (found !== undefined) return found;
      if (this.#ended) {
        throw new Error(
          `Cannot find the line: the process has ended after ${
            JSON.stringify(this.lines)
          }`,
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async writeConfig(config: Record<string, unknown> | string): Promise<void> {
    await writeConfig(this.folder, config);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** The exit code, once it has ended. */
  async ended(): Promise<number> {
    const status = await this.#child.status;
    await this.#reading;
    return status.code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      try {
        this.#child.kill("SIGKILL");
      } catch {
        // It ended between the look and the kill.
      }
    }
    await this.ended();
    if (!this.#keepsFolder) await Deno.remove(this.folder, { recursive: true });
  }

  async #read(): Promise<void> {
    const lines = this.#child.stderr
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const line of lines) {
      this.lines.push(parseLine(line));
      for (const wake of this.#waiting.splice(0)) wake();
    }
    this.#ended = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line);
  } catch {
    return { text: line };
  }
}

async function writeConfig(
  folder: string,
  config: Record<string, unknown> | string,
): Promise<void> {
  const text = typeof config === "string" ? config : JSON.stringify({
    stateDir: `${folder}/state`,
    ...config,
    server: { port: 0, ...config["server"] as object | undefined },
  });
  await Deno.writeTextFile(`${folder}/signalbox.jsonc`, text);
}
