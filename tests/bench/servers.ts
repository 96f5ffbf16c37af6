/** What the gateway bench measures: upstreams and proxies, each a process on loopback. @module */

import { TextLineStream } from "@std/streams/text-line-stream";
import { sourceProgram } from "../e2e/process.ts";
import { ENGINE_FLAGS } from "./engine_flags.ts";
import type { Peer } from "./peers.ts";

/** A proxy, or the upstream itself. */
export interface Variant {
  /** How the table calls it. */
  readonly name: string;
  /** Where small requests and bodies go. */
  readonly url: string;
  /** Where streams go; `null` where it has none. */
  readonly streamUrl: string | null;
  /** The process whose CPU counts with small requests and bodies. */
  readonly pid: number;
  /** The process whose CPU and memory count with streams. */
  readonly streamPid: number;
  /** What is asked. @default {"/v1/chat/completions"} */
  readonly path?: string;
  /** Headers of every small request and body. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers of every stream. */
  readonly streamHeaders?: Readonly<Record<string, string>>;
}

const FOLDER = new URL("./", import.meta.url).pathname;
const ANSWER = JSON.stringify({
  id: "chatcmpl-bench",
  object: "chat.completion",
  created: 1790000000,
  model: "up-model",
  choices: [{
    index: 0,
    message: { role: "assistant", content: "The signal is green." },
    logprobs: null,
    finish_reason: "stop",
  }],
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
});

/** Whether a program can be started. */
export async function hasProgram(
  name: string,
  argument: string,
): Promise<boolean> {
  try {
    await new Deno.Command(name, {
      args: [argument],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return true;
  } catch {
    return false;
  }
}

/** Everything that runs, and how it is taken down. */
export class Servers implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #folder: string;
  /** Events that the paced upstream has sent. */
  pacedPort = 0;
  #upstreamPort = 0;
  #nginxPid = 0;
  #proxyPort = 0;
  #streamProxyPort = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
  }

  /** Starts the upstreams and nginx. */
  static async start(): Promise<Servers> {
    const servers = new Servers(
      await Deno.makeTempDir({ prefix: "signalbox-bench-" }),
    );
    const paced = await servers.#child("servers_paced.ts", []);
    servers.pacedPort = paced.port;
    await servers.#startNginx();
    return servers;
  }

  /** The upstream, without anything between. */
  direct(): Variant {
    return {
      name: "direct",
      url: `http://127.0.0.1:${this.#upstreamPort}`,
      streamUrl: `http://127.0.0.1:${this.pacedPort}`,
      pid: this.#nginxPid,
      streamPid: this.#nginxPid,
    };
  }

  /** nginx as a reverse proxy; the same worker is the upstream of small requests. */
  nginx(): Variant {
    return {
      name: "nginx",
      url: `http://127.0.0.1:${this.#proxyPort}`,
      streamUrl: `http://127.0.0.1:${this.#streamProxyPort}`,
      pid: this.#nginxPid,
      streamPid: this.#nginxPid,
    };
  }

  /** node:http and undici, nothing else. Two processes: one for each upstream. */
  async bare(): Promise<Variant> {
    const small = await this.#child("bare_proxy.ts", [
      String(this.#upstreamPort),
    ]);
    const paced = await this.#child("bare_proxy.ts", [String(this.pacedPort)]);
    return {
      name: "bare node:http + undici",
      url: `http://127.0.0.1:${small.port}`,
      streamUrl: `http://127.0.0.1:${paced.port}`,
      pid: small.pid,
      streamPid: paced.pid,
    };
  }

  /** Signalbox with everything on: logs, usage lines, metrics. */
  async signalbox(
    name: string,
    program: readonly string[] = flagged(sourceProgram()),
  ): Promise<Variant> {
    const start = (upstreamPort: number) =>
      this.#startSignalbox(program, upstreamPort);
    const small = await start(this.#upstreamPort);
    const paced = await start(this.pacedPort);
    return {
      name,
      url: small.url,
      streamUrl: paced.url,
      pid: small.pid,
      streamPid: paced.pid,
    };
  }

  /** Somebody else's gateway. Two processes, as above. */
  async peer(peer: Peer): Promise<Variant> {
    const small = await this.#startPeer(peer, this.#upstreamPort);
    const paced = await this.#startPeer(peer, this.pacedPort);
    return {
      name: peer.name,
      path: peer.path,
      url: small.url,
      streamUrl: paced.url,
      pid: small.pid,
      streamPid: paced.pid,
      headers: small.headers,
      streamHeaders: paced.headers,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #startPeer(peer: Peer, upstreamPort: number): Promise<
    { url: string; pid: number; headers: Readonly<Record<string, string>> }
  > {
    const port = freePort();
    const folder = this.#folder;
    const { args, env, headers } = await peer.prepare({
      folder,
      port,
      upstreamPort,
    });
    const pid = this.#silent([peer.program[0], ...args], env);
    const url = `http://127.0.0.1:${port}`;
    // Python takes its time.
    await answers(`${url}/`, 60_000);
    return { url, pid, headers };
  }

  async #startSignalbox(
    program: readonly string[],
    upstreamPort: number,
  ): Promise<{ url: string; pid: number }> {
    const port = freePort();
    const path = `${this.#folder}/signalbox-${port}.jsonc`;
    await Deno.writeTextFile(
      path,
      JSON.stringify({
        server: { port },
        stateDir: `${this.#folder}/state-${port}`,
        providers: {
          up: {
            protocols: { chat: `http://127.0.0.1:${upstreamPort}/v1` },
            keys: ["${env:UP_KEY}"],
            pool: { maxConnections: 512 },
          },
        },
        models: { fast: { targets: ["up/up-model"] } },
      }),
    );
    const pid = this.#silent([...program, "serve", "--config", path], {
      UP_KEY: "key-of-the-upstream",
    });
    const url = `http://127.0.0.1:${port}`;
    await answers(`${url}/health`);
    return { url, pid };
  }

  /** Starts a program whose log goes where nobody reads it: a reader would share the processors. */
  #silent(
    [command = "", ...args]: readonly string[],
    env: Readonly<Record<string, string>>,
  ): number {
    const child = new Deno.Command(command, {
      args,
      env: { ...env },
      cwd: this.#folder,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#stack.defer(async () => {
      child.kill("SIGKILL");
      await child.status;
    });
    return child.pid;
  }

  async #child(
    script: string,
    args: readonly string[],
  ): Promise<{ port: number; pid: number }> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", FOLDER + script, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
    this.#stack.defer(async () => {
      child.kill("SIGKILL");
      await child.status;
      await lines.cancel();
    });
    const { value } = await lines.read();
    return { port: Number(value), pid: child.pid };
  }

  async #startNginx(): Promise<void> {
    this.#upstreamPort = freePort();
    this.#proxyPort = freePort();
    this.#streamProxyPort = freePort();
    const path = `${this.#folder}/nginx.conf`;
    await Deno.writeTextFile(path, this.#nginxConfig());
    const child = new Deno.Command("nginx", {
      args: ["-c", path, "-p", this.#folder, "-e", `${this.#folder}/error.log`],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    this.#nginxPid = child.pid;
    this.#stack.defer(async () => {
      child.kill("SIGTERM");
      await child.status;
    });
    await answers(`http://127.0.0.1:${this.#upstreamPort}/`);
  }

  #nginxConfig(): string {
    const paced = `127.0.0.1:${this.pacedPort}`;
    const proxy = (upstream: string) =>
      `proxy_pass http://${upstream}; proxy_http_version 1.1; proxy_set_header Connection "";`;
    return `
daemon off; master_process off; worker_processes 1; pid ${this.#folder}/nginx.pid;
error_log ${this.#folder}/error.log crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; client_max_body_size 8m; client_body_buffer_size 2m;
  client_body_temp_path ${this.#folder}/body; proxy_temp_path ${this.#folder}/proxy;
  fastcgi_temp_path ${this.#folder}/f; uwsgi_temp_path ${this.#folder}/u; scgi_temp_path ${this.#folder}/s;
  default_type application/json;
  upstream small { server 127.0.0.1:${this.#upstreamPort}; keepalive 512; keepalive_requests 100000000; }
  upstream paced { server ${paced}; keepalive 512; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${this.#upstreamPort} backlog=1024; location / { return 200 '${ANSWER}'; } }
  server { listen 127.0.0.1:${this.#proxyPort} backlog=1024; location / { ${
      proxy("small")
    } } }
  server { listen 127.0.0.1:${this.#streamProxyPort} backlog=1024; location / { ${
      proxy("paced")
    } proxy_buffering off; } }
}
`;
  }
}

/** The program with the engine's flags of `deno task start`. */
function flagged(program: readonly string[]): string[] {
  const [deno = "", run = "", ...rest] = program;
  return [deno, run, ENGINE_FLAGS, ...rest];
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

async function answers(url: string, withinMs = 5_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (performance.now() < until) {
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`Cannot reach ${url}: it did not start`);
}
