/** Which commit the program was built from. @module */

const ROOT = new URL("../../", import.meta.url);
const COMMIT_REGEXP = /^(?:[0-9a-f]{64}|[0-9a-f]{40})$/;

/**
 * Gives the commit of this build: in the executable the one that the task
 * `compile` baked into it, else the one that is checked out.
 * @param root the folder of the source, with a slash at the end
 * @returns the full hash, `unknown` where there is no git
 */
export function buildRevision(
  root: URL = ROOT,
  baked: boolean = Deno.build.standalone,
): string {
  const text = baked
    ? readText(new URL("dist/revision", root))
    : checkedOut(root);
  const hash = text?.trim() ?? "";
  return COMMIT_REGEXP.test(hash) ? hash : "unknown";
}

/** Reads what HEAD points at. A worktree has a file `.git` that names the folder, which names the one it shares. */
function checkedOut(root: URL): string | null {
  const named = pathIn(readText(new URL(".git", root)), "gitdir: ");
  const folder = named === null
    ? new URL(".git/", root)
    : new URL(`${named}/`, root);
  const shared = readText(new URL("commondir", folder))?.trim();
  const head = readText(new URL("HEAD", folder));
  const ref = pathIn(head, "ref: ");
  if (ref === null) return head;
  const common = shared === undefined ? folder : new URL(`${shared}/`, folder);
  return readText(new URL(ref, common)) ?? packed(common, ref);
}

/** What follows `prefix`, `null` if the text does not begin with it. */
function pathIn(text: string | null, prefix: string): string | null {
  return text?.startsWith(prefix) ? text.slice(prefix.length).trim() : null;
}

/** Finds a reference that `git gc` has put into the one file. */
function packed(folder: URL, ref: string): string | null {
  const lines = readText(new URL("packed-refs", folder))?.split("\n") ?? [];
  const line = lines.find((one) => one.endsWith(` ${ref}`));
  return line === undefined ? null : line.slice(0, line.indexOf(" "));
}

/** A file that is not there, or cannot be read, says nothing. */
function readText(path: URL): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
