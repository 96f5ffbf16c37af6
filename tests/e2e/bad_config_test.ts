// A sample of tests/config/bad through the real program: `check` says path,
// problem and fix and exits with 1, `serve` says the same and does not start.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sourceProgram } from "./process.ts";

const FOLDER = new URL("../config/bad/", import.meta.url).pathname;

async function run(
  folder: string,
  args: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  const [command = "", ...first] = sourceProgram();
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...first, ...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

for (
  const name of [
    "unknown_key",
    "target_provider_missing",
    "syntax_missing_comma",
    "open_without_keys",
    "reference_unset",
  ]
) {
  Deno.test(`check and serve refuse ${name}.jsonc with exit code 1`, async () => {
    const path = `${FOLDER}${name}.jsonc`;
    const [first = ""] = (await Deno.readTextFile(path)).split("\n");
    const expected = first.replace(/^\/\/ /, "");
    const folder = await Deno.makeTempDir({ prefix: "signalbox-" });
    try {
      const checked = await run(folder, ["check", path]);
      assertEquals(checked.code, 1, checked.err);
      assertStringIncludes(checked.err, expected);
      const served = await run(folder, ["serve", "--config", path]);
      assertEquals(served.code, 1, served.err);
      assertStringIncludes(served.err, expected);
      assert(!served.err.includes("listening"), served.err);
      const written = await Array.fromAsync(Deno.readDir(folder));
      assertEquals(written, [], "nothing was written");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
