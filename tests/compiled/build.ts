/** Builds the executable as `deno task compile` does, into a folder of its own. @module */

import manifest from "../../deno.json" with { type: "json" };

/** A built executable, or why there is none. */
export type Build =
  | { readonly path: string; readonly folder: string; readonly why: null }
  | { readonly path: null; readonly folder: string; readonly why: string };

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
/** The base may have to be downloaded. */
const BUILD_MS = 120_000;

/** The arguments of the task `compile`, with another output. */
export function compileArguments(output: string): string[] {
  const [, ...args] = manifest.tasks.compile.command.split(" ");
  const at = args.indexOf("--output");
  return [...args.slice(0, at + 1), output, ...args.slice(at + 2)];
}

/** Builds. The caller removes the folder. */
export async function buildExecutable(): Promise<Build> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-compiled-" });
  const path = `${folder}/signalbox`;
  await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "revision"],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const [subcommand = "", ...args] = compileArguments(path);
  const child = new Deno.Command(Deno.execPath(), {
    // Types are another gate's work.
    args: [subcommand, "--no-check", "--quiet", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), BUILD_MS);
  const { success, stderr } = await child.output();
  clearTimeout(timer);
  if (success) return { path, folder, why: null };
  const text = new TextDecoder().decode(stderr).trim();
  return { path: null, folder, why: text === "" ? "it took too long" : text };
}
