import { assert, assertEquals, assertMatch } from "@std/assert";
import { toText } from "@std/streams/to-text";

const CHILD = new URL("./log_child.ts", import.meta.url).pathname;

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--allow-sys", CHILD, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("openLog() neither blocks nor hangs the exit when nobody reads standard error", async () => {
  const child = start("", "200");
  const report = JSON.parse(await toText(child.stdout));
  assertEquals((await child.status).code, 0);
  await child.stderr.cancel();
  assertEquals(report.closed, false);
  assertEquals(report.counted, 20_000);
  assert(report.dropped > 5000, `${report.dropped} lines dropped`);
});

Deno.test("openLog() writes JSON to a pipe, with priorities under systemd, and whole lines only", async () => {
  const child = start("8:12345", "10000");
  const [report, log] = await Promise.all([
    toText(child.stdout).then(JSON.parse),
    toText(child.stderr),
  ]);
  assertEquals((await child.status).code, 0);
  assertEquals(report.closed, true);
  const lines = log.split("\n");
  assertEquals(lines.pop(), "");
  const fillers = lines.map((line) => {
    assertMatch(line, /^<[46]>\{/);
    return JSON.parse(line.slice(3));
  }).filter((line) => line.message === "filler");
  assertEquals(fillers.length, 20_000 - report.dropped);
});
