/** Reads which file of the repository imports which, types included. @module */

/** The repository's root, ending in a slash. */
export const ROOT: string = decodeURIComponent(
  new URL("../../", import.meta.url).pathname,
);

/** What each file imports, by path from the root. */
export type ModuleGraph = ReadonlyMap<string, readonly string[]>;

const STATIC_REGEXP =
  /^(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*"(\.[^"]+)"/gm;
const DYNAMIC_REGEXP = /\bimport\(\s*"(\.[^"]+)"/g;

/** Lists the files under a folder that end in `suffix`, sorted. */
export async function listFiles(
  folder: string,
  suffix: string,
): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(`${ROOT}${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...await listFiles(path, suffix));
    else if (path.endsWith(suffix)) found.push(path);
  }
  return found.sort();
}

/** The relative imports of a source text, as paths from the root. */
export function importsOf(path: string, source: string): string[] {
  const specifiers = [
    ...source.matchAll(STATIC_REGEXP),
    ...source.matchAll(DYNAMIC_REGEXP),
  ].map((match) => match[1] ?? "");
  return [...new Set(specifiers)].map((specifier) =>
    decodeURIComponent(
      new URL(specifier, `file:///${path}`).pathname.slice(1),
    )
  );
}

/** Reads the imports of every file given. */
export async function readGraph(
  paths: readonly string[],
): Promise<ModuleGraph> {
  const graph = new Map<string, readonly string[]>();
  for (const path of paths) {
    graph.set(path, importsOf(path, await Deno.readTextFile(ROOT + path)));
  }
  return graph;
}

/** Everything that can be reached from `starts`, these included. */
export function reachedFrom(
  graph: ModuleGraph,
  starts: readonly string[],
): Set<string> {
  const reached = new Set<string>();
  const open = [...starts];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    open.push(...graph.get(path) ?? []);
  }
  return reached;
}

/** One way round through files that import each other, `null` if there is none. */
export function findCycle(graph: ModuleGraph): string[] | null {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const trail: { path: string; next: number }[] = [{ path: start, next: 0 }];
    while (trail.length > 0) {
      const top = trail[trail.length - 1];
      if (top === undefined) break;
      const target = graph.get(top.path)?.[top.next++];
      if (target === undefined) {
        done.add(top.path);
        trail.pop();
        continue;
      }
      const from = trail.findIndex(({ path }) => path === target);
      if (from >= 0) {
        return [...trail.slice(from).map(({ path }) => path), target];
      }
      if (!done.has(target)) trail.push({ path: target, next: 0 });
    }
  }
  return null;
}
