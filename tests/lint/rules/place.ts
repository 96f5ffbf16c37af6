/** Where a linted file stands in the repository. @module */

/** The repository's root as a path that ends in a slash. */
const ROOT = decodeURIComponent(new URL("../../../", import.meta.url).pathname);

/** The path below the repository's root, with forward slashes. */
export function repositoryPath(filename: string): string {
  const path = filename.replaceAll("\\", "/");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

/**
 * The folder that a source file belongs to: `http` for `src/http/a/b.ts`, `main`
 * for `main.ts`, "" for a file directly under `src/`, `null` for everything else.
 */
export function sourceFolder(filename: string): string | null {
  const path = repositoryPath(filename);
  if (path === "main.ts") return "main";
  if (!path.startsWith("src/") || path.endsWith(".d.ts")) return null;
  const parts = path.split("/");
  return parts.length > 2 ? parts[1] ?? "" : "";
}

/** The repository path that a relative specifier points at. */
export function resolveSpecifier(filename: string, specifier: string): string {
  const base = `file:///${repositoryPath(filename)}`;
  return decodeURIComponent(new URL(specifier, base).pathname.slice(1));
}
