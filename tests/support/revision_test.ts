import { assertEquals } from "@std/assert";
import { buildRevision } from "../../src/support/revision.ts";
import { needs } from "../skip.ts";
import { inFolder } from "../temp_folder.ts";

const ROOT = new URL("../../", import.meta.url);
const HASH = "0123456789abcdef0123456789abcdef01234567";

async function git(folder: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("git", {
    args: ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args],
    cwd: folder,
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

function inTree(
  body: (folder: string, root: URL) => Promise<void>,
): Promise<void> {
  return inFolder((folder) => body(folder, new URL(`file://${folder}/`)));
}

const hasGit = await new Deno.Command("git", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  ...needs(
    hasGit,
    "no git",
    "buildRevision() follows HEAD: branch, packed, detached, worktree",
  ),
  fn: () =>
    inTree(async (folder, root) => {
      const commit = async (words: string) => {
        await git(folder, "commit", "-q", "--allow-empty", "-m", words);
        return await git(folder, "rev-parse", "HEAD");
      };
      await git(folder, "init", "-q", "-b", "main");
      assertEquals(buildRevision(root, false), "unknown", "before any commit");
      const first = await commit("first");
      assertEquals(buildRevision(root, false), first);
      await git(folder, "pack-refs", "--all");
      assertEquals(buildRevision(root, false), first, "packed");
      const second = await commit("second");
      assertEquals(buildRevision(root, false), second, "loose over packed");
      await git(folder, "checkout", "-q", "--detach", first);
      assertEquals(buildRevision(root, false), first, "detached");
      await git(folder, "worktree", "add", "-q", "-b", "a/b", "tree", second);
      const tree = new URL("tree/", root);
      assertEquals(buildRevision(tree, false), second, "worktree");
    }),
});

Deno.test("buildRevision() is unknown in an archive without git, and never what a former build left", () =>
  inTree(async (folder, root) => {
    assertEquals(buildRevision(root, false), "unknown");
    await Deno.mkdir(`${folder}/dist`);
    await Deno.writeTextFile(`${folder}/dist/revision`, `${HASH}\n`);
    assertEquals(buildRevision(root, false), "unknown");
    assertEquals(buildRevision(root, true), HASH, "baked in");
    await Deno.writeTextFile(`${folder}/dist/revision`, "unknown\n");
    assertEquals(buildRevision(root, true), "unknown");
  }));

Deno.test("buildRevision() of this checkout is what git says", async () => {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["rev-parse", "--show-prefix", "HEAD"],
    cwd: ROOT,
  }).output().catch(() => ({ success: false, stdout: new Uint8Array() }));
  const [prefix, hash = ""] = new TextDecoder().decode(stdout).split("\n");
  // No git, or an archive that was unpacked inside somebody else's checkout.
  const isOurs = success && prefix === "";
  assertEquals(buildRevision(), isOurs ? hash : "unknown");
});
