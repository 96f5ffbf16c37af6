// What needs a process of its own: no more file descriptors, and an inherited socket.

import { assert, assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { ask, connect, get, type RawClient, within } from "./raw_client.ts";
import { needs } from "../../skip.ts";

const SERVER = new URL("./limited_server.ts", import.meta.url).pathname;
const ROOT = new URL("../../../", import.meta.url).pathname;

/** Lines of a child, one at a time. */
class Child implements AsyncDisposable {
  readonly process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(command: string, args: readonly string[]) {
    this.process = new Deno.Command(command, {
      args: [...args],
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#lines = this.process.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
  }

  /** The next line. */
  async line(): Promise<string> {
    const { value } = await within(this.#lines.read(), 20_000);
    if (value === undefined) throw new Error("Cannot read: the child ended");
    return value;
  }

  /** Reads until a line matches. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = await this.line();
      if (pattern.test(line)) return line;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.process.status;
    await this.#lines.cancel();
  }
}

const RUN = `exec '${Deno.execPath()}' run --no-check --allow-all '${SERVER}'`;

Deno.test("relisten() brings a server back that ran out of file descriptors", async () => {
  await using child = new Child("sh", ["-c", `ulimit -n 64 && ${RUN}`]);
  const port = Number(await child.line());
  assertEquals((await ask(port, get("/health"))).status, 200);
  const clients: RawClient[] = [];
  for (let index = 0; index < 100; index++) clients.push(await connect(port));
  // At least so many are taken in before descriptors run out.
  await child.until(/connections [3-6]\d/);
  for (const client of clients) client[Symbol.dispose]();
  await child.until(/connections 0/);
  child.process.kill("SIGHUP");
  await child.until(/relistened/);
  assertEquals((await ask(port, get("/health"))).status, 200);
});

const INHERIT = `use Socket; use POSIX; $^F = 255;
socket(S, PF_INET, SOCK_STREAM, 0) or die; bind(S, sockaddr_in(0, inet_aton("127.0.0.1"))) or die;
listen(S, 128) or die; POSIX::dup2(fileno(S), 3); $ENV{LISTEN_FD} = 3; exec("sh", "-c", $ARGV[0]);`;

async function hasPerl(): Promise<boolean> {
  try {
    return (await new Deno.Command("perl", { args: ["-v"], stdout: "null" })
      .output()).success;
  } catch {
    return false;
  }
}

Deno.test({
  ...needs(
    await hasPerl(),
    "perl, which makes the socket, is not installed",
    "listen() serves on an inherited socket",
  ),
  fn: async () => {
    await using child = new Child("perl", ["-e", INHERIT, RUN]);
    const port = Number(await child.line());
    assert(port > 0);
    assertEquals((await ask(port, get("/health"))).status, 200);
    child.process.kill("SIGTERM");
    assertEquals((await child.process.status).code, 0);
  },
});
