// F18 and F19: a disk that turns read-only, a folder that may not be written
// any more, a disk that hangs. Requests flow, and the log heals by itself.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { canLoop, Ext4Disk, runProgram } from "../disks.ts";
import { needs } from "../skip.ts";
import { FAST_SIMULATOR } from "./gateway.ts";
import { linesIn } from "./log_lines.ts";
import { GatewayProcess, sourceProgram } from "./process.ts";

function configOf(storagePath: string, fsyncMs = 20): Record<string, unknown> {
  return {
    providers: { sim: FAST_SIMULATOR },
    logging: {
      usage: { storagePath, flushMs: 1, fsyncMs, minFreeBytes: 0 },
    },
  };
}

/** Asks once; the answer must be there. Gives the id of the request. */
async function ask({ url }: GatewayProcess): Promise<string> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "sim/echo",
      messages: [{ role: "user", content: "hello" }],
    }),
    signal: AbortSignal.timeout(5000),
  });
  await answer.text();
  assertEquals(answer.status, 200);
  return answer.headers.get("x-request-id") ?? "";
}

/** Asks until /health says so; gives the ids of the requests. */
async function untilUsage(
  gateway: GatewayProcess,
  word: string,
): Promise<string[]> {
  const deadline = Date.now() + 20_000;
  const ids: string[] = [];
  for (;;) {
    ids.push(await ask(gateway));
    const health = await (await fetch(`${gateway.url}/health`)).json();
    if (health.usage === word) return ids;
    assert(Date.now() < deadline, `usage is ${health.usage}, not ${word}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ends it and looks whether every request has its line, once. */
async function assertNothingLost(
  gateway: GatewayProcess,
  folder: string,
  asked: readonly string[],
): Promise<void> {
  gateway.kill("SIGTERM");
  assertEquals(await gateway.ended(), 0);
  const ids = linesIn(folder).map(({ id }) => id).sort();
  assertEquals(ids, asked.toSorted());
}

/** How often the log said something, and with which code. */
function codesOf(gateway: GatewayProcess): unknown[] {
  return gateway.lines
    .filter(({ message }) => String(message).startsWith("file not written"))
    .map(({ code }) => code);
}

Deno.test({
  ...needs(
    canLoop(),
    "mounting a loop device is not permitted",
    "Requests flow on a read-only disk, at start and when it turns so, and no line is lost",
  ),
  fn: async () => {
    using disk = new Ext4Disk(await Deno.makeTempDir());
    const folder = `${disk.path}/usage`;
    disk.unmount();
    await using gateway = await GatewayProcess.start({
      config: configOf(folder),
    });
    const asked = await untilUsage(gateway, "failing");
    disk.mount();
    asked.push(...await untilUsage(gateway, "ok"));
    // What was not synced yet is lost with the disk.
    await new Promise((resolve) => setTimeout(resolve, 500));
    disk.fail();
    asked.push(...await untilUsage(gateway, "failing"));
    disk.unmount();
    disk.mount();
    asked.push(...await untilUsage(gateway, "ok"));
    await assertNothingLost(gateway, folder, asked);
    assertEquals(codesOf(gateway), ["EROFS", "EROFS"]);
  },
});

/** The program as somebody whom permissions bind: they do not bind root. */
function boundProgram(): string[] | null {
  if (Deno.uid() !== 0) return sourceProgram();
  const drop = ["--bounding-set=-dac_override,-dac_read_search"];
  return runProgram("setpriv", ...drop, "true")
    ? ["setpriv", ...drop, ...sourceProgram()]
    : null;
}

const bound = boundProgram();

Deno.test({
  ...needs(
    bound !== null,
    "no setpriv to give up root's rights with",
    "Requests flow while the folder of the usage log may not be written, and no line is lost",
  ),
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/usage`;
    try {
      await using gateway = await GatewayProcess.start({
        config: configOf(path),
        program: bound ?? [],
      });
      const asked = await untilUsage(gateway, "ok");
      await new Promise((resolve) => setTimeout(resolve, 1100));
      await Deno.chmod(path, 0);
      asked.push(...await untilUsage(gateway, "failing"));
      await Deno.chmod(path, 0o700);
      asked.push(...await untilUsage(gateway, "ok"));
      await assertNothingLost(gateway, path, asked);
      assertEquals(codesOf(gateway), ["EACCES"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("A disk that hangs stops no request; SIGTERM waits for it a while, says what is lost and ends", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // A pipe that nobody reads takes 64 KiB, then every write waits.
    assert(runProgram("mkfifo", `${folder}/pipe`));
    for (const dayMs of [0, 86_400_000]) {
      const day = new Date(Date.now() + dayMs).toISOString().slice(0, 10);
      await Deno.symlink(`${folder}/pipe`, `${folder}/${day}.jsonl`);
    }
    await using gateway = await GatewayProcess.start({
      config: configOf(folder, 0),
    });
    for (let count = 0; count < 150; count++) await ask(gateway);
    gateway.kill("SIGTERM");
    assertEquals(await gateway.ended(), 0);
    const said = gateway.lines.find(({ message }) =>
      message === "lines lost at shutdown"
    );
    assertStringIncludes(String(said?.["streams"]), "usage(");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
